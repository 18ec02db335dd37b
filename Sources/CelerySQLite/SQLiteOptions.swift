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
    /// Whether somebody said so, who has to get it.
    private(set) var isSynchronousGiven = false
    var codec = WireCodec()
    var time: any TimeSource = SystemTime()
    var logger = Logger(label: "celery.sqlite")
    var deadLetterRetention = Duration.seconds(7 * 86400)
    var deadLetterLimit = 10000
    /// So many revocations are kept that have not expired, and up to a tenth more; then the first to come go.
    var revocationLimit = 1_000_000
    /// For calls that have no time-out of their own.
    var timeout = Duration.seconds(5)

    init(path: String) { self.path = Self.absolute(path) }

    /// Reads `sqlite:///relative` or `sqlite:////absolute`, as SQLAlchemy has it, with `?synchronous=full`.
    ///
    /// What else the URL says is refused. Transport options may be meant for another broker: of one that means nothing here
    /// the log tells.
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
        for (name, value) in context.url.query where name != "chord_claim_timeout" {
            guard name == "synchronous" else { throw Self.misunderstood("\(name)=\(value) in \"\(context.url)\"") }
            try set(value, "synchronous=\(value) in \"\(context.url)\"")
        }
        for (name, value) in context.options.members where value != .null && !Self.setElsewhere.contains(name) {
            guard name == "synchronous" else {
                logger.warning("\(name) in the transport options means nothing to \(context.url)")
                continue
            }
            try set(value.text ?? "", "synchronous = \(value) in the transport options")
        }
    }

    /// What others read, and what settings of the Redis result backend put there.
    private static let setElsewhere: Set = [
        "chord_claim_timeout", "result_chord_ordered", "ssl", "health_check_interval", "client_name", "username",
        "password",
        "socket_timeout", "socket_connect_timeout",
    ]

    private mutating func set(_ mode: String, _ words: String) throws(TransportError) {
        guard let mode = Synchronous(rawValue: mode.lowercased()) else { throw Self.misunderstood(words) }
        (synchronous, isSynchronousGiven) = (mode, true)
    }

    private static func misunderstood(_ words: String) -> TransportError {
        TransportError(.misconfigured, "\(words) is not understood; there is synchronous=normal and synchronous=full")
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
#endif
