//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Tells whether a product is older than its sources by looking at times, which costs a millisecond instead of the second
/// of a build that has nothing to do.
///
/// Sources are those of this package and of packages that it depends on by path. The stamp remembers builds that changed
/// nothing and left the program's own time alone.
struct BuildStamp {
    var product: String

    private var stamp: String { ".build/release/\(product).celery-stamp" }

    /// Whether something is newer than the last build.
    var isStale: Bool {
        let built = max(Self.time(".build/release/\(product)") ?? 0, Self.time(stamp) ?? 0)
        return Self.newestSource(in: ".", known: built)
            || Self.localDependencies.contains {
                Self.newestSource(in: $0, known: built)
            }
    }

    /// Remembers that the product is fresh now.
    func touch() {
        guard let file = fopen(stamp, "w") else { return }
        fclose(file)
    }

    /// Whether a source in the package is newer than that time.
    private static func newestSource(in package: String, known built: Int64) -> Bool {
        for file in ["Package.swift", "Package.resolved"] {
            if let time = time("\(package)/\(file)"), time > built { return true }
        }
        return isNewer("\(package)/Sources", than: built)
    }

    /// Folders count too: their time tells of files that came or went.
    private static func isNewer(_ path: String, than built: Int64) -> Bool {
        guard let own = time(path) else { return false }
        if own > built { return true }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return false }
        return names.contains { !$0.hasPrefix(".") && isNewer("\(path)/\($0)", than: built) }
    }

    /// Nanoseconds since 1970; nil when there is no such file.
    private static func time(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Packages that this one depends on by path, as SwiftPM has noted.
    private static var localDependencies: [String] {
        guard let data = FileManager.default.contents(atPath: ".build/workspace-state.json"),
            case .object(let state)? = CeleryValue(settingJSON: String(decoding: data, as: UTF8.self)),
            case .object(let object)? = state["object"], case .array(let dependencies)? = object["dependencies"]
        else { return [] }
        return dependencies.compactMap { dependency in
            guard case .object(let dependency) = dependency, case .object(let state)? = dependency["state"],
                case .string("fileSystem")? = state["name"], case .string(let path)? = state["path"]
            else { return nil }
            return path
        }
    }
}
