//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging

@testable import CeleryRedis

extension RedisConfiguration {
    /// Of URLs separated by semicolons, without a log.
    init(testing url: String, _ options: CeleryObject = [:]) throws {
        let urls = try BrokerURL.list(url)
        try self.init(
            PluginContext(
                url: urls[0],
                alternates: Array(urls.dropFirst()),
                codec: WireCodec(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                options: options
            )
        )
    }
}
#endif
