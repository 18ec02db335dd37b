//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryCore
import CeleryKit
import CeleryWire

/// Turns whatever a command throws into one or two lines and an exit code.
enum ErrorText {
    static func describe(_ error: any Error) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: failure
        case let error as SettingsError: CommandFailure(error.message, code: .usage)
        case let error as RoutingError: CommandFailure(error.message, code: .usage)
        case let error as TransportError: CommandFailure(error.message, code: status(error))
        case let error as CeleryError: CommandFailure(error.message, code: status(error))
        case let error as WireError: CommandFailure(error.message)
        case is CancellationError: CommandFailure("cancelled")
        default: CommandFailure("\(error)")
        }
    }

    private static func status(_ error: TransportError) -> ExitStatus {
        switch error.code {
        case .misconfigured, .unsupported: .usage
        case .notFound: .failure
        default: .unavailable
        }
    }

    private static func status(_ error: CeleryError) -> ExitStatus {
        switch error.code {
        // A broker that answers, but knows no such queue, is there.
        case .brokerUnavailable, .backendUnavailable: (error.cause as? TransportError).map(status) ?? .unavailable
        case .timedOut: .unavailable
        case .misconfigured, .queueNotFound: .usage
        default: .failure
        }
    }
}
