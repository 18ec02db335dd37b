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
import Synchronization

/// Exchanges and bindings as kombu keeps them, and where they send a message.
///
/// What is read from the server is kept for a second, since Python workers come and go with queues of their own; of a topic exchange it
/// is read for each sending, since a queue too few would not be noticed.
final class RedisRouter: Sendable {
    /// Where a message goes.
    struct Route: Sendable, Equatable {
        var queues: [String]
        /// Channel that Python's consumers of a fanout exchange listen to.
        var channel: String?
    }

    private struct Known: Sendable {
        var table: RoutingTable
        var readAt: ContinuousClock.Instant
    }

    private struct State {
        /// What this process has declared.
        var declared = RoutingTable()
        var known: [String: Known] = [:]
        /// Queues whose name the server knows, and since when.
        var noted: [String: ContinuousClock.Instant] = [:]
        /// How long declared queues of fanout exchanges live unused, where they say so; milliseconds.
        var lives: [String: Int64] = [:]
    }

    private static let patience = Duration.seconds(1)
    /// After that a queue that is used is named to the server again, which may have forgotten it: ``Tidying``.
    static let notePatience = Duration.seconds(600)

    private let client: RedisClient
    private let keys: RedisKeys
    private let database: Int
    private let channels: FanoutChannels
    private let time: any TimeSource
    private let state = Mutex(State())

    init(
        client: RedisClient,
        keys: RedisKeys,
        database: Int,
        channels: FanoutChannels,
        time: any TimeSource
    ) {
        self.client = client
        self.keys = keys
        self.database = database
        self.channels = channels
        self.time = time
    }

    /// Writes what is new of a topology as kombu 5.6 and 5.7 write it.
    func declare(_ topology: Topology, until deadline: NIODeadline) async throws(TransportError) {
        let bindings = topology.queues.flatMap { RoutingTable.bindings(of: $0) }
        try await requireKinds(of: bindings, until: deadline)
        let passing = Self.lives(of: topology.queues)
        let lives = topology.isConsumed ? passing : [:]
        if topology.isConsumed {
            // Before they are written: what is to be there for good is not renewed meanwhile.
            state.withLock { state in
                for queue in topology.queues { state.lives[queue.name] = lives[queue.name] }
            }
        }
        var commands = RedisCommands()
        commands.add("MULTI")
        for binding in bindings {
            commands.add("HSET", keys.exchanges, binding.exchange, binding.kind.rawValue)
            bind(binding, for: passing[binding.queue], &commands)
            if binding.kind == .fanout, topology.isConsumed { fill(binding, lives[binding.queue], &commands) }
        }
        for queue in topology.queues { commands.add("SADD", keys.queues, queue.name) }
        commands.add("EXEC")
        do throws(TransportError) {
            _ = try await client.send(commands, until: deadline)
        } catch {
            // A full server is emptied by workers, which begin with this: there is nothing to write if all is there.
            guard error.code == .full, try await knows(bindings, lives, until: deadline) else { throw error }
        }
        try state.withLock { state throws(TransportError) in
            for binding in bindings {
                try state.declared.add(binding)
                state.known[binding.exchange] = nil
            }
            for queue in topology.queues { state.noted[queue.name] = .now }
        }
    }

    /// Where each message goes.
    ///
    /// - Throws: `.notFound` for an unknown exchange, and for a task that no queue would get.
    func routes(
        of messages: [OutgoingMessage],
        until deadline: NIODeadline
    ) async throws(TransportError) -> [Route] {
        // Mostly there are none, and the messages need not be looked at.
        let topics = state.withLock { state in
            state.known.filter { $0.value.table.exchanges[$0.key] == .topic }.keys.sorted()
        }
        for exchange in topics where messages.contains(where: { $0.message.properties.exchange == exchange }) {
            _ = try await table(of: exchange, isFresh: true, until: deadline)
        }
        var routes: [Route] = []
        routes.reserveCapacity(messages.count)
        for outgoing in messages { routes.append(try await route(outgoing.message, until: deadline)) }
        return routes
    }

    /// Queues among these that the server has not been told of; they are taken for told from now on.
    func unnoted(_ queues: some Sequence<String>) -> [String] {
        let now = ContinuousClock.now
        return state.withLock { state in
            queues.filter { queue in
                if let last = state.noted[queue], last.duration(to: now) < Self.notePatience { return false }
                state.noted[queue] = now
                return true
            }
        }
    }

    /// All bindings of an exchange, those of Python's queues too.
    func table(
        of exchange: String,
        isFresh: Bool = false,
        until deadline: NIODeadline? = nil
    ) async throws(TransportError) -> RoutingTable {
        let cached = state.withLock { $0.known[exchange] }
        if let cached, !isFresh, cached.readAt.duration(to: .now) < Self.patience { return cached.table }
        var commands = RedisCommands()
        commands.add("HGET", keys.exchanges, exchange)
        commands.add("SMEMBERS", keys.binding(exchange))
        commands.add("SMEMBERS", keys.copies(exchange))
        commands.add("ZRANGEBYSCORE", keys.passingCopies(exchange), "\(now)", "+inf")
        let replies = try await client.send(commands, until: deadline)
        let declared = state.withLock { $0.declared.exchanges[exchange] }
        let table = try read(
            exchange,
            kind: replies[0].string.map { Exchange.Kind(rawValue: $0) } ?? declared,
            members: replies[1].elements.compactMap(\.string),
            copies: (replies[2].elements + replies[3].elements).compactMap(\.string)
        )
        state.withLock { $0.known[exchange] = Known(table: table, readAt: .now) }
        return table
    }

    /// Whether the server has all of them. The names of queues without are for people only.
    private func knows(
        _ bindings: [Binding],
        _ lives: [String: Int64],
        until deadline: NIODeadline
    ) async throws(TransportError) -> Bool {
        var commands = RedisCommands()
        for binding in bindings {
            let member = Self.member(binding, separator: keys.separator)
            commands.add("SISMEMBER", keys.binding(binding.exchange), member)
            // What is there for a while only is entered again and again.
            if binding.kind == .fanout, lives[binding.queue] == nil {
                commands.add("SISMEMBER", keys.copies(binding.exchange), binding.queue)
            }
        }
        guard !commands.isEmpty else { return true }
        return try await client.send(commands, until: deadline).allSatisfy { $0.int == 1 }
    }

    /// As one of our own has declared them; kombu keeps no kinds, and what its bindings look like is not enough to refuse.
    private func requireKinds(of bindings: [Binding], until deadline: NIODeadline) async throws(TransportError) {
        var commands = RedisCommands()
        for binding in bindings { commands.add("HGET", keys.exchanges, binding.exchange) }
        guard !commands.isEmpty else { return }
        for (binding, reply) in zip(bindings, try await client.send(commands, until: deadline)) {
            guard let kind = reply.string.map({ Exchange.Kind(rawValue: $0) }), kind != binding.kind else { continue }
            throw TransportError(
                .misconfigured,
                "exchange \"\(binding.exchange)\" is \(kind.rawValue) and cannot be declared as "
                    + "\(binding.kind.rawValue); use its kind, or another name"
            )
        }
    }

    private func route(_ message: Message, until deadline: NIODeadline) async throws(TransportError) -> Route {
        let exchange = message.properties.exchange
        guard !exchange.isEmpty else { return try route(message, by: RoutingTable()) }
        var table = try await self.table(of: exchange, until: deadline)
        do throws(TransportError) {
            return try route(message, by: table)
        } catch {
            table = try await self.table(of: exchange, isFresh: true, until: deadline)
            return try route(message, by: table)
        }
    }

    /// By the table of its exchange.
    ///
    /// - Throws: As ``routes(of:until:)``.
    func route(_ message: Message, by table: RoutingTable) throws(TransportError) -> Route {
        let exchange = message.properties.exchange
        let isFanout = table.exchanges[exchange] == .fanout
        return Route(
            queues: try table.queues(for: message),
            channel: isFanout ? channel(exchange, message.properties.routingKey) : nil
        )
    }

    /// Patterns of the channels by which Python's senders reach these queues, with the lists to put into.
    func subscriptions(of queues: [String]) -> [String: Set<String>] {
        let bindings = state.withLock { $0.declared.bindings }
        var patterns: [String: Set<String>] = [:]
        for binding in bindings where binding.kind == .fanout && queues.contains(binding.queue) {
            let pattern = channel(binding.exchange, binding.routingKey.replacing("#", with: "*"))
            patterns[pattern, default: []].insert(keys.list(binding.queue, priority: nil))
        }
        return patterns
    }

    /// The channel of a fanout exchange, as kombu names it.
    func channel(_ exchange: String, _ routingKey: String) -> String {
        keys.prefix + channels.name(exchange, routingKey, database: database)
    }

    // MARK: - Queues that are filled for as long as a worker takes from them

    /// A queue that says that it lives unused for less still lives so long, so that a worker can be late.
    private static let shortestLife: Int64 = 60_000
    /// A binding is kept so long at least, as by kombu: milliseconds.
    private static let shortestBinding: Int64 = 3_600_000

    /// Milliseconds since 1970.
    private var now: Int64 { time.now.microseconds / 1000 }

    /// Adds the commands by which those of these queues that live unused for a while only are kept for that while from now on.
    ///
    /// - Parameter pause: Until the next time, at the latest.
    func keep(_ queues: [String], every pause: Duration, _ commands: inout RedisCommands) {
        let lives = state.withLock { $0.lives }
        guard !lives.isEmpty else { return }
        let bindings = state.withLock { $0.declared.bindings }
        for binding in bindings where queues.contains(binding.queue) {
            guard let life = lives[binding.queue] else { continue }
            bind(binding, for: life, &commands)
            guard binding.kind == .fanout else { continue }
            let end = now + max(life, 3 * Int64(pause / .milliseconds(1)))
            commands.add("ZADD", keys.passingCopies(binding.exchange), end, binding.queue)
        }
    }

    /// Binds a queue for good, or so that kombu's workers, and ours, may forget it when nobody has renewed it for twice its life.
    private func bind(_ binding: Binding, for life: Int64?, _ commands: inout RedisCommands) {
        let member = Self.member(binding, separator: keys.separator)
        commands.add("SADD", keys.binding(binding.exchange), member)
        guard let life else {
            commands.add("SADD", keys.permanentBinding(binding.exchange), member)
            return
        }
        commands.add("SREM", keys.permanentBinding(binding.exchange), member)
        let end = now + max(2 * life, Self.shortestBinding)
        commands.add("ZADD", keys.bindingDeadlines, "GT", end, binding.exchange)
    }

    /// Forgets the bindings of exchanges all of whose queues live for a while only, and that nobody has renewed: as kombu 5.7 does.
    func sweepBindings() async throws(TransportError) {
        var commands = RedisCommands()
        commands.add(
            "EVAL",
            KombuScripts.sweepBindings,
            1,
            keys.bindingDeadlines,
            keys.binding(""),
            keys.permanentBinding(""),
            100
        )
        _ = try await client.send(commands)
    }

    /// Has a queue filled with copies: for good, or for as long as it lives unused.
    private func fill(_ binding: Binding, _ life: Int64?, _ commands: inout RedisCommands) {
        let (copies, passing) = (keys.copies(binding.exchange), keys.passingCopies(binding.exchange))
        if let life {
            commands.add("ZADD", passing, now + life, binding.queue)
            commands.add("SREM", copies, binding.queue)
        } else {
            commands.add("SADD", copies, binding.queue)
            commands.add("ZREM", passing, binding.queue)
        }
    }

    /// How long queues live unused (`x-expires`, milliseconds), of those that say so.
    private static func lives(of queues: [Queue]) -> [String: Int64] {
        var lives: [String: Int64] = [:]
        for queue in queues {
            let life: Int64?
            switch queue.arguments["x-expires"] {
            case .int(let number): life = Int64(number)
            case .double(let number): life = Int64(exactly: number.rounded())
            default: life = nil
            }
            // A century is as good as for ever, and can be added to the present.
            if let life, life > 0 { lives[queue.name] = min(max(life, shortestLife), 3_155_760_000_000) }
        }
        return lives
    }

    private func read(
        _ exchange: String,
        kind: Exchange.Kind?,
        members: [String],
        copies: [String]
    ) throws(TransportError) -> RoutingTable {
        var table = RoutingTable()
        let members = members.map { member in
            member.split(separator: keys.separator, omittingEmptySubsequences: false).map(String.init)
        }
        // A pattern is there for topics only; kombu keeps no other trace of the kind. Members without are of a time when the exchange was
        // a direct one: nobody takes them away.
        let hasPattern = members.contains { $0.count == 3 && !$0[1].isEmpty }
        let own = kind
        for parts in members where parts.count == 3 {
            let kind = own ?? (hasPattern ? .topic : .direct)
            guard kind != .fanout || copies.contains(parts[2]) else { continue }
            try table.add(Binding(exchange: exchange, kind: kind, routingKey: parts[0], queue: parts[2]))
        }
        if table.exchanges.isEmpty, let kind { table.know(exchange, kind) }
        return table
    }
}
#endif
