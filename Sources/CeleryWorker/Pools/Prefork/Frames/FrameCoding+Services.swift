//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension FrameEncoder {
    mutating func call(_ call: ServiceCall) {
        switch call {
        case .publish(let messages, let timeout):
            byte(0)
            list(messages) { $0.outgoing($1) }
            duration(timeout)
        case .revoke(let revocations):
            byte(1)
            list(revocations) { $0.revocation($1) }
        case .revokedAmong(let ids):
            byte(2)
            list(ids) { $0.string($1) }
        case .revocationsAfter(let cursor):
            byte(3)
            int(cursor)
        case .store(let results, let timeout):
            byte(4)
            list(results) { encoder, result in
                encoder.meta(result.meta)
                encoder.optional(result.expires) { $0.duration($1) }
                encoder.optional(result.since) { $0.int($1.microseconds) }
            }
            duration(timeout)
        case .fetch(let ids, let timeout):
            byte(5)
            list(ids) { $0.string($1) }
            duration(timeout)
        case .wait(let id, let timeout):
            byte(6)
            string(id)
            duration(timeout)
        case .forget(let ids):
            byte(7)
            list(ids) { $0.string($1) }
        case .startChords(let chords, let timeout):
            byte(8)
            list(chords) { $0.chord($1) }
            duration(timeout)
        case .extendChord(let id, let count, let addition, let timeout):
            byte(9)
            string(id)
            int(count)
            string(addition)
            duration(timeout)
        case .storeGroup(let id, let tuple, let expires):
            byte(10)
            string(id)
            value(tuple)
            optional(expires) { $0.duration($1) }
        case .fetchGroup(let id):
            byte(11)
            string(id)
        case .forgetGroup(let id):
            byte(12)
            string(id)
        case .removeExpired: byte(13)
        case .broadcast(let messages, let kind, let timeout):
            byte(14)
            list(messages) { $0.blob($1.envelope()) }
            string(kind.rawValue)
            duration(timeout)
        }
    }

    mutating func reply(_ reply: ServiceReply) {
        switch reply {
        case .done: byte(0)
        case .failure(let error):
            byte(1)
            string(error.code.description)
            string(error.message)
            optional(error.cause.map { String(describing: $0) })
        case .metas(let metas):
            byte(2)
            list(metas) { $0.meta($1) }
        case .meta(let meta):
            byte(3)
            optional(meta) { $0.meta($1) }
        case .ids(let ids):
            byte(4)
            list(ids) { $0.string($1) }
        case .revocations(let revocations, let cursor):
            byte(5)
            list(revocations) { $0.revocation($1) }
            int(cursor)
        case .group(let tuple):
            byte(6)
            optional(tuple) { $0.value($1) }
        case .count(let count):
            byte(7)
            int(count)
        }
    }

    mutating func chord(_ chord: ChordStart) {
        string(chord.groupID)
        int(chord.size)
        optional(chord.nested) { $0.value($1) }
        optional(chord.expires) { $0.duration($1) }
        bool(chord.isAnew)
    }

    mutating func revocation(_ revocation: Revocation) {
        string(revocation.taskID)
        bool(revocation.terminate)
        string(revocation.signal)
        int(revocation.expires.microseconds)
    }

    mutating func facts(_ facts: ServiceFacts) {
        bool(facts.capabilities.delayedDelivery)
        optional(facts.capabilities.priorities) { $0.bool($1 == .zeroFirst) }
        bool(facts.capabilities.fanout)
        bool(facts.capabilities.shared)
        string(facts.brokerLocation)
        optional(facts.brokerIdentity?.name)
        bool(facts.keepsRevocations)
        string(facts.backendLocation)
        optional(facts.backendIdentity?.name)
        bool(facts.countsChords)
    }
}

extension FrameDecoder {
    mutating func call() throws(FrameError) -> ServiceCall {
        switch try byte() {
        case 0:
            let messages = try list { decoder throws(FrameError) in try decoder.outgoing() }
            return .publish(messages, timeout: try duration())
        case 1: return .revoke(try list { decoder throws(FrameError) in try decoder.revocation() })
        case 2: return .revokedAmong(try strings())
        case 3: return .revocationsAfter(try int64())
        case 4:
            let results = try list { decoder throws(FrameError) in
                var result = StoredResult(try decoder.meta(), expires: nil)
                if try decoder.bool() { result.expires = try decoder.duration() }
                if try decoder.bool() { result.since = Timestamp(microseconds: try decoder.int64()) }
                return result
            }
            return .store(results, timeout: try duration())
        case 5:
            let ids = try strings()
            return .fetch(ids, timeout: try duration())
        case 6:
            let id = try string()
            return .wait(id, timeout: try duration())
        case 7: return .forget(try strings())
        case 8:
            let chords = try list { decoder throws(FrameError) in try decoder.chord() }
            return .startChords(chords, timeout: try duration())
        case 9:
            let id = try string()
            let count = try int()
            let addition = try string()
            return .extendChord(id, by: count, addition: addition, timeout: try duration())
        case 10:
            let id = try string()
            let tuple = try value()
            return .storeGroup(id, tuple, expires: try bool() ? try duration() : nil)
        case 11: return .fetchGroup(try string())
        case 12: return .forgetGroup(try string())
        case 13: return .removeExpired
        case 14:
            let envelopes = try list { decoder throws(FrameError) in try decoder.blob() }
            let kind = Exchange.Kind(rawValue: try string())
            let timeout = try duration()
            var messages: [BroadcastMessage] = []
            for envelope in envelopes {
                do throws(WireError) {
                    messages.append(try BroadcastMessage(envelope: envelope, limits: .standard))
                } catch {
                    throw FrameError("a broadcast is no message: \(error.message)")
                }
            }
            return .broadcast(messages, kind: kind, timeout: timeout)
        case let tag: throw FrameError("no request has the tag \(tag)")
        }
    }

    mutating func reply() throws(FrameError) -> ServiceReply {
        switch try byte() {
        case 0: return .done
        case 1: return .failure(try transportError())
        case 2: return .metas(try list { decoder throws(FrameError) in try decoder.meta() })
        case 3: return .meta(try bool() ? try meta() : nil)
        case 4: return .ids(Set(try strings()))
        case 5:
            let revocations = try list { decoder throws(FrameError) in try decoder.revocation() }
            return .revocations(revocations, cursor: try int64())
        case 6: return .group(try optionalValue())
        case 7: return .count(try int())
        case let tag: throw FrameError("no reply has the tag \(tag)")
        }
    }

    mutating func chord() throws(FrameError) -> ChordStart {
        let groupID = try string()
        let size = try int()
        let nested = try optionalValue()
        let expires = try bool() ? try duration() : nil
        return ChordStart(groupID: groupID, size: size, nested: nested, expires: expires, isAnew: try bool())
    }

    private mutating func transportError() throws(FrameError) -> TransportError {
        let name = try string()
        let codes: [TransportError.Code] = [
            .unavailable, .timedOut, .epochLost, .notFound, .notHeld, .misconfigured, .full, .closed, .unsupported,
        ]
        guard let code = codes.first(where: { $0.description == name }) else {
            throw FrameError("no transport error has the code \"\(name)\"")
        }
        let message = try string()
        return TransportError(code, message, cause: try optionalString().map(ParentError.init))
    }

    mutating func revocation() throws(FrameError) -> Revocation {
        let taskID = try string()
        let terminate = try bool()
        let signal = try string()
        let expires = Timestamp(microseconds: try int64())
        return Revocation(taskID: taskID, terminate: terminate, signal: signal, expires: expires)
    }

    mutating func facts() throws(FrameError) -> ServiceFacts {
        let delayed = try bool()
        let priorities: TransportCapabilities.PriorityOrder? =
            try bool() ? (try bool() ? .zeroFirst : .highestFirst) : nil
        let fanout = try bool()
        let shared = try bool()
        let broker = try string()
        let brokerIdentity = try optionalString().map { StoreIdentity($0) }
        let keepsRevocations = try bool()
        let backend = try string()
        return ServiceFacts(
            capabilities: TransportCapabilities(
                delayedDelivery: delayed,
                priorities: priorities,
                fanout: fanout,
                shared: shared
            ),
            brokerLocation: broker,
            brokerIdentity: brokerIdentity,
            keepsRevocations: keepsRevocations,
            backendLocation: backend,
            backendIdentity: try optionalString().map { StoreIdentity($0) },
            countsChords: try bool()
        )
    }
}

/// The cause of a parent's error, as text.
struct ParentError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
