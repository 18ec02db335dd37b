//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// The Celery releases that the tests talk to, by the variable that names an interpreter which has them.
package enum PythonVersion: String, Sendable, CaseIterable, CustomStringConvertible {
    case current = "CELERY_TEST_PYTHON"
    case previous = "CELERY_TEST_PYTHON_56"

    /// Those that are there; both when absence is to be an error.
    package static var available: [PythonVersion] {
        allCases.filter { TestPrograms.areServicesRequired || ProcessInfo.processInfo.environment[$0.rawValue] != nil }
    }

    package var description: String { self == .current ? "Celery 5.7" : "Celery 5.6" }

    /// - Throws: ``ServiceError`` that says what to do when there is none.
    package func interpreter() throws -> String {
        guard let path = ProcessInfo.processInfo.environment[rawValue] else {
            throw ServiceError("\(rawValue) names no interpreter: see scripts/interop.sh")
        }
        return path
    }
}
