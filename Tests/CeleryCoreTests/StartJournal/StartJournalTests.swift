//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Foundation
import Testing

/// The journal as its owner, a pool's child and a sweeper use it. The gate maps the file anew, as another process does.
@Suite("A start journal", .timeLimit(.minutes(1)))
struct StartJournalTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("starts-\(UUID().uuidString)").path

    private func withJournal(_ body: (StartJournal) async throws -> Void) async throws {
        let journal = try StartJournal(creatingAt: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(journal)
    }

    private func tag(_ number: Int) -> DeliveryTag { DeliveryTag(1 << 40 | UInt64(number)) }

    @Test("A seal tells what was begun and not settled, each with its mode")
    func sealTells() async throws {
        try await withJournal { journal in
            try journal.begin([BeginMark(tag(1), .early), BeginMark(tag(2), .late), BeginMark(tag(3), .late)])
            try journal.begin([BeginMark(tag(3), .early)])
            journal.settled([tag(2)])
            #expect(try StartJournal.seal(at: path) == [tag(1): .early, tag(3): .early])
            #expect(
                try StartJournal.seal(at: path) == [tag(1): .early, tag(3): .early],
                "a seal may be looked at again"
            )
        }
    }

    @Test("An offer counts as started only once it is taken, and is taken once")
    func offers() async throws {
        try await withJournal { journal in
            let gate = try StartGate(path: path)
            let tickets = try (1...3).map { try journal.offer(BeginMark(tag($0), .late), run: UInt64($0)) }
            #expect(gate.pass(tickets[0]))
            #expect(!gate.pass(tickets[0]))
            #expect(journal.hasStarted(tickets[0]) && !journal.hasStarted(tickets[1]))
            #expect(journal.withdraw(tickets[1]))
            #expect(!gate.pass(tickets[1]), "what was withdrawn cannot start")
            #expect(!journal.withdraw(tickets[0]), "what has started cannot be withdrawn")
            #expect(try StartJournal.seal(at: path) == [tag(1): .late])
            #expect(!gate.pass(tickets[2]), "nothing starts behind a seal")
            #expect(journal.withdraw(tickets[2]), "and what cannot start is as good as withdrawn")
        }
    }

    @Test("Behind a seal beginning and offering throw epochLost, and mark nothing")
    func sealed() async throws {
        try await withJournal { journal in
            try journal.begin([BeginMark(tag(1), .early)])
            journal.settled([tag(1)])
            _ = journal.seal()
            for number in 1...2 {
                let error = #expect(throws: TransportError.self) {
                    try journal.begin([BeginMark(tag(number), .early)])
                }
                #expect(error?.code == .epochLost)
            }
            #expect(throws: TransportError.self) { try journal.offer(BeginMark(tag(3), .early), run: 3) }
            #expect(try StartJournal.seal(at: path).isEmpty)
        }
    }

    @Test("A ticket of a place that was used again does not open it")
    func staleTicket() async throws {
        try await withJournal { journal in
            let gate = try StartGate(path: path)
            let old = try journal.offer(BeginMark(tag(1), .early), run: 1)
            #expect(journal.withdraw(old))
            let new = try journal.offer(BeginMark(tag(1), .early), run: 2)
            #expect(new.place == old.place)
            #expect(!gate.pass(old))
            #expect(gate.pass(new))
        }
    }

    @Test("Ten thousand run at a time, more than the file holds at first")
    func grows() async throws {
        try await withJournal { journal in
            let marks = (0..<10_000).map { BeginMark(tag($0), .late) }
            try journal.begin(marks)
            journal.settled(marks[..<5000].map(\.tag))
            try journal.begin((10_000..<12_000).map { BeginMark(tag($0), .early) })
            let found = try StartJournal.seal(at: path)
            #expect(found.count == 7000)
            #expect(found[tag(5000)] == .late && found[tag(11_999)] == .early && found[tag(4999)] == nil)
        }
    }

    @Test("A missing file is told from a damaged one, and from one that cannot be opened now; no gate opens on any")
    func damaged() async throws {
        #expect(throws: TransportError.self) { try StartJournal.seal(at: path) }
        #expect(code { try StartJournal.seal(at: path) } == .notFound)
        for content in [Data(), Data(repeating: 7, count: 200), Data(repeating: 7, count: 70_000)] {
            try content.write(to: URL(fileURLWithPath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(code { try StartJournal.seal(at: path) } == .misconfigured)
            let error = #expect(throws: TransportError.self) { try StartGate(path: path) }
            #expect(error?.message.contains(path) == true)
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(code { try StartJournal.seal(at: path) } == .unavailable)
    }

    private func code(_ body: () throws -> Any) -> TransportError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? TransportError)?.code
        }
    }

    @Test("An extent that lies is read no further than the file goes")
    func lyingExtent() async throws {
        try await withJournal { journal in
            try journal.begin([BeginMark(tag(1), .early)])
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: 8)
            try file.write(contentsOf: Data([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]))
            try file.close()
            #expect(try StartJournal.seal(at: path)[tag(1)] == .early)
        }
    }

    @Test("Of taking, withdrawing and sealing at once exactly one decides each offer")
    func race() async throws {
        for round in 0..<50 {
            try await withJournal { journal in
                let gate = try StartGate(path: path)
                let tickets = try (0..<200)
                    .map { try journal.offer(BeginMark(tag($0), .late), run: UInt64(round * 1000 + $0)) }
                async let passed = tickets.filter { gate.pass($0) }
                async let withdrawn = tickets.reversed().filter { journal.withdraw($0) }
                async let sealed = round % 2 == 0 ? (try? StartJournal.seal(at: journal.path))?.count : nil
                let (taken, back, _) = await (Set(passed.map(\.tag)), Set(withdrawn.map(\.tag)), sealed)
                #expect(taken.isDisjoint(with: back))
                #expect(taken.count + back.count == 200)
                #expect(try Set(StartJournal.seal(at: path).keys) == taken)
            }
        }
    }
}
