//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a child process is started with.
struct ChildImage: Sendable {
    var path: String
    var arguments: [String]
    var environment: [String]

    init(_ configuration: PreforkConfiguration) throws(PoolError) {
        if let (path, arguments) = configuration.executable {
            self.path = path
            self.arguments = [path] + arguments
        } else {
            path = try Self.ownPath()
            arguments = CommandLine.arguments
        }
        arguments.append(ChildMarker.argument(parent: getpid()))
        var variables = Self.ownEnvironment()
        for (name, value) in configuration.environment { variables[name] = value }
        variables[ChildMarker.variable] = ChildMarker.value(
            parent: getpid(),
            frameLimit: configuration.frameLimit,
            reportsMemory: configuration.maxMemoryPerChild != nil
        )
        // Printed to stderr with files and lines. Asking nobody: the child has no terminal to ask.
        if variables["SWIFT_BACKTRACE"] == nil {
            variables["SWIFT_BACKTRACE"] = "enable=yes,interactive=no,color=no"
        }
        environment = variables.map { "\($0.key)=\($0.value)" }
    }

    func withCStrings<T>(
        _ body: (UnsafePointer<CChar>, [UnsafeMutablePointer<CChar>?], [UnsafeMutablePointer<CChar>?]) -> T
    ) -> T {
        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        return path.withCString { body($0, argumentPointers, environmentPointers) }
    }

    private static func ownPath() throws(PoolError) -> String {
        let capacity = 4096
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { buffer.deallocate() }
        let error = celery_executable_path(buffer, capacity)
        guard error == 0 else {
            throw PoolError(.noResources, "cannot tell the path of the running executable: \(SystemError(error))")
        }
        return String(cString: buffer)
    }

    private static func ownEnvironment() -> [String: String] {
        var found: [String: String] = [:]
        var entry = celery_environment()
        while let pointer = entry?.pointee {
            let text = String(cString: pointer)
            if let mark = text.firstIndex(of: "=") {
                found[String(text[..<mark])] = String(text[text.index(after: mark)...])
            }
            entry = entry?.successor()
        }
        return found
    }
}
