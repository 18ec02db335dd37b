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
