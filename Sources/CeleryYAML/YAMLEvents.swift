//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
internal import CYaml
internal import CeleryWire

/// One event of libyaml, copied out of its memory.
enum YAMLEvent {
    case alias(String, offset: Int)
    case scalar(YAMLScalar)
    case sequenceStart(anchor: String?, tag: String?, offset: Int)
    case sequenceEnd
    case mappingStart(anchor: String?, tag: String?, offset: Int)
    case mappingEnd
    case documentStart
    /// The end of the document or of the stream.
    case end
    /// The start of the stream.
    case streamStart
}

struct YAMLScalar {
    var text: String
    var tag: String?
    var anchor: String?
    /// Neither quoted nor a block, so its form decides the type.
    var isPlain: Bool
    var offset: Int
}

/// libyaml's event parser. Yams' own composer is not used: it builds the tree before any limit could be checked, and
/// hashes mapping keys, which nested aliases make exponential.
final class YAMLEventSource {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// The bytes must outlive the source.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    func next() throws(WireError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let offset = Int(event.start_mark.index)
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_ALIAS_EVENT: return .alias(Self.string(event.data.alias.anchor) ?? "", offset: offset)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            return .scalar(
                YAMLScalar(
                    text: try Self.string(scalar.value, count: Int(scalar.length), offset),
                    tag: Self.string(scalar.tag),
                    anchor: Self.string(scalar.anchor),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                    offset: offset
                )
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(anchor: Self.string(start.anchor), tag: Self.string(start.tag), offset: offset)
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(anchor: Self.string(start.anchor), tag: Self.string(start.tag), offset: offset)
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .end
        }
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func string(
        _ pointer: UnsafeMutablePointer<yaml_char_t>?,
        count: Int,
        _ offset: Int
    ) throws(WireError) -> String {
        let bytes = UnsafeBufferPointer(start: pointer, count: count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WireError(.malformed, "YAML scalar is not UTF-8", offset: offset)
        }
        return text
    }

    private func problem() -> WireError {
        let text = parser.pointee.problem.map { String(cString: $0) } ?? "unreadable YAML"
        let offset = Int(parser.pointee.problem_mark.index)
        let isLimit = text.hasPrefix("Maximum nesting") || parser.pointee.error == YAML_MEMORY_ERROR
        return WireError(isLimit ? .limitExceeded : .malformed, "YAML: \(text)", offset: offset)
    }
}
#endif
