//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The members of an object on a tape, found by name.
struct JSONMembers {
    let decoder: JSONDecoding
    /// Value nodes by key, only for objects of many members.
    private let index: [String: Int]?

    /// Objects with more members than this get an index, so that looking up every key stays linear.
    private static let scanned = 16

    init(_ decoder: JSONDecoding) {
        self.decoder = decoder
        guard decoder.tape.nodes[decoder.node].detail > Self.scanned else {
            index = nil
            return
        }
        var index: [String: Int] = [:]
        Self.forEach(decoder) { key in
            if let name = try? decoder.tape.string(key) { index[name] = key + 1 }
        }
        self.index = index
    }

    /// Visits the nodes of the keys. Each value follows its key.
    @inline(__always)
    private static func forEach(_ decoder: JSONDecoding, _ body: (_ key: Int) -> Void) {
        decoder.tape.nodes.withUnsafeBufferPointer { nodes in
            let end = Int(nodes[decoder.node].next)
            var key = decoder.node + 1
            while key < end {
                body(key)
                key = Int(nodes[key + 1].next)
            }
        }
    }

    /// The node of the value, the last one of its name.
    func find(_ name: String) -> Int? {
        if let index { return index[name] }
        var name = name
        return name.withUTF8 { wanted in
            let fingerprint = Fingerprint(wanted)
            var found: Int?
            Self.forEach(decoder) { key in
                if decoder.tape.isKey(key, wanted, fingerprint) { found = key + 1 }
            }
            return found
        }
    }

    /// The names in their order, none twice.
    var names: [String] {
        var names: [String] = []
        var seen: Set<String> = []
        Self.forEach(decoder) { key in
            if let name = try? decoder.tape.string(key), seen.insert(name).inserted { names.append(name) }
        }
        return names
    }

    func missing(_ key: any CodingKey) -> DecodingError {
        let text = "key '\(key.stringValue)' is missing"
        return .keyNotFound(key, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: text))
    }
}
