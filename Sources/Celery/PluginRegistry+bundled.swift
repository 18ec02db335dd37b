//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
#if SQLite
import CelerySQLite
#endif
#if YAML
import CeleryYAML
#endif
#if Compression
import CeleryCompression
#endif

extension PluginRegistry {
    /// Every plug-in whose trait is on, with the embedded SQLite broker as the default.
    public static var bundled: PluginRegistry {
        var registry = PluginRegistry()
        registry.registerMemory()
        #if SQLite
        registry.registerSQLite()
        registry.defaultBroker = "sqlite:///celery.sqlite"
        #endif
        #if YAML
        registry.registerYAML()
        #endif
        #if Compression
        registry.registerCompressions()
        #endif
        return registry
    }
}
