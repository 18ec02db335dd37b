//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Configuration

/// A settings file for swift-configuration: one object with Celery's setting names, in JSON or YAML.
///
/// Unlike the snapshots of swift-configuration it keeps nested values (routes, queues) and knows all of its keys, so that
/// an unknown one can be refused.
struct SettingsFileSnapshot: FileConfigSnapshot {
    /// How the bytes of the file are read.
    struct ParsingOptions: FileParsingOptions {
        var parse: @Sendable ([UInt8]) throws -> CeleryValue

        static let `default` = ParsingOptions { bytes in
            guard let value = CeleryValue(settingJSON: String(decoding: bytes, as: UTF8.self)) else {
                throw CommandFailure("it is not JSON")
            }
            return value
        }
    }

    let providerName: String
    let settings: CeleryObject

    init(data: RawSpan, providerName: String, parsingOptions: ParsingOptions) throws {
        self.providerName = providerName
        let bytes = data.withUnsafeBytes { [UInt8]($0) }
        guard case .object(let settings) = try parsingOptions.parse(bytes) else {
            throw CommandFailure("it has to be one object of settings: {\"task_acks_late\": true}")
        }
        self.settings = settings
    }

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let name = key.components.joined(separator: "_")
        let value = settings[name].map { ConfigValue(.string($0.settingJSON), isSecret: false) }
        return LookupResult(encodedKey: name, value: value)
    }

    var description: String { "\(providerName)[\(settings.count) settings]" }
    var debugDescription: String { description }
}
