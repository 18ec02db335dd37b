//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The database file and the folder beside it (`NAME-run`, mode 0700) with bells, and the locks and
/// start journals of open consumers.
struct StoreFiles: Sendable {
    let path: String
    let folder: String
    /// Tells whether two paths are one file.
    let identity: StoreIdentity

    /// Makes what is missing.
    init(path: String) throws(TransportError) {
        self.path = path
        // Only a new file is opened here: closing a descriptor of a file in use would drop SQLite's locks on it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw Self.failure("cannot be created", path)
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.failure("cannot be opened", path) }
        identity = StoreIdentity("sqlite:\(status.st_dev):\(status.st_ino)")
        folder = Self.resolved(path) + "-run"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Self.failure("cannot be created", folder) }
    }

    /// Where the lock of an epoch is.
    func lock(_ token: String) -> String { "\(folder)/\(token).lock" }

    /// Where the start journal of an epoch is.
    func journal(_ token: String) -> String { "\(folder)/\(token).starts" }

    func hasLock(_ token: String) -> Bool { access(lock(token), F_OK) == 0 }

    /// Tokens of all consumers that have files here.
    var tokens: Set<String> {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var found: Set<String> = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            for suffix in [".lock", ".starts"] where name.hasSuffix(suffix) {
                found.insert(String(name.dropLast(suffix.count)))
            }
        }
        return found
    }

    /// Through symbolic links, so that every process finds the same folder.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func failure(_ what: String, _ path: String) -> TransportError {
        let reason = String(cString: strerror(errno))
        let code: TransportError.Code = errno == ENOSPC || errno == EDQUOT ? .full : .misconfigured
        return TransportError(code, "\(path) \(what): \(reason); its folder must exist and be writable for this user")
    }
}
#endif
