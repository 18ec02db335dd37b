//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
/// Makes names that Prometheus takes of whatever a program calls its metrics.
enum MetricName {
    /// A counter's ends in `_total`, a timer's in `_seconds`.
    enum Ending: String {
        case none = ""
        case total = "_total"
        case seconds = "_seconds"
    }

    static func of(_ label: String, ending: Ending = .none) -> String {
        let name = legal(label, colons: true)
        return name.hasSuffix(ending.rawValue) ? name : name + ending.rawValue
    }

    /// Sorted by name, so that the same labels in another order are the same series; the first of two that become one name.
    ///
    /// - Parameter reserved: A name that the series needs itself.
    static func labels(_ dimensions: [(String, String)], reserved: String? = nil) -> [MetricFamily.Label] {
        var seen: Set<String> = []
        var labels: [MetricFamily.Label] = []
        for (name, value) in dimensions {
            var name = legal(name, colons: false)
            // Names that begin with two underscores are Prometheus's own.
            if name == reserved || name.hasPrefix("__") { name = "exported_" + name.drop { $0 == "_" } }
            if seen.insert(name).inserted { labels.append(MetricFamily.Label(name, value)) }
        }
        return labels.sorted { $0.name < $1.name }
    }

    /// Letters, digits and underscores, not beginning with a digit.
    private static func legal(_ text: String, colons: Bool) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: name.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x3A where colons: name.append(":")
            default: name.append("_")
            }
        }
        return name.isEmpty || name.utf8.first.map { (0x30...0x39).contains($0) } == true ? "_" + name : name
    }
}
#endif
