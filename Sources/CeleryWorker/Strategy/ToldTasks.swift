//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Tasks with an ETA that this worker has told of as received, and put back until their time: it does not tell of them again when they
/// come. Another worker that takes one of them then does, as of one that it has from a worker that died.
struct ToldTasks: Sendable {
    /// So many are remembered; of further ones it is told twice.
    static let limit = 50_000
    /// Others may have taken those that are remembered, which nobody hears of.
    private static let patience = Duration.seconds(60)

    private var due: [String: Timestamp] = [:]

    /// A retry has the same id and another time.
    private static func key(_ headers: TaskHeaders) -> String { "\(headers.id) \(headers.eta ?? "")" }

    /// It is put back; whether it is to be told of.
    mutating func postpone(_ headers: TaskHeaders, until time: Timestamp, now: Timestamp) -> Bool {
        let key = Self.key(headers)
        guard due[key] == nil else { return false }
        if due.count >= Self.limit { due = due.filter { $0.value.advanced(by: Self.patience) > now } }
        if due.count < Self.limit { due[key] = time }
        return true
    }

    /// It is here to run; whether it was told of.
    mutating func take(_ headers: TaskHeaders) -> Bool {
        headers.eta != nil && !due.isEmpty && due.removeValue(forKey: Self.key(headers)) != nil
    }
}
