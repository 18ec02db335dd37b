//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a frame between a pool and its child says.
///
/// **Shape:** four bytes with the length of what follows, little-endian; one byte with the kind; the fields in the order
/// of their coder. Both ends are the same executable, so there is no version to negotiate.
enum FrameKind: UInt8, Sendable {
    // Data socket, to the child.
    case job = 1
    /// Path of the start journal that the permits of the jobs behind it belong to.
    case journal = 11
    // Data socket, to the parent.
    case hello = 2
    case accepted = 3
    /// It could not take the job's permit.
    case declined = 12
    case outcome = 4
    // Control socket, to the child.
    case welcome = 5
    case cancel = 6
    case stop = 7
    case reply = 8
    // Control socket, to the parent.
    case request = 9
    case abandon = 10
}

/// Why bytes are no frame, or a frame not what it should be. Always a bug or a damaged process, never the user's input.
struct FrameError: Error, Sendable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Bounds of frames.
enum FrameLimit {
    /// Bytes of one frame, unless configured otherwise: 256 MiB.
    static let standard = 256 << 20
    /// Bytes before the fields.
    static let header = 5
    /// Depth of nested values.
    static let depth = 512
}
