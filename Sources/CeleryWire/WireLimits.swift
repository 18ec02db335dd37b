//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What hostile input may cost at most. Every decoder takes one.
public struct WireLimits: Sendable, Equatable {
    /// Bytes of one message as it arrives. Default 64 MiB.
    public var messageSize: Int
    /// Depth of nested arrays and objects. Default 128.
    public var nestingDepth: Int
    /// Bytes of a body after decompression. Default 256 MiB.
    public var decompressedSize: Int
    /// Aliases that one YAML document may use. Default 100.
    public var yamlAliases: Int
    /// Digits of one integer. Default 4300, as in Python.
    public var integerDigits: Int

    public init(
        messageSize: Int = 64 << 20,
        nestingDepth: Int = 128,
        decompressedSize: Int = 256 << 20,
        yamlAliases: Int = 100,
        integerDigits: Int = 4300
    ) {
        self.messageSize = messageSize
        self.nestingDepth = nestingDepth
        self.decompressedSize = decompressedSize
        self.yamlAliases = yamlAliases
        self.integerDigits = integerDigits
    }

    /// The defaults of every property.
    public static let standard = WireLimits()
}
