//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryWire

/// Where a chord's counters lie; the same keys as Python's.
struct ChordKeys {
    /// The results of a saved group, or of a nested header.
    let group: String

    init(_ groupID: String, prefix: String) { group = prefix + StoredGroup.keyPrefix + groupID }

    /// Counted parts: a sorted set by index in the header, or a list.
    var parts: String { group + ".j" }
    /// How many parts came to the chord after it was sent.
    var extra: String { group + ".t" }
    /// How many parts it was sent with.
    var size: String { group + ".s" }
    /// `task id:index` of what was counted; not written by Celery 5.6.
    var seen: String { group + ".d" }
    /// What is in ``extra``, as far as we added it, by name; unknown to Celery. Means nothing where ``extra`` is not there.
    var additions: String { group + ".a" }
    /// Who sends the body, then `done`; unknown to Celery 5.6.
    var claim: String { group + ".c" }
}
#endif
