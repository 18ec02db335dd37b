//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
/// Writes Prometheus's text exposition format, version 0.0.4.
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Families in the order given; of several with one name only the first, for a page with two is refused as a whole.
    static func write(_ families: [MetricFamily]) -> String {
        var text = ""
        var seen: Set<String> = []
        for family in families where !family.samples.isEmpty && seen.insert(family.name).inserted {
            write(family, to: &text)
        }
        return text
    }

    private static func write(_ family: MetricFamily, to text: inout String) {
        if !family.help.isEmpty { text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n" }
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            text += family.name
            text += sample.suffix
            if !sample.labels.isEmpty {
                text += "{"
                for (index, label) in sample.labels.enumerated() {
                    text += "\(index > 0 ? "," : "")\(label.name)=\"\(escaped(label.value, quotes: true))\""
                }
                text += "}"
            }
            text += " \(number(sample.value))\n"
        }
    }

    /// As Prometheus reads numbers: `12`, `0.25`, `+Inf`, `NaN`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), abs(value) < 9_007_199_254_740_992 { return "\(whole)" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
#endif
