//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How to open a store.
struct SQLiteOptions: Sendable {
    /// How a commit reaches the disk.
    enum Synchronous: String, Sendable {
        /// Survives the death of any process; a power loss may take the last moments.
        case normal
        /// Survives a power loss too, at the price of a disk flush for each group of commits.
        case full
    }

    /// Full path of the file.
    var path: String
    var synchronous = Synchronous.normal
    var codec = WireCodec()
    var time: any TimeSource = SystemTime()
    var logger = Logger(label: "celery.sqlite")
    var deadLetterRetention = Duration.seconds(7 * 86400)
    var deadLetterLimit = 10000
    /// So many revocations are kept that have not expired, and up to a tenth more; then the first to come go.
    var revocationLimit = 1_000_000
    /// How long the claim to send a chord's body lasts.
    var chordClaim = ChordTimes.claim
    /// For calls that have no time-out of their own.
    var timeout = Duration.seconds(5)

    init(path: String) { self.path = Self.absolute(path) }

    /// Reads `sqlite:///relative` or `sqlite:////absolute`, as SQLAlchemy has it, with `?synchronous=full` and `chord_claim_timeout`.
    init(_ context: PluginContext) throws(TransportError) {
        guard context.url.host == nil, context.url.path.count > 1 else {
            throw TransportError(
                .misconfigured,
                "\"\(context.url)\" names no file: write sqlite:///celery.sqlite for one in the working directory, "
                    + "or sqlite:////full/path (four slashes)"
            )
        }
        self.init(path: String(context.url.path.dropFirst()))
        codec = context.codec
        time = context.time
        logger = context.logger
        deadLetterRetention = context.deadLetterRetention
        deadLetterLimit = context.deadLetterLimit
        chordClaim = try ChordTimes.claim(context)
        var settings = context.url.query
        settings["chord_claim_timeout"] = nil
        if case .string(let value)? = context.options["synchronous"] { settings["synchronous"] = value }
        for (name, value) in settings {
            guard name == "synchronous", let mode = Synchronous(rawValue: value.lowercased()) else {
                throw TransportError(
                    .misconfigured,
                    "\(name)=\(value) in \"\(context.url)\" is not understood; there is synchronous=normal and "
                        + "synchronous=full"
                )
            }
            synchronous = mode
        }
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
#endif
