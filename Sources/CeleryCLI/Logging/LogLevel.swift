//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Logging

/// A level under Celery's names.
enum LogLevel: String, CaseIterable, CustomStringConvertible, Sendable {
    case debug = "DEBUG"
    case info = "INFO"
    case warning = "WARNING"
    case error = "ERROR"
    case critical = "CRITICAL"
    case fatal = "FATAL"

    /// Any case: `-l info` and `-l INFO` are the same.
    static func parse(_ text: String) throws -> LogLevel {
        guard let level = LogLevel(rawValue: text.uppercased()) else {
            throw ValidationError("there are: \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    var description: String { rawValue }

    /// What swift-log calls it.
    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .critical, .fatal: .critical
        }
    }

    /// The name for one of swift-log's seven.
    static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }
}
