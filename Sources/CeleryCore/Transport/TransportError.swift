//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// An error of a broker or of a result store.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, in kind.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String {
            case unavailable, timedOut, epochLost, notFound, notHeld, misconfigured, full, closed, unsupported
        }

        let kind: Kind

        /// The store cannot be reached, or broke off; trying again later may help.
        public static let unavailable = Code(kind: .unavailable)
        /// No answer before the deadline; whether it took effect is not known.
        public static let timedOut = Code(kind: .timedOut)
        /// This consumer was declared dead and its deliveries were given to others; open a new one.
        public static let epochLost = Code(kind: .epochLost)
        /// The named queue, exchange or message does not exist.
        public static let notFound = Code(kind: .notFound)
        /// This consumer does not hold the delivery: it was settled before. Unlike ``notFound`` it says nothing against what was to
        /// be sent.
        public static let notHeld = Code(kind: .notHeld)
        /// The URL or an option is wrong; trying again will not help.
        public static let misconfigured = Code(kind: .misconfigured)
        /// The store refuses to grow (disk full, memory limit); trying again later may help.
        public static let full = Code(kind: .full)
        /// It was shut down.
        public static let closed = Code(kind: .closed)
        /// This store cannot do that.
        public static let unsupported = Code(kind: .unsupported)

        public var description: String { kind.rawValue }
    }

    public var code: Code
    /// For a person: names the store (without its password), what was tried and the way out.
    public var message: String
    /// What the store's own library said.
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same call may succeed later without anybody changing anything else.
    public var isTransient: Bool { code == .unavailable || code == .timedOut || code == .full || code == .epochLost }

    public var description: String { cause.map { "\(message) [\(code): \($0)]" } ?? "\(message) [\(code)]" }
}
