//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// A real worker that reaches its server only through a network that delays, cuts, stalls, and goes dead in one direction or
/// both, while a client that reaches the server directly keeps sending.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(20)))
struct BrokenNetworkTests {
    private static let pools = FaultReport.isLong ? ["async", "prefork"] : ["prefork"]
    /// The product's own, so that a worker notices silence when it does in use: after a third of it.
    private static let lease = 10.0

    @Test(
        "Whatever the network does to a worker, it goes on within 10 s, loses nothing, repeats nothing and does not grow",
        arguments: pools
    )
    func eachFault(pool: String) async throws {
        let rounds = FaultReport.isLong ? 4 : 1
        try await RedisServer.with { server in
            let network = try FaultyNetwork(to: server)
            defer { network.end() }
            try await FaultSite.with(try FaultSite(broker: server.url(), lease: Self.lease)) { site in
                let url = server.url(port: network.port)
                let way = ["FAULTS_BROKER": url, "FAULTS_BACKEND": url]
                let worker = try site.worker(pool, concurrency: 4, environment: way)
                let client = try site.client(rate: 30, longest: 40, prompt: true)
                _ = try await waited(for: "tasks that ended\n\(worker.logText)", within: .seconds(60)) {
                    site.ends > 60 ? true : nil
                }
                let children = ProcessGroup.children(of: worker.pid)
                var readings = [Reading(of: worker, at: server)]
                var slowest: [NetworkFault: Double] = [:]
                for _ in 0..<rounds {
                    for fault in NetworkFault.allCases {
                        let seconds = try await strike(fault, network, site)
                        slowest[fault] = max(slowest[fault] ?? 0, seconds)
                    }
                    readings.append(try await reading(of: worker, at: server, like: readings[0]))
                }
                await client.end()
                let tally = try await site.settled(within: .seconds(60))
                report(pool, rounds, slowest, tally, readings)

                #expect(tally.breaches.isEmpty)
                // The lease held all the time: nobody else could have been given anything, and nothing was begun again.
                #expect(tally.lost == 0 && tally.runTwice == 0)
                #expect(slowest.count == NetworkFault.allCases.count)
                #expect(slowest.values.allSatisfy { $0 <= 10 }, "\(slowest)")
                #expect(worker.isRunning && site.starts(under: [worker.pid]) == site.starts, "it was one worker")
                #expect(ProcessGroup.children(of: worker.pid) == children, "with the same children")
                #expect(!worker.logText.contains("was taken for dead"))
                // After the first round of several everything has been used once.
                let reference = readings[readings.count > 2 ? 1 : 0]
                #expect(readings.last?.hasGrown(since: reference) == false, "\(readings)")
            }
        }
    }

    /// Lets the network do that for a while.
    ///
    /// - Returns: Seconds from the end of the fault until a task began that was sent since the fault did; of a delay, under
    ///   which work goes on, from its beginning.
    private func strike(_ fault: NetworkFault, _ network: FaultyNetwork, _ site: FaultSite) async throws -> Double {
        _ = try await waited(for: "what waited since the fault before", within: .seconds(60)) {
            site.sent - site.starts < 10 ? true : nil
        }
        let begin = Timestamp.now
        network.begin(fault)
        // sleeps: so long is the fault.
        try await Task.sleep(for: Self.duration(of: fault))
        let end = Timestamp.now
        try network.heal()
        let since = fault == .delayed ? begin : end
        // One that its client noted a moment later may still have come before the fault.
        let sent = begin.advanced(bySeconds: 0.1)
        let first = try await waited(for: "a task that begins again: \(fault.rawValue)", within: .seconds(60)) {
            site.firstStart(from: since, sentSince: sent)
        }
        return first.seconds(since: since)
    }

    /// Those that have to be noticed last longer than it takes to notice them.
    private static func duration(of fault: NetworkFault) -> Duration {
        switch fault {
        case .cut: .zero
        case .delayed, .refused: .seconds(2)
        case .stalled, .silent, .deaf: .seconds(lease / 2)
        }
    }

    /// What it takes when the connections that were given up are closed.
    private func reading(
        of worker: GuardedProcess,
        at server: RedisServer,
        like first: Reading
    ) async throws -> Reading {
        var now = Reading(of: worker, at: server)
        _ = try await eventually(within: .seconds(20)) {
            now = Reading(of: worker, at: server)
            return now.descriptors <= first.descriptors && now.clients <= first.clients
        }
        return now
    }

    private func report(
        _ pool: String,
        _ rounds: Int,
        _ slowest: [NetworkFault: Double],
        _ tally: Tally,
        _ readings: [Reading]
    ) {
        FaultReport.add(
            "A worker behind a broken network, \(pool), lease \(Int(Self.lease)) s",
            "what the network does | for so long, s | times | a task begins again after, at most, s",
            NetworkFault.allCases.map { fault in
                let seconds = slowest[fault]?.tenths ?? "–"
                return "\(fault.rawValue) | \(Self.duration(of: fault).seconds.tenths) | \(rounds) | \(seconds)"
            }
        )
        let last = readings[readings.count - 1]
        let columns = "RSS of the worker, MB | its file descriptors | the server's connections"
        let memory = "\(readings[0].megabytes.tenths) → \(last.megabytes.tenths)"
        let counts = "\(readings[0].descriptors) → \(last.descriptors) | \(readings[0].clients) → \(last.clients)"
        FaultReport.add(
            "The same, all \(rounds * NetworkFault.allCases.count) faults together: one worker, never started again",
            "\(Tally.columns) | \(columns)",
            ["\(tally.cells) | \(memory) | \(counts)"]
        )
    }
}

/// What a worker, with its children, and its server take.
private struct Reading {
    var megabytes: Double
    var descriptors: Int
    /// All connections of the server.
    var clients: Int

    init(of worker: GuardedProcess, at server: RedisServer) {
        let processes = [worker.pid] + ProcessGroup.children(of: worker.pid)
        megabytes = MemoryReading.of(processes).rss
        descriptors = DescriptorReading.of(processes)
        let text = (try? server.command("INFO", "clients").text) ?? ""
        let mark = "connected_clients:"
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(mark) }
        clients = line.flatMap { Int($0.dropFirst(mark.count)) } ?? 0
    }

    /// By more than what comes and goes, and an allocator's own pace.
    func hasGrown(since other: Reading) -> Bool {
        descriptors > other.descriptors + 4 || clients > other.clients + 4
            || megabytes > other.megabytes * 1.2 + 16
    }
}
