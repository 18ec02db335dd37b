//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Measures the embedded broker; one line of comma-separated values for each figure.
///
/// `swift run -c release --package-path Benchmarks sqlite-bench [sqlite [count]]`.
@main
enum Benchmarks {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "sqlite-publisher": try await SQLiteBenchmark.publish(to: arguments[1], count: Int(arguments[2]) ?? 0)
        case nil, "sqlite":
            try await SQLiteBenchmark.run(count: arguments.dropFirst().first.flatMap(Int.init) ?? 100_000)
        default: print("there are these benchmarks: sqlite")
        }
    }
}
