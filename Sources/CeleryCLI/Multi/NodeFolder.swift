//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

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

/// The folders of nodes' files.
enum NodeFolder {
    /// Makes the folder of a file, with those above it, and checks that files can be made there.
    ///
    /// - Throws: ``CommandFailure`` with code 73 that names the option to give.
    static func prepare(for path: String, option: String, example: String) throws(CommandFailure) {
        let end = path.lastIndex(of: "/")
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var reason: String?
        if access(folder, F_OK) != 0 {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                reason = "it cannot be made"
            }
        }
        if reason == nil, access(folder, W_OK) != 0 { reason = LogSink.lastError }
        guard let reason else { return }
        throw CommandFailure(
            "celery multi: no files can be written to \(folder) (\(reason)); "
                + "say with \(option) where they go, for example \(option)=\(example) for the folder here",
            code: .cantCreate
        )
    }
}
