//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import CeleryWire

#if Compression
import CeleryCompression
#endif
#if SQLite
import CelerySQLite
#endif
#if Redis
import CeleryRedis
#endif
#if YAML
import CeleryYAML
#endif

extension PluginRegistry {
    /// Every plug-in whose trait is on, with the embedded SQLite broker as the default.
    public static var bundled: PluginRegistry {
        var registry = PluginRegistry()
        registry.registerMemory()
        #if SQLite
        registry.registerSQLite()
        registry.defaultBroker = "sqlite:///celery.sqlite"
        #else
        registry.explainAbsence(of: "sqlite", "the embedded broker is left out: it takes the trait SQLite")
        #endif
        #if Redis
        registry.registerRedis()
        #else
        for scheme in ["redis", "rediss", "sentinel"] {
            registry.explainAbsence(of: scheme, "Redis is left out: it takes the trait Redis")
        }
        #endif
        #if YAML
        registry.serializers.append(YAMLSerializer())
        #endif
        #if Compression
        registry.compressions += WireCodec.systemCompressions
        #endif
        return registry
    }
}
