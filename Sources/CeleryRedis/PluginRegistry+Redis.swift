//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
public import CeleryCore

extension PluginRegistry {
    /// Serves `redis://`, `rediss://` (TLS), `redis+socket://`, `socket://`, `unix://` and `sentinel://`, as broker and as result backend.
    public mutating func registerRedis() {
        for scheme in RedisConfiguration.schemes {
            register(transport: scheme) { context throws(TransportError) in try RedisTransport(context) }
            register(backend: scheme) { context throws(TransportError) in try RedisResultBackend(context) }
        }
    }
}
#endif
