//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension CelerySettings {
    /// `broker_transport_options`, with what has a setting of its own where they do not say it.
    var brokerOptions: CeleryObject { brokerTransportOptions.filled(with: ["ssl": brokerUseSSL]) }

    /// `result_backend_transport_options`, with the `redis_…` settings where they do not say it: under the names by which
    /// Redis plug-ins know them, which others do not look at.
    var backendOptions: CeleryObject {
        resultBackendTransportOptions.filled(
            with: [
                "ssl": redisBackendUseSSL,
                "health_check_interval": redisBackendHealthCheckInterval.settingValue,
                "client_name": redisClientName.settingValue,
                "username": redisUsername.settingValue,
                "password": redisPassword.settingValue,
                "socket_timeout": redisSocketTimeout.settingValue,
                "socket_connect_timeout": redisSocketConnectTimeout.settingValue,
            ]
        )
    }
}

extension CeleryObject {
    /// With further members, but for those that are there already, and those that are null or false.
    fileprivate func filled(with others: CeleryObject) -> CeleryObject {
        var object = self
        for (name, value) in others.members where object[name] == nil && value != .null && value != .bool(false) {
            object[name] = value
        }
        return object
    }
}
