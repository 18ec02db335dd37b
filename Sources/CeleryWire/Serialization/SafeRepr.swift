//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Celery's shortened `repr`: text is quoted but not escaped, three levels are shown, and once the length is used up
/// only the brackets that are open get closed. Lengths count Unicode scalars, as Python does.
///
/// Source: what Celery 5.7 writes as `argsrepr` and `kwargsrepr`.
struct SafeRepr {
    private(set) var output = ""
    private let maxLength: Int
    private var left: Int
    private var level = 0
    /// Set when `, ...` has been written: from then on only closing brackets come.
    private var isCut = false

    private let maxLevels: Int

    /// - Parameter maxLevels: Containers deeper than that are shown as `...` in their brackets.
    init(maxLength: Int, maxLevels: Int) {
        self.maxLevels = maxLevels
        self.maxLength = maxLength
        left = maxLength
    }

    mutating func tuple(_ values: [EncodedValue]) {
        container("(", values.count == 1 ? ",)" : ")", values) { $0.encoded($1) }
    }

    mutating func dictionary(_ values: [TaskBody.Keyword]) {
        container("{", "}", values) { safe, keyword in
            safe.key(keyword.name)
            safe.token(": ")
            safe.encoded(keyword.value)
        }
    }

    /// Whether another token may be shown; the first that may not is replaced by `, ...`.
    private mutating func hasRoom() -> Bool {
        guard !isCut else { return false }
        if left > 0 { return true }
        output += ", ..."
        isCut = true
        return false
    }

    private mutating func token(_ text: String) {
        guard hasRoom() else { return }
        show(text)
    }

    private mutating func show(_ text: String) {
        output += text
        left -= text.unicodeScalars.count
    }

    private mutating func container<Element>(
        _ open: String,
        _ close: String,
        _ elements: some Collection<Element>,
        _ element: (inout SafeRepr, Element) -> Void
    ) {
        if level >= maxLevels { return token("\(open)...\(close)") }
        token(open)
        // One that opens after the cut is not shown, nor is its end.
        guard !isCut else { return }
        level += 1
        var first = true
        for member in elements {
            if !first { token(", ") }
            first = false
            if isCut { break }
            element(&self, member)
        }
        level -= 1
        output += close
        left -= close.utf8.count
    }

    private mutating func encoded(_ value: EncodedValue) {
        guard !isCut else { return }
        switch value.storage {
        case .value(let value): self.value(value)
        case .json: self.value((try? value.value()) ?? .null)
        }
    }

    private mutating func value(_ value: CeleryValue) {
        switch value {
        case .string(let text): key(text)
        case .bytes(let bytes): if hasRoom() { show(self.bytes(bytes)) }
        case .array(let elements): container("[", "]", elements) { $0.value($1) }
        case .object(let object):
            container("{", "}", object.members) { safe, member in
                safe.key(member.key)
                safe.token(": ")
                safe.value(member.value)
            }
        default: if hasRoom() { show(truncate(PythonRepr.scalar(value))) }
        }
    }

    private mutating func key(_ text: String) {
        if hasRoom() { show(quoted(text)) }
    }

    private func quoted(_ text: String) -> String {
        let shown = truncate(text)
        guard shown.utf8.contains(UInt8(ascii: "'")) else { return "'\(shown)'" }
        return "'" + shown.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'") + "'"
    }

    /// Text that fills what is left is cut at the last space before the end.
    private func truncate(_ text: String) -> String {
        guard left > 0, text.utf8.count >= left, text.unicodeScalars.count >= left else { return text }
        let cut = String(text.unicodeScalars.prefix(left))
        guard let space = cut.unicodeScalars.lastIndex(of: " ") else { return cut + "..." }
        return String(cut[..<space]) + "..."
    }

    /// Bytes that are UTF-8 are shown as text, others in hexadecimal digits.
    private func bytes(_ bytes: [UInt8]) -> String {
        let cut = bytes.count > left
        let shown = Array(cut ? bytes.prefix(max(0, left)) : bytes[...])
        let text =
            String(validating: shown, as: UTF8.self)
            ?? String(decoding: shown.flatMap { [Hex.digit($0 >> 4), Hex.digit($0 & 15)] }, as: UTF8.self)
        return "b'\(text)\(cut ? "..." : "")'"
    }
}
