//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// One revoked task id.
public struct Revocation: Sendable, Hashable {
    public var taskID: String
    /// Whether a running attempt is to be ended too.
    public var terminate: Bool
    /// Signal for a child process, Python's spelling: `SIGTERM`.
    public var signal: String
    /// Forgotten after that. Celery keeps revokes for three hours.
    public var expires: Timestamp

    public init(taskID: String, terminate: Bool = false, signal: String = "SIGTERM", expires: Timestamp) {
        self.taskID = taskID
        self.terminate = terminate
        self.signal = signal
        self.expires = expires
    }
}

/// Revoked ids that every worker on the store can see.
public protocol RevocationStore: Sendable {
    /// Whether they are still there when all processes have ended; default true. Where not, a worker keeps those that it
    /// knows in the file of `--statedb`.
    var survivesRestart: Bool { get }
    func revoke(_ revocations: [Revocation]) async throws(TransportError)
    /// Those of the ids that are revoked and not expired.
    func revoked(among ids: [String]) async throws(TransportError) -> Set<String>
    /// Revocations newer than a cursor (0 at first), with the cursor to go on from. Not all of many at once: there are no more when
    /// the cursor stays where it was.
    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64)
}

extension RevocationStore {
    public var survivesRestart: Bool { true }
}
