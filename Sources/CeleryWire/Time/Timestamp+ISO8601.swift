//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension Timestamp {
    /// `2030-01-02T03:04:05.678900+00:00`: what Celery writes for an aware UTC datetime.
    public var iso8601: String { fatalError("codec") }

    /// Reads what Python's `dateutil.isoparse` accepts in messages; naive text means UTC.
    public init?(iso8601 text: String) { fatalError("codec") }
}
