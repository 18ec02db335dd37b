//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit

extension CeleryApp {
    /// An app with every plug-in that is built in.
    ///
    /// - Parameters:
    ///   - name: The app's name, shown in banner and reports.
    ///   - broker: URL; the environment's `CELERY_BROKER_URL` wins. Without either: the embedded broker, one SQLite file
    ///     `celery.sqlite` in the working directory.
    ///   - backend: URL; the environment's `CELERY_RESULT_BACKEND` wins. Without either: the broker's own store, where
    ///     it has one.
    ///   - configure: Changes further settings.
    public convenience init(
        _ name: String,
        broker: String? = nil,
        backend: String? = nil,
        configure: (inout CelerySettings) -> Void = { _ in }
    ) {
        var settings = CelerySettings()
        settings.brokerURL = broker
        settings.resultBackend = backend
        configure(&settings)
        self.init(name, registry: .bundled, settings: settings)
    }
}
