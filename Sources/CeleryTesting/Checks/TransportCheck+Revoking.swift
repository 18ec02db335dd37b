//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let revoking: [TransportCheck] = [
        TransportCheck("revoked ids are known until they expire") { harness in
            guard let store = harness.transport.revocations else { return }
            let soon = harness.time.now.advanced(by: .seconds(8))
            let later = harness.time.now.advanced(by: .seconds(3600))
            try await store.revoke([
                Revocation(taskID: "short", expires: soon), Revocation(taskID: "long", expires: later),
            ])
            try requireEqual(try await store.revoked(among: ["short", "long", "other"]), ["short", "long"])
            try await harness.pass(.milliseconds(8001))
            try requireEqual(try await store.revoked(among: ["short", "long"]), ["long"])
        },
        TransportCheck("revocations can be followed with a cursor") { harness in
            guard let store = harness.transport.revocations else { return }
            let later = harness.time.now.advanced(by: .seconds(3600))
            let first = Revocation(taskID: "a", terminate: true, signal: "SIGKILL", expires: later)
            try await store.revoke([first])
            let (entries, cursor) = try await store.revocations(after: 0)
            try requireEqual(entries, [first])
            let second = Revocation(taskID: "b", expires: later)
            try await store.revoke([second])
            let (newer, next) = try await store.revocations(after: cursor)
            try requireEqual(newer, [second])
            try requireEqual(try await store.revocations(after: next).entries, [])
        },
        TransportCheck("what a revocation says comes back whatever its signal") { harness in
            guard let store = harness.transport.revocations else { return }
            let later = harness.time.now.advanced(by: .seconds(3600))
            let revocations = ["SIGUSR1", "", "9"]
                .map { signal in
                    Revocation(taskID: "by \(signal)", terminate: true, signal: signal, expires: later)
                }
            try await store.revoke(revocations)
            try requireEqual(try await store.revocations(after: 0).entries, revocations)
            let ids = revocations.map(\.taskID)
            try requireEqual(try await store.revoked(among: ids), Set(ids))
        },
        TransportCheck("many revocations are all found by a follower, whose cursor stays in the end") { harness in
            guard let store = harness.transport.revocations else { return }
            let later = harness.time.now.advanced(by: .seconds(3600))
            let ids = (0..<6000).map { "revoked-\($0)" }
            try await store.revoke(ids.map { Revocation(taskID: $0, expires: later) })
            var found: [String] = []
            var cursor: Int64 = 0
            while true {
                let (entries, next) = try await store.revocations(after: cursor)
                guard next != cursor else { break }
                found += entries.map(\.taskID)
                cursor = next
            }
            try requireEqual(found, ids)
        },
        TransportCheck("revoking again tells the followers again") { harness in
            guard let store = harness.transport.revocations else { return }
            let later = harness.time.now.advanced(by: .seconds(3600))
            try await store.revoke([Revocation(taskID: "a", expires: later)])
            let cursor = try await store.revocations(after: 0).cursor
            let terminate = Revocation(taskID: "a", terminate: true, expires: later)
            try await store.revoke([terminate])
            try requireEqual(try await store.revocations(after: cursor).entries, [terminate])
            try requireEqual(try await store.revocations(after: 0).entries, [terminate], "the newest word counts")
        },
    ]
}
