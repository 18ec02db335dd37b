//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
/// How deliveries are numbered: the epoch in the upper bits, so that an epoch's rows lie together and nobody can settle
/// another's, and a count in the lower 40, enough for half a year at fifty thousand a second.
enum HeldTag {
    private static let bits: Int64 = 40

    static func tag(epoch: Int64, count: Int64) -> Int64 { epoch << bits | count }
    static func epoch(of tag: Int64) -> Int64 { tag >> bits }
    static func first(of epoch: Int64) -> Int64 { epoch << bits }
    static func end(of epoch: Int64) -> Int64 { (epoch + 1) << bits }
}

/// What `held.begun` says; what has started is in the epoch's start journal.
enum HeldState {
    static let held: Int64 = 0
    /// An obituary: it stays one until it is settled.
    static let obituary: Int64 = 3
}
#endif
