//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// What is known of a worker from its events.
public struct WorkerRecord: Sendable, Equatable {
    /// Heartbeats that are remembered.
    static let heartbeatLimit = 4

    public var hostname: String
    public internal(set) var pid: Int?
    /// Seconds between two heartbeats.
    public internal(set) var frequency = 60.0
    /// The last ones, by this machine's clock.
    public internal(set) var heartbeats: [Timestamp] = []
    public internal(set) var lastHeard = Timestamp(microseconds: 0)
    /// Logical time of the last event.
    public internal(set) var clock = 0
    public internal(set) var active: Int?
    public internal(set) var processed: Int?
    public internal(set) var loadAverage: [Double] = []
    public internal(set) var softwareIdentity: String?
    public internal(set) var softwareVersion: String?
    public internal(set) var softwareSystem: String?

    public init(hostname: String) { self.hostname = hostname }

    /// Whether it is there: it has sent a heartbeat, and not longer ago than two of them take.
    public func isAlive(at now: Timestamp = .now) -> Bool {
        guard let last = heartbeats.last else { return false }
        return now.since(last) < .bounded(seconds: max(0.1, min(frequency, 1e6)) * 2)
    }

    /// By when it was heard here, not by its own clock: that may be wrong. Nor by its logical time: brokers keep the order of
    /// what one worker tells, and a worker that was started anew begins at 0, whether or not it was heard to come online.
    mutating func apply(_ event: CeleryEvent) {
        lastHeard = max(lastHeard, event.localReceived)
        clock = event.clock
        pid = event.pid ?? pid
        frequency = event.fields["freq"]?.number ?? frequency
        active = event.fields["active"]?.whole ?? active
        processed = event.fields["processed"]?.whole ?? processed
        softwareIdentity = event.fields["sw_ident"]?.text ?? softwareIdentity
        softwareVersion = event.fields["sw_ver"]?.text ?? softwareVersion
        softwareSystem = event.fields["sw_sys"]?.text ?? softwareSystem
        if case .array(let load)? = event.fields["loadavg"] { loadAverage = load.compactMap(\.number) }
        if event.type == "worker-offline" {
            heartbeats = []
        } else {
            heartbeats.append(event.localReceived)
            if heartbeats.count > Self.heartbeatLimit { heartbeats.removeFirst() }
        }
    }
}
