//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// An envelope with what we note in it beside kombu's own fields.
///
/// Python carries the note along unread; it is taken out before a task sees its message.
enum StoredMessage {
    /// What the note says.
    struct Note: Equatable {
        /// How often it was handed over before, as far as that counts.
        var attempts = 0
        /// How many workers died running it.
        var deaths = 0
        /// Not to be handed over before, in microseconds since 1970.
        var notBefore: Int64?
    }

    /// The property that holds the note: an array of its numbers.
    private static let property = "x-celery-swift"
    private static let copied = "x-celery-swift-copied"

    /// Bytes of a message that is about to be published, with the delivery tag that kombu requires.
    ///
    /// - Parameter queues: For a channel, those that have got their own copy: see ``isCopied(_:to:limits:)``.
    static func encode(_ message: Message, notBefore: Int64? = nil, copiedTo queues: [String]? = nil) -> [UInt8] {
        var message = message
        if let queues { message.properties.custom[copied] = .array(queues.map { .string($0) }) }
        // With the time in it, which kombu's messages have nowhere.
        if message.properties.deliveryTag == nil { message.properties.deliveryTag = TaskID.timed(.now) }
        if let notBefore { write(Note(notBefore: notBefore), into: &message) }
        return Envelope.encode(message)
    }

    /// Whether a sender of ours has put what came over a channel on that queue as well: one that was bound just before may not
    /// have been known to it.
    static func isCopied(_ bytes: [UInt8], to queue: String, limits: WireLimits) -> Bool {
        guard let message = try? Envelope.decode(bytes, limits: limits) else { return false }
        switch message.properties.custom[copied] {
        case nil: return false
        case .array(let queues)?: return queues.contains(.string(queue))
        // As it was written once, when all were meant.
        case _?: return true
        }
    }

    /// The message without its note, and the note.
    static func decode(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> (Message, Note) {
        var message = try Envelope.decode(bytes, limits: limits)
        let note = read(from: message)
        if !message.properties.custom.isEmpty {
            message.properties.custom[property] = nil
            message.properties.custom[copied] = nil
        }
        return (message, note)
    }

    /// The same message, given back: marked as redelivered as kombu does, its note changed. What is no message stays as it is.
    ///
    /// - Parameters:
    ///   - isRedelivery: False of what was only put aside until its time: that is to come for the first time.
    ///   - isSentAnew: Whether it counts as sent now.
    static func returned(
        _ bytes: [UInt8],
        limits: WireLimits,
        isRedelivery: Bool = true,
        isSentAnew: Bool = false,
        _ change: (inout Note) -> Void
    ) -> [UInt8] {
        guard var message = try? Envelope.decode(bytes, limits: limits) else { return bytes }
        var note = read(from: message)
        change(&note)
        write(note, into: &message)
        if isRedelivery { message.properties.redelivered = true }
        if isSentAnew { message.properties.deliveryTag = TaskID.timed(.now) }
        if message.properties.deliveryTag == nil { message.properties.deliveryTag = TaskID.random() }
        return Envelope.encode(message)
    }

    private static func read(from message: Message) -> Note {
        guard case .array(let numbers)? = message.properties.custom[property] else { return Note() }
        var note = Note()
        func number(_ index: Int) -> Int? {
            guard index < numbers.count, case .int(let value) = numbers[index], value >= 0 else { return nil }
            // So that there is room to count on from there.
            return Swift.min(value, 1 << 53)
        }
        note.attempts = number(0) ?? 0
        note.deaths = number(1) ?? 0
        note.notBefore = number(2).map(Int64.init)
        return note
    }

    private static func write(_ note: Note, into message: inout Message) {
        guard note != Note() else {
            message.properties.custom[property] = nil
            return
        }
        var numbers: [CeleryValue] = [.int(note.attempts), .int(note.deaths)]
        if let notBefore = note.notBefore { numbers.append(.int(Int(notBefore))) }
        message.properties.custom[property] = .array(numbers)
    }
}

/// A message together with the list that it belongs to, where it lies elsewhere: list's name, 0, bytes.
enum Addressed {
    static func join(_ list: String, _ bytes: [UInt8]) -> [UInt8] { Array(list.utf8) + [0] + bytes }

    static func split(_ joined: some Collection<UInt8>) -> (list: String, bytes: [UInt8])? {
        guard let cut = joined.firstIndex(of: 0) else { return nil }
        return (String(decoding: joined[..<cut], as: UTF8.self), Array(joined[joined.index(after: cut)...]))
    }
}
#endif
