//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// What runs under one consumer, in memory that outlives every process of its worker.
///
/// For stores whose processes share a machine. To start a task is one atomic step in shared memory, so it needs no
/// transaction of its own, can be done by a pool's child, and is decided for good: whoever ends a dead or stopped
/// consumer *seals* its journal first, learns what has started, and nothing starts under it any more.
///
/// An entry stays until the task's settlement has committed. One that outlives it harms nobody: a tag is never used
/// again, and a sweep asks only about deliveries that are still held.
public final class StartJournal: Sendable {
    private struct State {
        var tickets: [DeliveryTag: StartTicket] = [:]
        /// Cells that were used before.
        var free: [UInt32] = []
    }

    private let file: JournalFile
    private let state = Mutex(State())

    public var path: String { file.path }

    /// Makes the journal of a new consumer.
    ///
    /// - Parameter path: Must not exist; on a local disk.
    /// - Throws: `.full`, or `.misconfigured` for a path that cannot be used.
    public init(creatingAt path: String) throws(TransportError) { file = try .create(at: path) }

    /// Marks deliveries as running; again, with another mode, is possible.
    ///
    /// - Throws: `.epochLost` when sealed, `.full` when the disk is; then none that was not marked before is.
    public func begin(_ marks: [BeginMark]) throws(TransportError) {
        try state.withLock { state throws(TransportError) in
            var new: [DeliveryTag] = []
            do throws(TransportError) {
                for mark in marks {
                    let word = JournalWord(.started, mark.mode, run: 0)
                    if let ticket = state.tickets[mark.tag] {
                        let old = file.word(of: ticket.place)
                        guard file.replace(old & ~JournalWord.seal, by: word.rawValue, in: ticket.place) else {
                            throw .sealed
                        }
                    } else {
                        try enter(mark.tag, word, &state)
                        new.append(mark.tag)
                    }
                }
            } catch {
                for tag in new { remove(tag, &state) }
                throw error
            }
        }
    }

    /// Marks deliveries as running that were permitted to start; as ``begin(_:)``, but only within the time that
    /// `allowStarts(for:)` gives.
    ///
    /// - Throws: As ``begin(_:)``; `.unavailable` when the time is over: then it takes a mark in the store.
    public func start(_ marks: [BeginMark]) throws(TransportError) {
        guard !file.isOver else { throw .over }
        try begin(marks)
        // The process was not stopped for long in between.
        guard !file.isOver else { throw .over }
    }

    /// Offers a run to a pool's child, which takes it with ``StartGate/pass(_:)``.
    ///
    /// - Parameter run: A number that no other offer of this journal has; 56 bits.
    /// - Throws: As ``begin(_:)``.
    package func offer(_ mark: BeginMark, run: UInt64) throws(TransportError) -> StartTicket {
        try state.withLock { state throws(TransportError) in
            try enter(mark.tag, JournalWord(.offered, mark.mode, run: run), &state)
        }
    }

    /// Takes back an offer: true when the run has not started and never will, which a seal makes certain as well.
    @discardableResult
    package func withdraw(_ ticket: StartTicket) -> Bool {
        state.withLock { state in
            guard file.replace(ticket.offer, by: JournalWord.free.rawValue, in: ticket.place) else {
                return file.word(of: ticket.place) == ticket.offer | JournalWord.seal
            }
            state.tickets[ticket.tag] = nil
            state.free.append(ticket.place)
            return true
        }
    }

    /// Lets starts happen for so long only, unless it is said again: for stores across machines, where who takes a consumer for
    /// dead may not be able to seal its journal.
    package func allowStarts(for duration: Duration) { file.limit = JournalFile.limit(after: duration) }

    /// Starts the run in this process, unless it was taken back, the consumer is no longer in force, or its time is over.
    package func pass(_ ticket: StartTicket) -> Bool {
        !file.isOver && file.replace(ticket.offer, by: ticket.started, in: ticket.place) && !file.isOver
    }

    /// Whether the offer was taken.
    package func hasStarted(_ ticket: StartTicket) -> Bool {
        file.word(of: ticket.place) & ~JournalWord.seal == ticket.started
    }

    /// Forgets deliveries whose settlement has taken effect.
    public func settled(_ tags: some Sequence<DeliveryTag>) {
        state.withLock { state in
            for tag in tags { remove(tag, &state) }
        }
    }

    /// Ends all starting under the journal; returns what has started and is not settled.
    public func seal() -> [DeliveryTag: AcknowledgementMode] { Self.started(file.seal()) }

    /// Seals the journal of another consumer; returns what has started under it and is not settled.
    ///
    /// - Throws: `.notFound` and `.misconfigured` when there is no journal to be read, now or ever; `.unavailable` when it
    ///   cannot be opened for the moment: then the consumer is not to be swept yet.
    public static func seal(at path: String) throws(TransportError) -> [DeliveryTag: AcknowledgementMode] {
        started(try JournalFile.open(path).seal())
    }

    private static func started(
        _ cells: [(word: JournalWord, tag: DeliveryTag)]
    ) -> [DeliveryTag: AcknowledgementMode] {
        var found: [DeliveryTag: AcknowledgementMode] = [:]
        for cell in cells where cell.word.phase == .started { found[cell.tag] = cell.word.mode }
        return found
    }

    @discardableResult
    private func enter(
        _ tag: DeliveryTag,
        _ word: JournalWord,
        _ state: inout State
    ) throws(TransportError) -> StartTicket {
        guard let place = try nextPlace(&state) else { throw .sealed }
        file.write(tag, in: place)
        guard file.replace(JournalWord.free.rawValue, by: word.rawValue, in: place) else { throw .sealed }
        let ticket = StartTicket(place: place, tag: tag, offer: word.rawValue)
        state.tickets[tag] = ticket
        return ticket
    }

    private func nextPlace(_ state: inout State) throws(TransportError) -> UInt32? {
        if let used = state.free.popLast() { return used }
        return try file.takeNext()
    }

    private func remove(_ tag: DeliveryTag, _ state: inout State) {
        guard let ticket = state.tickets.removeValue(forKey: tag) else { return }
        let word = file.word(of: ticket.place)
        guard word & JournalWord.seal == 0, file.replace(word, by: JournalWord.free.rawValue, in: ticket.place)
        else { return }
        state.free.append(ticket.place)
    }
}

/// The journal as a pool's child sees it.
package final class StartGate: Sendable {
    private let file: JournalFile

    /// - Throws: Why the file cannot be used.
    package init(path: String) throws(TransportError) { file = try .open(path) }

    /// Starts the run, unless it was taken back or the consumer is no longer in force.
    package func pass(_ ticket: StartTicket) -> Bool {
        guard ticket.place < JournalFile.capacity, !file.isOver else { return false }
        return file.replace(ticket.offer, by: ticket.started, in: ticket.place)
    }
}

extension TransportError {
    fileprivate static var over: TransportError {
        TransportError(.unavailable, "the store has not been heard of for so long that nothing may start")
    }

    fileprivate static var sealed: TransportError {
        TransportError(
            .epochLost,
            "the consumer was taken for dead or closed, and what it held was given to others; open a new consumer"
        )
    }
}
