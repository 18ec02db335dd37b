//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// What a child asks of its parent.
enum ServiceCall: Sendable {
    case publish([OutgoingMessage], timeout: Duration)
    case revoke([Revocation])
    case revokedAmong([String])
    case revocationsAfter(Int64)
    case store([StoredResult], timeout: Duration)
    case fetch([String], timeout: Duration)
    case wait(String, timeout: Duration)
    case forget([String])
    case startChords([ChordStart], timeout: Duration)
    case extendChord(String, by: Int, addition: String, timeout: Duration)
    case storeGroup(String, CeleryValue, expires: Duration?)
    case fetchGroup(String)
    case forgetGroup(String)
    case removeExpired
    case broadcast([BroadcastMessage], kind: Exchange.Kind, timeout: Duration)

    /// Whether it changes something, so that a run may not end before it did.
    var isMutating: Bool {
        switch self {
        case .publish, .revoke, .store, .forget, .startChords, .extendChord, .storeGroup, .forgetGroup, .removeExpired,
            .broadcast:
            true
        case .revokedAmong, .revocationsAfter, .fetch, .wait, .fetchGroup: false
        }
    }
}

/// What the parent answers.
enum ServiceReply: Sendable {
    case done
    case failure(TransportError)
    case metas([TaskMeta])
    case meta(TaskMeta?)
    case group(CeleryValue?)
    case count(Int)
    case ids(Set<String>)
    case revocations([Revocation], cursor: Int64)
}

/// What a child is told about the parent's connections before it starts.
struct ServiceFacts: Sendable, Equatable {
    var capabilities: TransportCapabilities
    var brokerLocation: String
    var brokerIdentity: StoreIdentity?
    var keepsRevocations: Bool
    var backendLocation: String
    var backendIdentity: StoreIdentity?
    var countsChords: Bool

    init(_ services: PoolServices) {
        capabilities = services.transport.capabilities
        brokerLocation = services.transport.location
        brokerIdentity = services.transport.storeIdentity
        keepsRevocations = services.transport.revocations != nil
        backendLocation = services.backend.location
        backendIdentity = services.backend.storeIdentity
        countsChords = services.backend.chords != nil
    }

    init(
        capabilities: TransportCapabilities,
        brokerLocation: String,
        brokerIdentity: StoreIdentity?,
        keepsRevocations: Bool,
        backendLocation: String,
        backendIdentity: StoreIdentity?,
        countsChords: Bool = false
    ) {
        self.capabilities = capabilities
        self.brokerLocation = brokerLocation
        self.brokerIdentity = brokerIdentity
        self.keepsRevocations = keepsRevocations
        self.backendLocation = backendLocation
        self.backendIdentity = backendIdentity
        self.countsChords = countsChords
    }
}
