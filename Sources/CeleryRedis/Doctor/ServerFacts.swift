//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// What a server says about itself (`INFO`).
struct ServerFacts: Sendable {
    private var fields: [String: String] = [:]

    /// Nothing is known.
    init() {}

    /// Reads lines of `name:value`.
    init(info: String) {
        for line in info.split(whereSeparator: \.isNewline) {
            guard let cut = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<cut])] = String(line[line.index(after: cut)...])
        }
    }

    init(_ connection: RedisConnection, _ store: RedisStore) async throws(TransportError) {
        var commands = RedisCommands()
        commands.add("INFO")
        let reply = try await connection.send(commands, timeout: store.configuration.timeout)[0]
        if let error = reply.error { throw RedisFailure.error(error, at: store.configuration.location) }
        self.init(info: reply.string ?? "")
    }

    subscript(_ name: String) -> String? { fields[name] }
    func number(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) } }

    /// `[6, 2, 14]`; nil when it does not say.
    var version: [Int]? {
        guard let text = fields["redis_version"] else { return nil }
        let numbers = text.split(separator: ".").prefix(3).map { Int($0.prefix(while: \.isWholeNumber)) ?? 0 }
        return numbers.isEmpty ? nil : numbers
    }

    /// What else it is than Redis, or Valkey, which is tested as well.
    var otherName: String? {
        if let name = fields["server_name"], !["redis", "valkey"].contains(name) { return name }
        return ["dragonfly", "keydb"].first { fields["\($0)_version"] != nil }
    }

    var isReplica: Bool { fields["role"] == "slave" }
}
#endif
