//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// Deliveries to be marked as begun, or as permitted to begin.
struct BeginRequest {
    var marks: [(tag: UInt64, mark: HeldMark)]
    var deadline: NIODeadline
    var completion: (TransportError?) -> Void
    /// Its caller was told that it failed.
    var isAbandoned = false
}

/// Deliveries to be settled together.
struct SettleRequest {
    var dispositions: [(tag: UInt64, Settlement.Disposition)]
    /// What is published and stored with it, already in the form in which it is sent.
    var commands: RedisCommands
    /// How many messages it puts into which lists at once.
    var pushes: [String: Int] = [:]
    /// When the first of what is published is due, of those that are parked; microseconds since 1970.
    var due: Int64?
    var deadline: NIODeadline
    var completion: (TransportError?) -> Void
    /// Its caller was told that it failed.
    var isAbandoned = false
}

/// What goes to the server in one transaction: all of it takes effect, or nothing.
struct Round {
    /// Goes into the fence, so that its fate can be told after a connection broke.
    var number: Int
    var filed: [UInt64] = []
    var begins: [BeginRequest] = []
    var settles: [SettleRequest] = []
    /// The answers in the transaction that belong to each of ``settles``.
    var answers: [Range<Int>] = []
    var fetch = Fetch()
    /// So many of the first that it fetches may start without a mark.
    var starting = 0
    /// What it notes of the message that the fetch which waits will bring.
    var note: (tag: UInt64, place: Int, mayStart: Bool)?
    /// Where in the transaction the fetch's answers begin.
    var fetchStart = 0
    /// The epoch's end.
    var isClose = false
    var commands = RedisCommands(capacity: 4096)

    /// Fails the callers whose time is over, or all; what became of it is decided when there is a connection again.
    mutating func abandon(_ error: TransportError, before now: NIODeadline? = nil) {
        for index in begins.indices
        where !begins[index].isAbandoned && now.map({ begins[index].deadline <= $0 }) ?? true {
            begins[index].isAbandoned = true
            begins[index].completion(error)
        }
        for index in settles.indices
        where !settles[index].isAbandoned && now.map({ settles[index].deadline <= $0 }) ?? true {
            settles[index].isAbandoned = true
            settles[index].completion(error)
        }
    }
}
#endif
