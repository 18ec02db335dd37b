//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// What the server is told about an epoch, so that others can end it: an entry of the hash of epochs.
struct EpochRecord: Sendable, Equatable {
    /// Name of the worker.
    var name: String
    var queues: [String]
    /// Every list that it has ever taken from; a list is named by its place here.
    var lists: [String]
    /// The oldest connection whose taken messages may not all be filed, and the newest.
    var firstConnection: Int
    var connection: Int
    /// Milliseconds.
    var lease: Int

    func encoded() -> [UInt8] {
        let object: CeleryObject = [
            "name": .string(name),
            "queues": .array(queues.map { .string($0) }),
            "lists": .array(lists.map { .string($0) }),
            "connections": [.int(firstConnection), .int(connection)],
            "lease": .int(lease),
        ]
        return (try? JSONSerializer().encode(.object(object))) ?? []
    }

    /// Nil for what is no such record.
    init?(_ bytes: [UInt8]) {
        guard case .object(let object)? = try? JSONSerializer().decodeValue(bytes, limits: .standard),
            case .string(let name)? = object["name"],
            let queues = Self.strings(object["queues"]),
            let lists = Self.strings(object["lists"]),
            case .array(let connections)? = object["connections"], connections.count == 2,
            case .int(let first) = connections[0], case .int(let last) = connections[1], first <= last,
            last - first < 10000,
            case .int(let lease)? = object["lease"]
        else { return nil }
        self.init(
            name: name,
            queues: queues,
            lists: lists,
            firstConnection: first,
            connection: last,
            lease: lease
        )
    }

    init(name: String, queues: [String], lists: [String], firstConnection: Int, connection: Int, lease: Int) {
        self.name = name
        self.queues = queues
        self.lists = lists
        self.firstConnection = firstConnection
        self.connection = connection
        self.lease = lease
    }

    /// Keys in which taken messages may lie, with the list that each was taken from; the newest connection first.
    func takenKeys(_ keys: EpochKeys) -> [(key: String, list: String)] {
        (firstConnection...connection).reversed()
            .flatMap { connection in
                lists.indices.map { (keys.taken(connection: connection, list: $0), lists[$0]) }
            }
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

/// How a held message was begun: one letter, before the message or in the hash of marks.
enum HeldMark {
    static let held = UInt8(ascii: "h")

    static func letter(_ mode: AcknowledgementMode?) -> UInt8 {
        switch mode {
        case nil: held
        case .early: UInt8(ascii: "e")
        case .late: UInt8(ascii: "l")
        }
    }

    static func mode(_ letter: UInt8?) -> AcknowledgementMode? {
        switch letter {
        case UInt8(ascii: "e"): .early
        case UInt8(ascii: "l"): .late
        default: nil
        }
    }
}
#endif
