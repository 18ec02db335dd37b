//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension PythonRepr {
    /// `'it'`, or `"it's"`: single quotes unless only they occur; what cannot be printed is escaped.
    static func quoted(_ text: String) -> String {
        let double = text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(UInt8(ascii: "\""))
        let quote: Unicode.Scalar = double ? "\"" : "'"
        var output = String.UnicodeScalarView([quote])
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": output.append(contentsOf: ["\\", scalar])
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\r": output.append(contentsOf: "\\r".unicodeScalars)
            case "\t": output.append(contentsOf: "\\t".unicodeScalars)
            case _ where isPrintable(scalar): output.append(scalar)
            default: output.append(contentsOf: escape(scalar.value).unicodeScalars)
            }
        }
        output.append(quote)
        return String(output)
    }

    private static func escape(_ value: UInt32) -> String {
        value < 0x100 ? "\\x" + hex(value, 2) : value < 0x10000 ? "\\u" + hex(value, 4) : "\\U" + hex(value, 8)
    }

    private static func hex(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// Python's `str.isprintable` for one character.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value >= 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    /// `b'\xff\x00'`.
    static func bytesLiteral(_ bytes: [UInt8]) -> String {
        let double = bytes.contains(UInt8(ascii: "'")) && !bytes.contains(UInt8(ascii: "\""))
        let quote = UInt8(ascii: double ? "\"" : "'")
        var output: [UInt8] = [UInt8(ascii: "b"), quote]
        for byte in bytes {
            switch byte {
            case quote, UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): output += "\\n".utf8
            case UInt8(ascii: "\r"): output += "\\r".utf8
            case UInt8(ascii: "\t"): output += "\\t".utf8
            case 0x20..<0x7F: output.append(byte)
            default: output += ("\\x" + hex(UInt32(byte), 2)).utf8
            }
        }
        output.append(quote)
        return String(decoding: output, as: UTF8.self)
    }
}

extension PythonDateTime {
    /// `datetime.datetime(2030, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)`.
    var repr: String {
        let minutes = time / 60_000_000
        var text = "datetime.datetime(\(date.year), \(date.month), \(date.day), \(minutes / 60), \(minutes % 60)"
        text += PythonTime.seconds(time)
        return text + PythonTime.zone(offset) + ")"
    }

    /// `datetime.date(2030, 1, 2)`.
    var dateRepr: String { "datetime.date(\(date.year), \(date.month), \(date.day))" }
}

extension PythonTime {
    /// `datetime.time(3, 4, 5, 6)`.
    var repr: String {
        let minutes = time / 60_000_000
        return "datetime.time(\(minutes / 60), \(minutes % 60)" + Self.seconds(time) + Self.zone(offset) + ")"
    }

    /// Seconds and microseconds as far as they are not zero.
    static func seconds(_ time: Int) -> String {
        let seconds = time / 1_000_000 % 60
        let micros = time % 1_000_000
        if micros > 0 { return ", \(seconds), \(micros)" }
        return seconds > 0 ? ", \(seconds)" : ""
    }

    static func zone(_ offset: Int?) -> String {
        guard let offset else { return "" }
        if offset == 0 { return ", tzinfo=datetime.timezone.utc" }
        let days = offset < 0 ? "days=-1, " : ""
        let seconds = offset < 0 ? offset + 86_400 : offset
        return ", tzinfo=datetime.timezone(datetime.timedelta(\(days)seconds=\(seconds)))"
    }
}
