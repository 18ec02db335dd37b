//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// What the program on the PATH can do. `scripts/other-servers.sh` puts others there than the system's.
extension RedisServer {
    /// Scripts that say that they take no memory, and access lists that take single subcommands away: from Redis 7 on, and Valkey.
    package static let isModern = version.map { $0 >= 7 } ?? true

    /// Why tests are skipped otherwise.
    package static let isOld = "this redis-server is older than 7"

    /// Only a start tells, so that whoever puts another program there has to say.
    package static let speaksTLS = ProcessInfo.processInfo.environment["CELERY_TEST_REDIS_TLS"] != "no"

    package static let speaksNoTLS = "this redis-server was built without TLS"

    /// The first number of `v=7.0.15`.
    private static let version: Int? = {
        guard let program else { return nil }
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--version"]
        process.standardOutput = output
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let start = text.firstRange(of: "v=")?.upperBound else { return nil }
        return Int(text[start...].prefix { $0.isNumber })
    }()
}
