//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// Certificates of a test's own, made by the `openssl` command: an authority, a server's for `localhost` and 127.0.0.1, another
/// for a host elsewhere, a client's, and an authority that nobody knows with a client's certificate of its own.
package final class TestCertificates: Sendable {
    /// Whether suites that need them are to run.
    package static var isAvailable: Bool { TestPrograms.find("openssl") != nil || TestPrograms.areServicesRequired }

    package static let absence = "there is no openssl on the PATH: run scripts/setup.sh"

    private static let starting = Task { try TestCertificates() }

    /// Made once, for all tests.
    package static var shared: TestCertificates {
        get async throws { try await starting.value }
    }

    private let directory: TemporaryDirectory

    /// One certificate and its key, as PEM files.
    package struct Pair: Sendable {
        package var certificate: String
        package var key: String
    }

    /// The authority that signed all but the stranger's.
    package var authority: String { pair("authority").certificate }
    package var strangeAuthority: String { pair("stranger").certificate }
    package var server: Pair { pair("server") }
    package var elsewhere: Pair { pair("elsewhere") }
    package var client: Pair { pair("client") }
    package var strangeClient: Pair { pair("impostor") }

    private init() throws {
        directory = try TemporaryDirectory("tls")
        for name in ["authority", "stranger"] {
            try openssl(
                ["req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-addext", "keyUsage=keyCertSign"] + key(name)
                    + ["-out", pair(name).certificate]
            )
        }
        try sign("server", by: "authority", names: "DNS:localhost,IP:127.0.0.1")
        try sign("elsewhere", by: "authority", names: "DNS:redis.elsewhere.example")
        try sign("client", by: "authority", names: "DNS:client")
        try sign("impostor", by: "stranger", names: "DNS:client")
    }

    private func pair(_ name: String) -> Pair {
        Pair(certificate: directory.path("\(name).pem"), key: directory.path("\(name).key"))
    }

    private func key(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pair(name).key]
    }

    private func sign(_ name: String, by authority: String, names: String) throws {
        let request = directory.path("\(name).csr")
        try openssl(["req", "-subj", "/CN=\(name)"] + key(name) + ["-out", request])
        try directory.write("subjectAltName=\(names)\n", to: "\(name).ext")
        try openssl(
            [
                "x509", "-req", "-days", "2", "-in", request, "-CA", pair(authority).certificate, "-CAkey",
                pair(authority).key, "-CAcreateserial", "-extfile", directory.path("\(name).ext"), "-out",
                pair(name).certificate,
            ]
        )
    }

    private func openssl(_ arguments: [String]) throws {
        guard let program = TestPrograms.find("openssl") else { throw ServiceError(Self.absence) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = directory.url
        let errors = Pipe()
        (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
        try process.runWithSignals()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ServiceError("openssl \(arguments[0]): \(String(decoding: text, as: UTF8.self))")
        }
    }
}
