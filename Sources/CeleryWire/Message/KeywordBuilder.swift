//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Collects keyword arguments: a name given twice keeps its first place and its last value.
struct KeywordBuilder {
    private(set) var keywords: [TaskBody.Keyword] = []
    private var index: [String: Int] = [:]

    @inline(__always)
    mutating func set(_ name: String, _ value: EncodedValue) {
        let place: Int?
        if keywords.count < 12 {
            place = keywords.firstIndex { $0.name == name }
        } else {
            if index.isEmpty { for (place, keyword) in keywords.enumerated() { index[keyword.name] = place } }
            place = index[name]
        }
        if let place {
            keywords[place].value = value
        } else {
            if !index.isEmpty { index[name] = keywords.count }
            keywords.append(TaskBody.Keyword(name, value))
        }
    }
}
