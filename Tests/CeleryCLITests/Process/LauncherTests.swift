//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `celery -A NAME` on a small package of its own.
@Suite(.serialized) struct LauncherTests {
    /// A package whose one product prints its arguments.
    private func package() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try directory.write(
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "proj",
                products: [.executable(name: "proj", targets: ["proj"])],
                targets: [.executableTarget(name: "proj")]
            )
            """,
            to: "Package.swift"
        )
        try directory.write(#"print("one", CommandLine.arguments.dropFirst())"#, to: "Sources/proj/main.swift")
        return directory
    }

    @Test func theProductIsBuiltWhenItIsMissingOrStaleAndBecomesTheProcess() async throws {
        let directory = try package()
        func run(_ arguments: [String]) async throws -> ToolProcess.Outcome {
            let process = try ToolProcess("celery", arguments, directory: directory.url)
            return try await process.outcome(within: .seconds(300))
        }
        let unbuilt = try await run(["--no-build", "-A", "proj", "worker"])
        #expect(unbuilt.code == 64)
        #expect(
            unbuilt.errors.contains("-A proj: it is not built (.build/release/proj); leave out --no-build to build it")
        )

        let first = try await run(["-A", "proj", "-C", "-b", "memory://", "worker", "-l", "INFO", "--concurrency=6"])
        #expect(
            first.output == #"one ["--broker", "memory://", "--no-color", "worker", "-l", "INFO", "--concurrency=6"]"#
                + "\n"
        )
        #expect(first.errors.hasPrefix("celery: building proj (release), since it is not built …\n"))

        let fresh = try await run(["-A", "proj", "worker"])
        #expect(fresh.output == #"one ["worker"]"# + "\n")
        #expect(fresh.errors == "")

        try directory.write(#"print("two")"#, to: "Sources/proj/main.swift")
        let asBuilt = try await run(["--no-build", "-A", "proj", "worker"])
        #expect(asBuilt.output.hasPrefix("one"))
        let stale = try await run(["-q", "-A", "proj", "worker"])
        #expect(stale.output == "two\n")

        // A build that changes nothing is remembered.
        try directory.write(#"print("two")"#, to: "Sources/proj/main.swift")
        _ = try await run(["-A", "proj", "worker"])
        let settled = try await run(["-A", "proj", "worker"])
        #expect(settled.errors == "")

        let unknown = try await run(["-A", "prok", "worker"])
        #expect(unknown.code == 64)
        #expect(
            unknown.errors.contains("-A prok: the package here has no executable product of that name; there are: proj")
        )

        try directory.write("this is not Swift", to: "Sources/proj/main.swift")
        let broken = try await run(["-A", "proj", "worker"])
        #expect(broken.code == 1)
        #expect(broken.errors.contains("-A proj: it does not build, see above"))
    }

    @Test func aPathIsRunAsItIsAndTheEnvironmentMayNameTheApp() async throws {
        let path = TestPrograms.products.appendingPathComponent("CLITestApp").path
        let written = try await ToolProcess.run(arguments: ["-A", path, "-b", "memory://", "report"])
        #expect(written.code == 0)
        #expect(written.output.contains("app           clitest"))
        let variable = try await ToolProcess.run(
            arguments: ["-b", "memory://", "report"],
            environment: ["CELERY_APP": path]
        )
        #expect(variable.output.contains("app           clitest"))
    }

    @Test func thereHasToBeAPackage() async throws {
        let directory = try TemporaryDirectory()
        let outcome = try await ToolProcess.run(arguments: ["-A", "proj", "worker"], directory: directory.url)
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("-A proj: there is no Package.swift here (\(directory.url.path))"))
        let missing = try await ToolProcess.run(arguments: ["-A", "./proj", "worker"], directory: directory.url)
        #expect(missing.errors.contains("-A ./proj: there is no such program"))
    }
}
