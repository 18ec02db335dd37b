//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOCore

/// A Redis server as a result backend, with Celery's keys, values and announcements.
///
/// Source: celery/backends/redis.py. Unlike there, nothing can come between the look for a SUCCESS and the writing.
final class RedisResultBackend: ResultBackend {
    /// For a look that is not to wait: a connection may have to be made for it.
    private static let glance = Duration.seconds(1)
    /// Results of one command: the server does nothing else until it has ended.
    private static let chunk = 500

    let configuration: RedisConfiguration
    /// In front of all keys and channels.
    let prefix: String
    let codec: WireCodec
    let client: RedisClient
    let chordCommands: ChordCommands
    private let subscriber: ResultSubscriber

    /// Connects when it is first used.
    init(_ context: PluginContext) throws(TransportError) {
        configuration = try RedisConfiguration(context)
        prefix = try RedisResultKeys.prefix(context.options)
        chordCommands = try ChordCommands(context, prefix: prefix)
        codec = context.codec
        client = RedisClient(configuration, logger: context.logger)
        subscriber = ResultSubscriber(configuration, prefix: prefix, codec: codec, logger: context.logger)
        for warning in UnusedOptions(context: context, use: .results).warnings { context.logger.warning("\(warning)") }
    }

    var location: String { configuration.location }
    var storeIdentity: StoreIdentity? { StoreIdentity(configuration.serverIdentity) }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        guard !results.isEmpty else { return }
        var left = try encode(results)
        var verdicts = left.map { $0.passing?.since.map { ResultVerdict.since($0) } ?? .open }
        let deadline = ContinuousClock.now + timeout
        // What is there and is not to be judged by the server comes back once; others may change it again meanwhile.
        while !left.isEmpty {
            let (encoded, judged) = (left, verdicts)
            let replies = try await client.sendScripts(timeout: ContinuousClock.now.duration(to: deadline)) { form in
                var commands = RedisCommands(capacity: encoded.reduce(1024) { $0 + $1.payload.count + 128 })
                ResultCommands.appendScript(encoded, judged, form, to: &commands)
                return commands
            }
            (left, verdicts) = ([], [])
            for reply in replies.first?.elements ?? [] {
                let unclear = reply.elements
                guard unclear.count == 3, let place = unclear[0].int.map({ Int($0) }), encoded.indices.contains(place)
                else { continue }
                let verdict = self.verdict(unclear.dropFirst(), for: encoded[place])
                guard case .replaceIf = verdict else { continue }
                left.append(encoded[place])
                verdicts.append(verdict)
            }
        }
    }

    /// Makes results ready to be stored.
    func encode(_ results: [StoredResult]) throws(TransportError) -> [ResultCommands.Encoded] {
        try ResultCommands.encode(results, codec: codec, prefix: prefix)
    }

    /// Looks at what the server cannot tell the state of, before results are stored in a transaction that cannot look.
    ///
    /// What changes in between is spared, but for a SUCCESS, which may not get lost.
    func verdicts(
        before results: [ResultCommands.Encoded],
        timeout: Duration
    ) async throws(TransportError) -> [ResultVerdict] {
        guard !results.isEmpty else { return [] }
        let replies = try await client.sendScripts(timeout: timeout) { form in
            var commands = RedisCommands(capacity: results.count * 80 + 2048)
            RedisScript.unclearResults.begin(form, keys: results.count, arguments: 0, in: &commands)
            for result in results { commands.argument(result.key) }
            return commands
        }
        return zip(results, replies.first?.elements ?? [])
            .map { result, unclear in
                let verdict = unclear.isNull ? ResultVerdict.keep : self.verdict(unclear.elements[...], for: result)
                if result.isSuccess, unclear.isNull || verdict != .keep { return .replace }
                return verdict
            }
    }

    /// Of the bytes of what is stored, and their digest.
    private func verdict(_ unclear: ArraySlice<RESPValue>, for result: ResultCommands.Encoded) -> ResultVerdict {
        guard unclear.count == 2, let bytes = unclear.first?.bytes, let digest = unclear.last?.string else {
            return .keep
        }
        guard let passing = result.passing else { return codec.isStoredSuccess(bytes) ? .keep : .replaceIf(digest) }
        // One that cannot be read is an end, perhaps.
        let stays = (try? codec.decodeStoredMeta(bytes)).map { passing.yields(to: $0) } ?? true
        return stays ? .keep : .replaceIf(digest)
    }

    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        guard !ids.isEmpty else { return [:] }
        var metas: [String: TaskMeta] = [:]
        for (id, value) in zip(ids, try await values(of: ids, timeout: timeout)) {
            if let bytes = value.bytes { metas[id] = try decode(bytes, of: id) }
        }
        return metas
    }

    // While it waits it holds bytes only: a meta, and each copy of one, would take its room in the frame of every waiter.
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        let isPatient = timeout > .zero || Task.isCancelled
        let answer =
            isPatient ? await subscriber.wait(for: id, until: .now() + TimeAmount(timeout)) : await look(for: id)
        return try ready(answer, id)
    }

    func wait(
        forAll ids: [String],
        timeout: Duration,
        _ ended: @Sendable ([TaskMeta]) async -> Bool
    ) async throws(TransportError) {
        let ids = Array(Set(ids))
        let harvest = ResultHarvest()
        subscriber.wait(for: ids, until: .now() + TimeAmount(timeout), harvest)
        let answer = await withTaskCancellationHandler {
            await gather(ids.count, from: harvest, ended)
        } onCancel: {
            subscriber.cancel(harvest.end())
        }
        subscriber.cancel(harvest.end())
        guard !Task.isCancelled else { throw .cancelledWait(for: "\(ids.count) tasks") }
        try answer.get()
    }

    /// Until so many have been answered for, be it that their time is up.
    private func gather(
        _ count: Int,
        from harvest: ResultHarvest,
        _ ended: @Sendable ([TaskMeta]) async -> Bool
    ) async -> Result<Void, TransportError> {
        var left = count
        while left > 0 {
            let sheaf = await harvest.take()
            guard !sheaf.isEmpty else { break }
            left -= sheaf.count
            do throws(TransportError) {
                var metas: [TaskMeta] = []
                for (id, answer) in sheaf {
                    if let meta = try ready(answer, id) { metas.append(meta) }
                }
                guard !metas.isEmpty else { continue }
                guard await ended(metas) else { break }
            } catch {
                return .failure(error)
            }
        }
        return .success(())
    }

    private func look(for id: String) async -> ResultWaits.Answer {
        do throws(TransportError) {
            return .success(try await values(of: [id], timeout: min(Self.glance, configuration.timeout)).first?.bytes)
        } catch {
            return .failure(error)
        }
    }

    private func values(of ids: [String], timeout: Duration) async throws(TransportError) -> [RESPValue] {
        try await client.send(commands("MGET", ids), timeout: timeout).flatMap(\.elements)
    }

    private func commands(_ name: StaticString, _ ids: [String]) -> RedisCommands {
        var commands = RedisCommands(capacity: ids.count * 80)
        for chunk in ids.chunks(of: Self.chunk) { commands.add(name, list: chunk.map(key)) }
        return commands
    }

    @inline(never)
    private func ready(_ answer: ResultWaits.Answer, _ id: String) throws(TransportError) -> TaskMeta? {
        guard let bytes = try answer.get() else { return nil }
        let meta = try decode(bytes, of: id)
        return meta.state.isReady ? meta : nil
    }

    func forget(_ ids: [String]) async throws(TransportError) {
        guard !ids.isEmpty else { return }
        _ = try await client.send(commands("DEL", ids))
    }

    /// Redis does it by itself.
    func removeExpired() async throws(TransportError) -> Int { 0 }

    func shutdown() async {
        subscriber.shutdown()
        client.shutdown()
    }

    private func key(_ id: String) -> String { RedisResultKeys.key(of: id, prefix: prefix) }

    private func decode(_ bytes: [UInt8], of id: String) throws(TransportError) -> TaskMeta {
        do throws(WireError) {
            return try codec.decodeStoredMeta(bytes)
        } catch {
            throw .unreadableResult(of: id, in: location, error)
        }
    }
}
#endif
