//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import Foundation

/// Where the programs that tests start are found.
package enum TestPrograms {
    /// Whether the absence of a service is an error instead of a reason to skip: `CELERY_REQUIRE_SERVICES=1`.
    package static var areServicesRequired: Bool {
        ProcessInfo.processInfo.environment["CELERY_REQUIRE_SERVICES"] == "1"
    }

    /// The folder that the test bundle and the package's own programs were built into.
    package static var products: URL {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        for path in CommandLine.arguments + [own] where path.contains(".xctest") {
            return URL(fileURLWithPath: path).deletingLastPathComponent()
        }
        return own.isEmpty ? Bundle.main.bundleURL : URL(fileURLWithPath: own).deletingLastPathComponent()
    }

    /// The full path of a program on the PATH.
    package static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// A program, or something that it should have done, is missing.
package struct ServiceError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
