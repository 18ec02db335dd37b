//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A store of task results.
///
/// Contract, checked by `ResultBackendCheck` in CeleryTesting for every implementation:
/// a stored SUCCESS is never overwritten; any other state is replaced by the next, but for an end that came after the beginning of
/// the attempt whose passing state is next: see ``StoredResult/since``.
public protocol ResultBackend: Sendable {
    /// Where it is, for people: a URL with its password masked, or a full path.
    var location: String { get }
    var storeIdentity: StoreIdentity? { get }

    /// Stores the results, all or none of them, in order.
    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError)

    /// What is stored about the tasks; an id of which nothing is known is absent.
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta]

    /// Waits until the task is in a ready state. Returns nil when that has not happened within `timeout`.
    /// Throws `CancellationError` wrapped as `.closed` when cancelled.
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta?

    /// Waits until all of the tasks are in a ready state, and hands over what is stored of each as soon as it is: once each, in
    /// whatever order. Returns when all are, when `timeout` is over, or when `ended` returns false.
    ///
    /// Default: asks for all that are missing, and then waits for one of them, for a second at most.
    /// - Throws: As ``wait(for:timeout:)``.
    func wait(
        forAll ids: [String],
        timeout: Duration,
        _ ended: @Sendable ([TaskMeta]) async -> Bool
    ) async throws(TransportError)

    /// Forgets the results.
    func forget(_ ids: [String]) async throws(TransportError)

    /// Deletes what has expired, where the store does not do so by itself. Returns how many.
    func removeExpired() async throws(TransportError) -> Int

    /// Counts the parts of chords; nil when it cannot, and `celery.chord_unlock` has to look again and again. Default nil.
    var chords: (any ChordStore)? { get }

    /// Stores which tasks make up a group: its results as a tuple, `[[id, parent], [child, …]]`.
    func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError)

    /// What was stored of a group; nil when nothing is.
    func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue?

    func forgetGroup(_ id: String) async throws(TransportError)

    func shutdown() async
}

extension ResultBackend {
    public var chords: (any ChordStore)? { nil }

    public func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        throw TransportError(.unsupported, "\(location) keeps no groups")
    }

    public func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        throw TransportError(.unsupported, "\(location) keeps no groups")
    }

    public func forgetGroup(_ id: String) async throws(TransportError) {
        throw TransportError(.unsupported, "\(location) keeps no groups")
    }
}

/// A result on its way to the store.
public struct StoredResult: Sendable {
    public var meta: TaskMeta
    /// How long it is kept (`result_expires`); nil for ever.
    public var expires: Duration?
    /// When the attempt began that tells of itself while it runs, as STARTED or with a state of its own: it may have lost its message
    /// long ago, and does not replace an end that came after that. Nil of what is stored as a message is settled.
    public var since: Timestamp?

    public init(_ meta: TaskMeta, expires: Duration?, since: Timestamp? = nil) {
        self.meta = meta
        self.expires = expires
        self.since = since
    }

    /// Whether it has to give way to what is stored, which has not expired.
    package func yields(to stored: TaskMeta) -> Bool {
        if stored.state == .success { return true }
        guard let since, stored.state.isReady, !meta.state.isReady else { return false }
        // Of one that does not say when it came it is not known that it is older.
        return stored.dateDone.flatMap { Timestamp(iso8601: $0) }.map { $0 >= since } ?? true
    }
}

extension TransportError {
    /// A wait that its caller's cancellation ended.
    package static func cancelledWait(for what: String) -> TransportError {
        TransportError(.closed, "waiting for the result of \(what) was cancelled", cause: CancellationError())
    }

    /// What is stored for a task cannot be decoded; says what to do about it.
    package static func unreadableResult(of id: String, in location: String, _ error: WireError) -> TransportError {
        let advice =
            switch error.code {
            case .contentDisallowed: "name its serializer in result_accept_content, or store results as json"
            case .unsupported: "register the serializer or compression it was written with, or store results as json"
            default: "forget it, or ask for it with the program that stored it"
            }
        return TransportError(
            .unavailable,
            "the result of task \(id) in \(location) cannot be read: \(advice)",
            cause: error
        )
    }
}
