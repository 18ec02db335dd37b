//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// The revoked ids of a database.
struct RedisRevocations: RevocationStore {
    /// So many are read at a time.
    private static let page = 5000
    let store: RedisStore
    /// So many are kept that have not expired; of more the first to come go.
    var limit = 1_000_000

    private var keys: RedisKeys { store.keys }

    func revoke(_ revocations: [Revocation]) async throws(TransportError) {
        guard !revocations.isEmpty else { return }
        var commands = RedisCommands()
        commands.begin("EVAL", arguments: 7 + 2 * revocations.count)
        commands.argument(RedisScripts.revoke)
        commands.argument(3)
        for key in [keys.revocationCounter, keys.revoked, keys.revokedIndex] { commands.argument(key) }
        commands.argument(store.now)
        commands.argument(limit)
        for revocation in revocations {
            commands.argument(revocation.taskID)
            commands.argument("\(revocation.expires.microseconds) \(revocation.terminate ? 1 : 0) \(revocation.signal)")
        }
        _ = try await store.client.send(commands)
        store.sawRevocations(true)
    }

    func revoked(among ids: [String]) async throws(TransportError) -> Set<String> {
        guard !ids.isEmpty, store.mayHaveRevocations else { return [] }
        var commands = RedisCommands()
        commands.add("HMGET", keys.revoked, list: ids)
        let replies = try await store.client.send(commands)[0].elements
        let now = store.now
        return Set(
            zip(ids, replies)
                .filter { id, reply in
                    Self.read(id, reply.string).map { $0.expires.microseconds > now } ?? false
                }
                .map(\.0)
        )
    }

    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64) {
        guard store.mayHaveRevocations else { return ([], cursor) }
        var commands = RedisCommands()
        let (from, page) = ("(\(cursor)", "\(Self.page)")
        commands.add("ZRANGE", keys.revokedIndex, from, "+inf", "BYSCORE", "LIMIT", "0", page, "WITHSCORES")
        var flat: [String] = []
        // RESP3 pairs them, RESP2 does not.
        for element in try await store.client.send(commands)[0].elements {
            flat += element.elements.isEmpty ? [element.string ?? ""] : element.elements.compactMap(\.string)
        }
        let ids = stride(from: 0, to: flat.count, by: 2).map { flat[$0] }
        guard let last = flat.last, !ids.isEmpty else { return ([], cursor) }
        var fetch = RedisCommands()
        fetch.add("HMGET", keys.revoked, list: ids)
        let replies = try await store.client.send(fetch)[0].elements
        let now = store.now
        let entries = zip(ids, replies).compactMap { Self.read($0, $1.string) }.filter { $0.expires.microseconds > now }
        return (entries, Double(last).map { Int64($0) } ?? cursor)
    }

    private static func read(_ id: String, _ record: String?) -> Revocation? {
        let parts = (record ?? "").split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count == 3, let expires = Int64(parts[0]) else { return nil }
        return Revocation(
            taskID: id,
            terminate: parts[1] == "1",
            signal: parts[2],
            expires: Timestamp(microseconds: expires)
        )
    }
}
#endif
