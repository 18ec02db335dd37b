//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Turns the errors of lower layers into ``CeleryError``s that name the task.
enum SendingErrors {
    static func encoding<T>(_ task: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as WireError {
            throw encoding(error, task: task)
        }
    }

    static func encoding(_ error: WireError, task: String) -> CeleryError {
        CeleryError(
            .encoding,
            "\(task): an argument has no form on the wire: \(error.message)",
            taskName: task,
            cause: error
        )
    }

    /// What is stored under a group's id cannot be read.
    static func decoding(_ error: WireError, group id: String) -> CeleryError {
        CeleryError(.decoding, "what is stored of group \(id) is no group: \(error.message)", taskID: id, cause: error)
    }

    static func broker(_ error: TransportError, task: String? = nil) -> CeleryError {
        let code: CeleryError.Code = error.code == .misconfigured ? .misconfigured : .brokerUnavailable
        let prefix = task.map { "\($0) was not sent: " } ?? ""
        return CeleryError(code, prefix + error.message, taskName: task, cause: error)
    }

    static func backend(_ error: TransportError, id: String? = nil) -> CeleryError {
        let code: CeleryError.Code = error.code == .misconfigured ? .misconfigured : .backendUnavailable
        return CeleryError(code, error.message, taskID: id, cause: error)
    }
}
