//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// One value in encoded form, decoded only when and as what somebody asks for.
///
/// Arguments and results travel as these, so that a worker's parent process and a workflow's next step
/// can pass them on without decoding them. JSON keeps its bytes; other serializers keep a ``CeleryValue``.
public struct EncodedValue: Sendable, Equatable {
    package enum Storage: Sendable, Equatable {
        /// The exact bytes of one JSON value, without surrounding white space.
        case json(ArraySlice<UInt8>)
        case value(CeleryValue)
    }

    package var storage: Storage

    package init(storage: Storage) { self.storage = storage }

    /// Wraps the bytes of exactly one valid JSON value. Not checked: for text that a decoder has validated.
    package init(validatedJSON json: ArraySlice<UInt8>) { storage = .json(json) }

    /// A value that is already dynamic.
    public init(_ value: CeleryValue) { storage = .value(value) }

    /// The JSON value `null`.
    public static let null = EncodedValue(.null)
}
