//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The decoded body of a task message: `[args, kwargs, embed]`.
public struct TaskBody: Sendable, Equatable {
    public var arguments: [EncodedValue]
    /// Keyword arguments in the order of the wire; no key twice.
    public var keywords: [Keyword]
    public var embed: Embed

    /// One keyword argument.
    public struct Keyword: Sendable, Equatable {
        public var name: String
        public var value: EncodedValue

        public init(_ name: String, _ value: EncodedValue) {
            self.name = name
            self.value = value
        }
    }

    /// What runs after the task.
    public struct Embed: Sendable, Equatable {
        public var callbacks: [Signature]
        public var errbacks: [Signature]
        /// Nil and empty differ on the wire: the last step of a chain carries an empty list.
        public var chain: ChainSteps?
        public var chord: Signature?

        public init(
            callbacks: [Signature] = [],
            errbacks: [Signature] = [],
            chain: ChainSteps? = nil,
            chord: Signature? = nil
        ) {
            self.callbacks = callbacks
            self.errbacks = errbacks
            self.chain = chain
            self.chord = chord
        }
    }

    public init(arguments: [EncodedValue] = [], keywords: [Keyword] = [], embed: Embed = Embed()) {
        self.arguments = arguments
        self.keywords = keywords
        self.embed = embed
    }
}
