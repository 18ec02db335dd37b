//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Counts the parts of chords, for result backends that can.
///
/// A chord is known by the id of its header group. Its parts are counted once they have ended, whatever their state; whoever
/// counts the last one is given a *claim* and with it the duty to send the body. A claim runs out, so that the death of its
/// holder ends no chord: what the holder was settling comes back, is counted again, and is given the claim then.
///
/// Contract, checked by `ResultBackendCheck` in CeleryTesting for every implementation:
/// - A part counts once, however often it is told; what was told first stays.
/// - Of all claimants at one time at most one is given the claim; that one is given it again when it asks again.
/// - A chord that was finished answers `over` to all that comes later, for some minutes at least, unless it is begun anew
///   (``ChordStart/isAnew``).
/// - Parts may be counted before the chord was started.
/// - An addition counts once, however often it is told.
public protocol ChordStore: Sendable {
    /// Makes chords known, before the last of their parts is published.
    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError)

    /// Counts parts; the answers are in their order.
    ///
    /// The result of each part's own task has to be stored before.
    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress]

    /// The bodies were sent, or their failures stored: forgets the counters and remembers only that the chords are over.
    /// A claim that has passed to somebody else meanwhile is left alone.
    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError)

    /// Makes a chord wait for so many parts more.
    ///
    /// - Parameters:
    ///   - groupID: Of the chord's header.
    ///   - count: How many more.
    ///   - addition: Names them in the chord, up to the first space: a task that runs again tells of the same ones again. What follows
    ///     is kept for ``additions(to:beginningWith:timeout:)``; see `ChordAddition`.
    ///   - timeout: Until which the call may take effect.
    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError)

    /// The additions to a chord that is not over whose names begin so, in no order. Default: none, as of a store that does not keep them.
    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String]
}

extension ChordStore {
    public func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] { [] }
}

/// A chord that is about to be sent.
public struct ChordStart: Sendable, Equatable {
    public var groupID: String
    /// How many parts are counted until the body is sent.
    public var size: Int
    /// The header's results as a tuple (`[[id, parent], [child, …]]`), when it is not a plain list of tasks: then the body is
    /// given what its members come to, nested in the same way.
    public var nested: CeleryValue?
    /// How long the counters are kept (`result_chord_expires`, else `result_expires`); nil for ever.
    public var expires: Duration?
    /// Whether it begins anew though it may be over or claimed, as for a client that sends a workflow once more. False for a worker, which
    /// may only repeat what it has done, or another one before its death: what is over stays over then, and a claim is left alone.
    public var isAnew: Bool

    public init(
        groupID: String,
        size: Int,
        nested: CeleryValue? = nil,
        expires: Duration? = nil,
        isAnew: Bool = true
    ) {
        self.groupID = groupID
        self.size = size
        self.nested = nested
        self.expires = expires
        self.isAnew = isAnew
    }
}

/// A part that has ended.
public struct ChordPart: Sendable, Equatable {
    public var groupID: String
    /// Its place in the header; nil goes last.
    public var index: Int?
    public var taskID: String
    /// A ready state.
    public var state: TaskState
    /// What it returned, or its exception as a result backend stores it.
    public var value: EncodedValue
    public var expires: Duration?
    /// Names who counts, so that a claim given before can be given again to the same.
    public var claimant: String
    /// A claim lasts no longer than this: it has to be over before the part's message comes back from a dead claimant. A worker of
    /// ours that gets it waits for the claim's end, but one of Python's acknowledges it, and nobody is left to send the body. Zero when
    /// no claim is wanted: the answer is `waiting` then where it would be given.
    public var claimLimit: Duration?

    public init(
        groupID: String,
        index: Int?,
        taskID: String,
        state: TaskState,
        value: EncodedValue,
        expires: Duration? = nil,
        claimant: String,
        claimLimit: Duration? = nil
    ) {
        self.groupID = groupID
        self.index = index
        self.taskID = taskID
        self.state = state
        self.value = value
        self.expires = expires
        self.claimant = claimant
        self.claimLimit = claimLimit
    }

    package var wantsClaim: Bool { claimLimit != .zero }

    /// How long the claim lasts that this part may give, of a store whose claims last so long.
    package func claim(_ configured: Duration) -> Duration { min(configured, claimLimit ?? configured) }
}

/// What comes of counting a part.
public enum ChordProgress: Sendable, Equatable {
    /// Others have yet to end.
    case waiting
    /// The body was sent before.
    case over
    /// All have ended, and somebody else is about to send the body.
    ///
    /// - Parameter by: As in ``ChordPart/claimant``, or what a worker of Python's calls itself.
    case claimed(by: String)
    /// All have ended: send the body, then call ``ChordStore/finish(_:timeout:)``.
    case complete(ChordClaim)
}

/// The duty to send a chord's body.
public struct ChordClaim: Sendable, Equatable {
    /// One part as it was counted.
    public struct Member: Sendable, Equatable {
        public var taskID: String
        public var state: TaskState
        public var value: EncodedValue

        public init(taskID: String, state: TaskState, value: EncodedValue) {
            self.taskID = taskID
            self.state = state
            self.value = value
        }
    }

    public var groupID: String
    /// As in ``ChordPart/claimant``.
    public var claimant: String
    /// In the header's order.
    public var members: [Member]
    /// As in ``ChordStart/nested``.
    public var nested: CeleryValue?

    public init(groupID: String, claimant: String, members: [Member], nested: CeleryValue? = nil) {
        self.groupID = groupID
        self.claimant = claimant
        self.members = members
        self.nested = nested
    }
}

/// The end of a chord: what its claim was given for, and that it is over.
///
/// It takes effect unless the chord is over already or somebody else has claimed it; then it does nothing, since its messages have left, or
/// will.
public struct ChordEnd: Sendable {
    public var groupID: String
    /// As in ``ChordPart/claimant``.
    public var claimant: String
    /// The body, or the errbacks of one that never runs.
    public var publish: [OutgoingMessage]

    public init(groupID: String, claimant: String, publish: [OutgoingMessage] = []) {
        self.groupID = groupID
        self.claimant = claimant
        self.publish = publish
    }
}
