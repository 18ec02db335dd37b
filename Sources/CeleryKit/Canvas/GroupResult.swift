//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// The results of a group that was sent.
public struct GroupResult<Element: Codable & Sendable>: Sendable {
    /// What the group comes to as one result: an array.
    public let result: AsyncResult<[Element]>

    init(result: AsyncResult<[Element]>) { self.result = result }

    /// The group's id.
    public var id: String { result.id }

    /// The results of the members, in the group's order.
    public var members: [AsyncResult<Element>] {
        guard case .group(_, _, let children)? = result.tree else { return [] }
        return children.map { result.related($0) }
    }

    /// Waits for all members, for so long at most, and returns what they returned, in the group's order.
    ///
    /// - Throws: As ``AsyncResult/get(timeout:)``, as soon as a member has failed.
    public func join(timeout: Duration = .seconds(60)) async throws -> [Element] {
        try await result.get(timeout: timeout)
    }

    /// The same as ``join(timeout:)``.
    public func get(timeout: Duration = .seconds(60)) async throws -> [Element] { try await join(timeout: timeout) }

    /// How many members have succeeded.
    public func completedCount() async throws -> Int { try await result.states().count { $0 == .success } }

    /// Whether all members have ended.
    public func ready() async throws -> Bool { try await result.ready() }

    /// Whether all members have succeeded.
    public func successful() async throws -> Bool { try await result.successful() }

    /// Whether a member has failed.
    public func failed() async throws -> Bool { try await result.failed() }

    /// Tells all workers not to start its members, and with `terminate` to end those that run.
    public func revoke(terminate: Bool = false, signal: String = "SIGTERM") async throws {
        try await result.app.revoke(result.tree?.leaves ?? [], terminate: terminate, signal: signal)
    }

    /// Deletes the stored results of its members.
    public func forget() async throws {
        do {
            try await result.app.resultBackend().forget(result.tree?.leaves ?? [])
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }
}

extension GroupResult {
    /// Stores which tasks make up the group, so that ``restore(id:app:)`` finds them.
    ///
    /// - Throws: ``CeleryError`` `.backendUnavailable`, also when the result backend keeps no groups.
    public func save() async throws {
        guard let tree = result.tree else { return }
        do {
            try await result.app.resultBackend()
                .storeGroup(id, tree.tuple, expires: result.app.settings.resultExpires)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }

    /// A group that was saved, by this program or another; nil when nothing is stored of it.
    public static func restore(id: String, app: CeleryApp) async throws -> GroupResult? {
        do {
            guard let tuple = try await app.resultBackend().fetchGroup(id) else { return nil }
            return GroupResult(result: AsyncResult(tree: try ResultTree(tuple: tuple), app: app))
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        } catch let error as WireError {
            throw SendingErrors.decoding(error, group: id)
        }
    }

    /// Deletes what was saved.
    public func delete() async throws {
        do {
            try await result.app.resultBackend().forgetGroup(id)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }

    /// What the members returned with their places, in the order in which they end.
    ///
    /// Ends by throwing the first error. Waits for so long at most.
    public func stream(timeout: Duration = .seconds(60)) -> AsyncThrowingStream<(index: Int, value: Element), any Error>
    {
        let set = ResultSet(members)
        return AsyncThrowingStream { continuation in
            // Ends with the stream: cancelled when nobody listens any more.
            let task = Task {
                do {
                    for try await end in set.completed(timeout: timeout) {
                        continuation.yield((end.index, try end.outcome.get()))
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
