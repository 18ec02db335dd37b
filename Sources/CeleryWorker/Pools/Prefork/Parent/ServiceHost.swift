//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// Serves what children ask for, with the parent's own connections.
final class ServiceHost: Sendable {
    /// Names a request: numbers of children are never reused.
    struct Key: Hashable, Sendable {
        var child: PreforkState.ChildNumber
        var request: UInt64
    }

    struct Request: Sendable {
        var key: Key
        var call: ServiceCall
        fileprivate var canceller: TaskCanceller
    }

    private struct Running {
        var canceller: TaskCanceller
        var isMutating: Bool
    }

    private let services: PoolServices
    private let running = Mutex<[Key: Running]>([:])
    /// At most ``ChildProcess/requestLimit`` of each child are on their way.
    let requests: AsyncStream<Request>
    private let queue: AsyncStream<Request>.Continuation

    init(_ services: PoolServices) {
        self.services = services
        (requests, queue) = AsyncStream.makeStream()
    }

    func enqueue(_ call: ServiceCall, _ key: Key) {
        let request = Request(key: key, call: call, canceller: TaskCanceller())
        running.withLock { $0[key] = Running(canceller: request.canceller, isMutating: call.isMutating) }
        queue.yield(request)
    }

    /// The child no longer waits for it.
    func abandon(_ key: Key) { running.withLock { $0[key] }?.canceller.cancel() }

    /// The child is gone: what it wanted to know is moot, what it wanted done is done.
    func abandonQueries(of child: PreforkState.ChildNumber) {
        let moot = running.withLock { $0.filter { $0.key.child == child && !$0.value.isMutating }.map(\.value) }
        for request in moot { request.canceller.cancel() }
    }

    func finish() { queue.finish() }

    func serve(_ request: Request) async -> ServiceReply {
        defer { running.withLock { $0[request.key] = nil } }
        return await request.canceller.attached {
            do throws(TransportError) {
                return try await perform(request.call)
            } catch {
                return .failure(error)
            }
        }
    }

    private func perform(_ call: ServiceCall) async throws(TransportError) -> ServiceReply {
        switch call {
        case .publish(let messages, let timeout):
            try await services.transport.publish(messages, timeout: timeout)
            return .done
        case .revoke(let revocations):
            try await revocationStore().revoke(revocations)
            return .done
        case .revokedAmong(let ids):
            return .ids(try await revocationStore().revoked(among: ids))
        case .revocationsAfter(let cursor):
            let (entries, next) = try await revocationStore().revocations(after: cursor)
            return .revocations(entries, cursor: next)
        case .store(let results, let timeout):
            try await services.backend.store(results, timeout: timeout)
            return .done
        case .fetch(let ids, let timeout):
            return .metas(Array(try await services.backend.fetch(ids, timeout: timeout).values))
        case .wait(let id, let timeout):
            return .meta(try await services.backend.wait(for: id, timeout: timeout))
        case .forget(let ids):
            try await services.backend.forget(ids)
            return .done
        case .startChords(let chords, let timeout):
            try await chordStore().start(chords, timeout: timeout)
            return .done
        case .extendChord(let id, let count, let addition, let timeout):
            try await chordStore().extend(id, by: count, as: addition, timeout: timeout)
            return .done
        case .storeGroup(let id, let tuple, let expires):
            try await services.backend.storeGroup(id, tuple, expires: expires)
            return .done
        case .fetchGroup(let id): return .group(try await services.backend.fetchGroup(id))
        case .forgetGroup(let id):
            try await services.backend.forgetGroup(id)
            return .done
        case .broadcast(let messages, let kind, let timeout):
            guard let channel = services.transport.broadcasts else {
                throw TransportError(.unsupported, "\(services.transport.location) passes on no events")
            }
            try await channel.send(messages, kind: kind, timeout: timeout)
            return .done
        case .removeExpired: return .count(try await services.backend.removeExpired())
        }
    }

    private func chordStore() throws(TransportError) -> any ChordStore {
        guard let store = services.backend.chords else {
            throw TransportError(.unsupported, "\(services.backend.location) cannot count the parts of a chord")
        }
        return store
    }

    private func revocationStore() throws(TransportError) -> any RevocationStore {
        guard let store = services.transport.revocations else {
            throw TransportError(.unsupported, "\(services.transport.location) keeps no revocations")
        }
        return store
    }
}
