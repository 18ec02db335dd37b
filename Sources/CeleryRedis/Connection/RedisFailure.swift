//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// What error replies mean for the caller.
enum RedisFailure {
    /// The server cannot do it now, or is not the one to ask: nothing took effect, ask again after connecting anew.
    static func wantsReconnection(_ error: RESPError) -> Bool {
        switch error.code {
        case "LOADING", "READONLY", "MASTERDOWN", "UNBLOCKED": true
        default: error.message.hasPrefix("ERR max number of clients")
        }
    }

    /// The first error among replies that wants a new connection, those inside a transaction included.
    static func reconnection(in replies: [RESPValue]) -> RESPError? {
        for reply in replies {
            if let error = reply.error, wantsReconnection(error) { return error }
            guard case .array(let inner) = reply else { continue }
            for case .error(let error) in inner where wantsReconnection(error) { return error }
        }
        return nil
    }

    /// Whether certainly nothing of a batch took effect: each command was refused, or the transaction that all of it is.
    static func tookNoEffect(_ replies: [RESPValue]) -> Bool {
        var rest = replies[...]
        // The answer to MULTI tells nothing when EXEC is refused.
        if rest.first == .text("OK"), rest.contains(where: { $0.error?.message.hasPrefix("EXECABORT") == true }) {
            rest = rest.dropFirst()
        }
        return rest.allSatisfy { $0.error != nil || $0 == .text("QUEUED") }
    }

    static func error(_ error: RESPError, at location: String) -> TransportError {
        let code: TransportError.Code
        let advice: String
        switch error.code {
        case "LOADING": (code, advice) = (.unavailable, "it is reading its data from disk: try again")
        case "READONLY": (code, advice) = (.unavailable, "it is a replica now: name the master, or the sentinels")
        case "MASTERDOWN": (code, advice) = (.unavailable, "it is a replica without its master")
        case "UNBLOCKED": (code, advice) = (.unavailable, "it has become a replica meanwhile")
        case "BUSY": (code, advice) = (.unavailable, "a script runs for too long: SCRIPT KILL ends it")
        case "OOM": (code, advice) = (.full, "it has reached maxmemory: raise it, or let workers catch up")
        case "MISCONF": (code, advice) = (.full, "it cannot write to its disk")
        case "NOAUTH": (code, advice) = (.misconfigured, "it asks for a password: put it into the URL")
        case "WRONGPASS": (code, advice) = (.misconfigured, "it refuses user and password of the URL")
        case "NOPERM": (code, advice) = (.misconfigured, "its access list denies the user something we need")
        case "WRONGTYPE": (code, advice) = (.misconfigured, "one of our keys holds something else")
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
            (code, advice) = (.misconfigured, "it is a cluster: name a server without cluster mode, or sentinels")
        case "NOREPLICAS": (code, advice) = (.unavailable, "it has fewer replicas than min-replicas-to-write asks for")
        default:
            code = error.message.hasPrefix("ERR max number of clients") ? .unavailable : .unsupported
            advice = code == .unavailable ? "it has no room for another connection" : "it refused a command"
        }
        return TransportError(code, "Redis at \(location): \(advice)", cause: error)
    }

    /// A sentinel's user and password are not those of the URL.
    static func sentinelError(_ error: RESPError, at sentinel: RedisConfiguration.Endpoint) -> TransportError {
        let advice: String
        switch error.code {
        case "NOAUTH": advice = "it asks for a password: put it into sentinel_kwargs of the transport options"
        case "WRONGPASS": advice = "it refuses username and password of sentinel_kwargs in the transport options"
        default: return self.error(error, at: "sentinel \(sentinel)")
        }
        return TransportError(.misconfigured, "sentinel \(sentinel): \(advice)", cause: error)
    }

    /// The first error among replies, those inside a transaction included.
    static func first(in replies: [RESPValue]) -> RESPError? {
        // A command refused while queueing explains more than the EXECABORT that follows from it.
        for reply in replies {
            if let error = reply.error { return error }
        }
        for case .array(let inner) in replies {
            if let error = inner.lazy.compactMap(\.error).first { return error }
        }
        return nil
    }
}

extension RESPError: CustomStringConvertible {
    var description: String { message }
}

extension TimeAmount {
    /// Longer than a century is a century, so that it can be added to the present.
    init(_ duration: Duration) {
        let century = Duration.seconds(3_155_760_000)
        let (seconds, attoseconds) = min(max(duration, .zero - century), century).components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
#endif
