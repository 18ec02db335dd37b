//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `make install`, given the `celery` program that is built already instead of one in release.
@Suite("make install", .serialized, .timeLimit(.minutes(5))) struct InstallTests {
    /// Programs that stand before the real ones on the PATH: a compiler that has nothing left to do, and a package list with
    /// everything installed. The compiler notes what it was asked for.
    private func standIns(_ directory: TemporaryDirectory) throws -> String {
        let products = TestPrograms.products.path
        try directory.write(
            """
            #!/bin/sh
            echo "$*" >>'\(directory.path("asked"))'
            case "$*" in
                *--show-bin-path*) echo '\(products)' ;;
                --version*) echo 'Swift version 6.3' ;;
            esac
            """,
            to: "bin/swift"
        )
        try directory.write("#!/bin/sh\necho 'ii '\n", to: "bin/dpkg-query")
        for name in ["swift", "dpkg-query"] {
            let path = directory.path("bin/\(name)")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return directory.path("bin")
    }

    @Test(
        "The program stands in DESTDIR, PREFIX and bin, may be run by everybody, and says its version",
        arguments: [["PREFIX=opt/celery"], ["DESTDIR=stage", "PREFIX=/usr"], ["DESTDIR=stage"]]
    )
    func installs(variables: [String]) async throws {
        let directory = try TemporaryDirectory("install")
        let tools = try standIns(directory)
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        // Relative ones lie in the test's own folder.
        let settings = variables.map { $0.contains("=/") ? $0 : $0.replacing("=", with: "=\(directory.url.path)/") }
        let make = try #require(TestPrograms.find("make"))
        let path = "\(tools):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        let env = try #require(TestPrograms.find("env"))
        let outcome = try await ToolProcess.run(env, ["PATH=\(path)", make, "-C", root.path, "install"] + settings)
        #expect(outcome.code == 0, "\(outcome)")

        let folders = ["PREFIX=opt/celery": "opt/celery/bin", "DESTDIR=stage PREFIX=/usr": "stage/usr/bin"]
        let folder = folders[variables.joined(separator: " ")] ?? "stage/usr/local/bin"
        let program = directory.path("\(folder)/celery")
        #expect(outcome.output.contains("installed \(program)\n"), "\(outcome.output)")
        let attributes = try FileManager.default.attributesOfItem(atPath: program)
        #expect(attributes[.posixPermissions] as? Int == 0o755)
        let version = try await ToolProcess.run(program, ["--version"], directory: directory.url)
        #expect(version.code == 0 && version.output.hasPrefix("swift-celery ") && version.errors == "", "\(version)")
        #expect(try directory.read("asked").contains("build -c release --product celery"))
    }
}
