//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// An error met while turning bytes into values or values into bytes.
///
/// Decoding is total: any input gives a value or one of these.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in kind.
    public struct Code: Sendable, Equatable, Hashable, CustomStringConvertible {
        enum Kind: String {
            case malformed, limitExceeded, unsupported, contentDisallowed, typeMismatch, missingValue, unencodable
        }

        let kind: Kind

        /// The bytes are not what they claim to be (truncated, bad escape, unknown tag, wrong body shape).
        public static let malformed = Code(kind: .malformed)
        /// A limit of ``WireLimits`` was reached; raise it if the input is legitimate.
        public static let limitExceeded = Code(kind: .limitExceeded)
        /// The serializer or compression is not known here; register or enable it.
        public static let unsupported = Code(kind: .unsupported)
        /// The serializer is known but not in `accept_content`.
        public static let contentDisallowed = Code(kind: .contentDisallowed)
        /// A value is there but of another type than the one asked for.
        public static let typeMismatch = Code(kind: .typeMismatch)
        /// A required key or element is absent.
        public static let missingValue = Code(kind: .missingValue)
        /// A Swift value has no form on the wire.
        public static let unencodable = Code(kind: .unencodable)

        public var description: String { kind.rawValue }
    }

    /// What went wrong, in kind.
    public var code: Code
    /// What went wrong, for a person: names the value, what was expected and what was found.
    public var message: String
    /// Byte offset into the input, when known.
    public var offset: Int?

    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    public var description: String {
        offset.map { "\(code): \(message) (at byte \($0))" } ?? "\(code): \(message)"
    }
}
