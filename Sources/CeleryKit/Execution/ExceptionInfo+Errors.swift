//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension ExceptionInfo {
    /// Any Swift error as Python should see it: its type name, its description, its module.
    init(describing error: any Error) {
        switch error {
        case let convertible as any CeleryErrorConvertible:
            self = convertible.exceptionInfo
        case is SoftTimeLimitExceeded:
            self.init(type: "SoftTimeLimitExceeded", module: "billiard.exceptions")
        case is Retry:
            self.init(type: "Retry", arguments: ["retry requested"], module: "celery.exceptions")
        case let failed as CeleryError where failed.exception != nil:
            self = failed.exception ?? ExceptionInfo(type: "CeleryError")
        default:
            let (type, module) = Self.name(of: error)
            self.init(type: type, arguments: [.string("\(error)")], module: module)
        }
    }

    /// `Module.Outer.Inner` split at the first dot. The module never is the name of a Python module.
    private static func name(of error: any Error) -> (type: String, module: String) {
        let full = String(reflecting: Swift.type(of: error))
        guard let dot = full.firstIndex(of: ".") else { return (full, "swift") }
        let type = full[full.index(after: dot)...].split(separator: ".").filter { !$0.hasPrefix("(unknown context") }
        return (type.joined(separator: "."), "swift." + full[..<dot])
    }

    package static func notRegistered(_ task: String) -> ExceptionInfo {
        ExceptionInfo(type: "NotRegistered", arguments: [.string(task)], module: "celery.exceptions")
    }

    package static func undecodable(_ error: WireError) -> ExceptionInfo {
        ExceptionInfo(type: "DecodeError", arguments: [.string("\(error)")], module: "kombu.exceptions")
    }

    package static func workerLost(_ text: String) -> ExceptionInfo {
        ExceptionInfo(type: "WorkerLostError", arguments: [.string(text)], module: "billiard.exceptions")
    }

    package static func timeLimitExceeded(_ seconds: Double) -> ExceptionInfo {
        ExceptionInfo(type: "TimeLimitExceeded", arguments: [.double(seconds)], module: "billiard.exceptions")
    }

    package static func revoked(_ reason: String) -> ExceptionInfo {
        ExceptionInfo(type: "TaskRevokedError", arguments: [.string(reason)], module: "celery.exceptions")
    }

    package static func rejected(_ reason: String, requeue: Bool) -> ExceptionInfo {
        ExceptionInfo(type: "Reject", arguments: [.string(reason), .bool(requeue)], module: "celery.exceptions")
    }

    /// Class and message as Python prints them: the class alone where there is no message.
    package var line: String { message.isEmpty ? type : "\(type): \(message)" }

    package static let terminated = ExceptionInfo(
        type: "Terminated",
        arguments: ["the task was terminated"],
        module: "billiard.exceptions"
    )
    package static let shutdown = ExceptionInfo.workerLost("The worker was shut down while the task ran.")
}
