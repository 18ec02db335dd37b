//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `celery -A NAME …`: finds the program with the app, builds it when it has to, and becomes it.
///
/// NAME is an executable product of the package in the working directory, or the path of a program.
struct Launcher {
    var name: String
    /// Whether it may be built.
    var mayBuild: Bool
    var isQuiet: Bool

    /// Replaces this process; returns only by throwing.
    ///
    /// - Parameter arguments: The command line without program, `-A` and `--no-build`.
    func become(_ arguments: [String]) throws(CommandFailure) -> Never {
        let program = try program()
        try Execution.replace(program, arguments)
    }

    /// The path of the program, built.
    private func program() throws(CommandFailure) -> String {
        if name.contains("/") {
            guard access(name, X_OK) == 0 else {
                throw .usage("-A \(name): there is no such program, or it cannot be executed: \(LogSink.lastError)")
            }
            return name
        }
        guard access("Package.swift", R_OK) == 0 else {
            throw .usage(
                "-A \(name): there is no Package.swift here (\(Execution.workingDirectory)); "
                    + "NAME is an executable product of the package in the working directory, or the path of a program"
            )
        }
        return try product()
    }

    private func product() throws(CommandFailure) -> String {
        let release = ".build/release/\(name)"
        guard mayBuild else {
            for path in [release, ".build/debug/\(name)"] where access(path, X_OK) == 0 { return path }
            throw .usage("-A \(name): it is not built (.build/release/\(name)); leave out --no-build to build it")
        }
        let stamp = BuildStamp(product: name)
        let isMissing = access(release, X_OK) != 0
        guard isMissing || stamp.isStale else { return release }
        if isMissing { try checkProduct() }
        if !isQuiet {
            Terminal.complain(
                "celery: building \(name) (release), since it is \(isMissing ? "not built" : "older than its sources") …"
            )
        }
        let status = try Execution.run("swift", ["build", "-c", "release", "--product", name], outputTo: STDERR_FILENO)
        guard status == 0, access(release, X_OK) == 0 else {
            throw CommandFailure("-A \(name): it does not build, see above; --no-build runs what was built before")
        }
        stamp.touch()
        return release
    }

    private func checkProduct() throws(CommandFailure) {
        let products = try PackageProducts.executables()
        guard !products.contains(name) else { return }
        let list = products.isEmpty ? "there is none" : "there are: \(products.joined(separator: ", "))"
        throw .usage("-A \(name): the package here has no executable product of that name; \(list)")
    }
}
