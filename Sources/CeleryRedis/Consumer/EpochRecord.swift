//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// What the server is told about an epoch, so that others can end it: an entry of the hash of epochs.
struct EpochRecord: Sendable {
    /// Name of the worker.
    var name: String
    var queues: [String]
    /// Every list that it has ever taken from; a list is named by its place here.
    var lists: [String]
    /// Milliseconds.
    var lease: Int
    /// Where what was permitted to start has its journal: a machine, and a path on it.
    var journal: (machine: String, path: String)?

    init(name: String, queues: [String], lists: [String], lease: Int) {
        self.name = name
        self.queues = queues
        self.lists = lists
        self.lease = lease
    }

    /// Nil for what is no such record.
    init?(_ bytes: [UInt8]) {
        guard case .object(let object)? = try? JSONSerializer().decodeValue(bytes, limits: .standard),
            case .string(let name)? = object["name"],
            let queues = Self.strings(object["queues"]),
            let lists = Self.strings(object["lists"]),
            case .int(let lease)? = object["lease"]
        else { return nil }
        self.init(name: name, queues: queues, lists: lists, lease: lease)
        if let place = Self.strings(object["journal"]), place.count == 2 { journal = (place[0], place[1]) }
    }

    /// The places of fetches that wait, one for each connection: their lists have a place of their own before.
    var waitingPlaces: Set<Int> {
        var known: Set<String> = []
        return Set(lists.indices.filter { !known.insert(lists[$0]).inserted })
    }

    func encoded() -> [UInt8] {
        let object: CeleryObject = [
            "name": .string(name),
            "queues": .array(queues.map { .string($0) }),
            "lists": .array(lists.map { .string($0) }),
            "lease": .int(lease),
            "journal": journal.map { [.string($0.machine), .string($0.path)] } ?? .null,
        ]
        return (try? JSONSerializer().encode(.object(object))) ?? []
    }

    private static func strings(_ value: CeleryValue?) -> [String]? {
        guard case .array(let elements)? = value else { return nil }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}

/// Names a held message in an epoch's hashes: its tag and the place of its list in ``EpochRecord/lists``.
struct HeldField: Sendable, Hashable {
    var tag: UInt64
    var list: Int

    var text: String { "\(tag).\(list)" }

    init(tag: UInt64, list: Int) {
        self.tag = tag
        self.list = list
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let tag = UInt64(parts[0]), let list = Int(parts[1]), list >= 0 else { return nil }
        self.init(tag: tag, list: list)
    }
}

extension HeldField: RESPArgument {
    /// ``text``, without the string.
    func write(into buffer: inout ByteBuffer) {
        let place = UInt64(list)
        let count = RESPText.digits(tag) + 1 + RESPText.digits(place)
        RESPText.header(count, into: &buffer)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            let dot = RESPText.digits(tag, into: bytes)
            bytes[dot] = UInt8(ascii: ".")
            _ = RESPText.digits(place, into: UnsafeMutableRawBufferPointer(rebasing: bytes[(dot + 1)...]))
            return count
        }
        RESPText.end(&buffer)
    }
}

/// How a held message was begun: one letter, before the message or in the hash of marks.
enum HeldMark: UInt8, Sendable {
    case held = 0x68  // h
    case early = 0x65  // e
    case late = 0x6c  // l
    /// Whether it has started is written in the epoch's journal.
    case earlyPermitted = 0x45  // E
    case latePermitted = 0x4c  // L

    init(_ mode: AcknowledgementMode, isPermitted: Bool) {
        switch mode {
        case .early: self = isPermitted ? .earlyPermitted : .early
        case .late: self = isPermitted ? .latePermitted : .late
        }
    }

    /// How it was begun, for whoever knows what has started of what was permitted; nil when it was merely held.
    func mode(_ hasStarted: @autoclosure () -> Bool) -> AcknowledgementMode? {
        switch self {
        case .held: nil
        case .early: .early
        case .late: .late
        case .earlyPermitted: hasStarted() ? .early : nil
        case .latePermitted: hasStarted() ? .late : nil
        }
    }
}
#endif
