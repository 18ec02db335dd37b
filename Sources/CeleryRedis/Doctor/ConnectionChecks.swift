//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// What the server does for us, and what it lets us do.
enum ConnectionChecks {
    /// The lease of workers; a clock that is off by more makes them late for everything.
    private static let lease = ConsumerConfiguration(name: "", queues: []).lease

    static func clock(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let time = examination.store.time
        let before = time.now
        let answer = try await examination.ask("TIME").elements
        let after = time.now
        guard answer.count == 2, let seconds = answer[0].int, let microseconds = answer[1].int else { return [] }
        return clock(server: Timestamp(microseconds: seconds * 1_000_000 + microseconds), between: before, and: after)
    }

    /// - Parameter before: When this machine asked, and `after` when it knew.
    static func clock(server: Timestamp, between before: Timestamp, and after: Timestamp) -> [Finding] {
        let skew = server < before ? server.since(before) : server > after ? server.since(after) : .zero
        let size = skew < .zero ? .zero - skew : skew
        guard size > .seconds(1) else { return [] }
        let seconds = Double(skew.components.seconds) + Double(skew.components.attoseconds) / 1e18
        return [
            Finding(
                size > lease ? .serious : .warning,
                "clock-skew",
                "the server's clock is \((abs(seconds) * 10).rounded() / 10) s \(seconds > 0 ? "ahead of" : "behind") "
                    + "this machine's: ETAs, expiry and visibility timeouts are off by as much",
                cure: "let both follow a time server (NTP), and the other machines too"
            )
        ]
    }

    /// Whether the server can tell a worker that there is something.
    static func tracking(_ examination: Examination) async throws(TransportError) -> [Finding] {
        var reason = "the server or a proxy before it speaks RESP2 only"
        if examination.connection.hasPushes {
            var commands = RedisCommands()
            commands.add("CLIENT", "TRACKING", "ON")
            commands.add("CLIENT", "TRACKING", "OFF")
            guard let error = try await examination.sendRaw(commands)[0].error else { return [] }
            reason = error.message
        }
        return [
            Finding(
                .note,
                "no-tracking",
                "CLIENT TRACKING cannot be used (\(reason)): workers look at their queues every 5 to 200 ms",
                cure: "allow it (ACL SETUSER name +client|tracking), and connect without a proxy that hides RESP3"
            )
        ]
    }
}
#endif
