//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Examines a Redis server: itself, what our workers have left in it, and what kombu's peers have.
struct RedisExaminer: TransportExaminer {
    /// One question with its answers.
    struct Check: Sendable {
        var name: String
        var run: @Sendable (Examination) async throws(TransportError) -> [Finding]

        init(_ name: String, _ run: @escaping @Sendable (Examination) async throws(TransportError) -> [Finding]) {
            self.name = name
            self.run = run
        }
    }

    let store: RedisStore

    /// In an order in which a repair finds what those before it have put right.
    static let checks = [
        Check("server") { (examination) throws(TransportError) in ServerChecks.all(examination.facts) },
        Check("persistence", PersistenceChecks.run), Check("clock", ConnectionChecks.clock),
        Check("tracking", ConnectionChecks.tracking), Check("permissions", PermissionChecks.permissions),
        Check("waiting fetches", PermissionChecks.waiting),
        Check("epochs", EpochChecks.orphans), Check("keys of epochs", EpochChecks.remains),
        Check("parked messages", ParkedChecks.forgotten), Check("unattended messages", ParkedChecks.unattended),
        Check("unacked pairs", KombuChecks.unpaired), Check("unacked age", KombuChecks.overdue),
        Check("unacked ETAs", KombuChecks.farETAs), Check("bindings", TopologyChecks.bindings),
        Check("exchanges", TopologyChecks.exchanges), Check("fanout queues", TopologyChecks.copies),
        Check("queues", QueueChecks.lists),
        Check("envelopes", QueueChecks.envelopes), Check("dead letters", QueueChecks.deadLetters),
    ]

    func examine(repair: Bool) async throws(TransportError) -> [Finding] {
        let connection: RedisConnection
        do throws(TransportError) {
            let connector = RedisConnector(configuration: store.configuration, eventLoop: RedisLoops.next())
            connection = try await connector.connect()
        } catch {
            return [Self.unreachable(error)]
        }
        defer { connection.close() }
        var findings: [Finding] = []
        var facts = ServerFacts()
        do throws(TransportError) {
            facts = try await ServerFacts(connection, store)
        } catch {
            findings.append(Self.failed("server", error))
        }
        let examination = Examination(
            store: store,
            connection: connection,
            facts: facts,
            repairs: repair && !facts.isReplica
        )
        for check in Self.checks {
            do throws(TransportError) {
                findings += try await check.run(examination)
            } catch {
                findings.append(Self.failed(check.name, error))
            }
        }
        return findings
    }

    private static func unreachable(_ error: TransportError) -> Finding {
        Finding(
            .serious,
            "unreachable",
            "\(error)",
            cure: error.isTransient
                ? "start the server, open the way to it, or correct broker_url"
                : "correct broker_url or broker_transport_options as the message says"
        )
    }

    /// A check that could not be made.
    private static func failed(_ name: String, _ error: TransportError) -> Finding {
        if let refusal = error.cause as? RESPError, refusal.code == "NOPERM" || refusal.message.hasPrefix("ERR unknown")
        {
            return Finding(
                .note,
                "not-permitted",
                "the check of \"\(name)\" could not be made: \(refusal.message)",
                cure: "allow it to the user of broker_url (ACL SETUSER name +command), or run doctor as another user"
            )
        }
        // Nobody knows what it would have found: that is not to pass for a server in order.
        return Finding(
            .serious,
            "check-failed",
            "the check of \"\(name)\" could not be made: \(error)",
            cure: "put right what the message names and run doctor again"
        )
    }
}
#endif
