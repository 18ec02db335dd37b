//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Why a pool could not start or go on.
public struct PoolError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, in kind.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case childrenDieAtStart, noResources, alreadyRun
        }

        private let kind: Kind

        /// Child processes ended, or said nothing, before they could take a task; look at what they print.
        public static let childrenDieAtStart = Code(kind: .childrenDieAtStart)
        /// The system refused a thread, a process or a file descriptor; raise the limit or use fewer slots.
        public static let noResources = Code(kind: .noResources)
        /// `run` was called twice; make a new pool.
        public static let alreadyRun = Code(kind: .alreadyRun)

        public var description: String { kind.rawValue }
    }

    public var code: Code
    /// For a person: what was tried, and the way out.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(message) [\(code)]" }
}
