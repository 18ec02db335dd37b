//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file of `--statedb`: revoked ids that outlive the worker.
///
/// **Shape:** one JSON object, `{"swift_celery_state": 1, "revoked": {id: seconds since 1970 until which it counts}}`. It is
/// replaced as a whole, so that a reader sees the old or the new one. Python's worker writes a shelve instead, which this
/// refuses.
struct StateFile: Sendable {
    private static let mark = "swift_celery_state"
    private static let sizeLimit = 64 << 20
    let path: String
    /// More is not written, since it would not be read.
    var writeLimit = Self.sizeLimit

    /// What the file says; nothing when there is none yet.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured` when it cannot be read, or is none of ours.
    func read() throws(CeleryError) -> [(id: String, expires: Timestamp)] {
        guard let bytes = try contents() else { return [] }
        guard case .object(let object)? = try? JSONSerializer().decodeValue(bytes, limits: .standard),
            case .int(let version)? = object[Self.mark], case .object(let revoked)? = object["revoked"]
        else {
            throw refusal("it is not a state file of swift-celery; name another one (Python's worker needs its own)")
        }
        guard version == 1 else {
            throw refusal("it is of version \(version), and this program reads version 1; name another one")
        }
        return try revoked.members.map { id, value throws(CeleryError) in
            guard case .int(let seconds) = value, (0...1 << 40).contains(seconds) else {
                throw refusal("the time of \(id) in it is \(value), not a number of seconds; delete the file")
            }
            return (id, Timestamp(microseconds: Int64(seconds) * 1_000_000))
        }
    }

    /// Replaces the file. Ids that it has no room for are left out, those that expire first.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured` when it cannot be written.
    func write(_ ids: RevokedIDs) throws(CeleryError) {
        let revoked = fitting(ids.expiries).sorted { $0.key < $1.key }
            .reduce(into: CeleryObject()) { $0[$1.key] = .int(Int($1.value.microseconds / 1_000_000)) }
        let text = CeleryValue.object([Self.mark: 1, "revoked": .object(revoked)]).settingJSON + "\n"
        let draft = "\(path).\(getpid()).tmp"
        guard let file = fopen(draft, "w") else { throw refusal("cannot write \(draft): \(Self.lastError)") }
        let bytes = Array(text.utf8)
        let isWritten =
            fchmod(fileno(file), 0o600) == 0 && fwrite(bytes, 1, bytes.count, file) == bytes.count
            && fflush(file) == 0 && fsync(fileno(file)) == 0
        var reason = Self.lastError
        fclose(file)
        guard isWritten, rename(draft, path) == 0 else {
            if isWritten { reason = Self.lastError }
            unlink(draft)
            throw refusal("cannot write it: \(reason)")
        }
    }

    private func fitting(_ expiries: [String: Timestamp]) -> [String: Timestamp] {
        // Room for the rest of the object, and of each entry for the time and what is between.
        let (rest, beside) = (128, 24)
        // A byte takes six at most: one look, unless ids are very long.
        let most = expiries.keys.reduce(rest) { $0 + $1.utf8.count * 6 + beside }
        guard most > writeLimit else { return expiries }
        var size = rest
        let kept = expiries.sorted { $0.value > $1.value }
            .prefix { entry in
                size += CeleryValue.string(entry.key).settingJSON.utf8.count + beside
                return size <= writeLimit
            }
        return Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func contents() throws(CeleryError) -> [UInt8]? {
        guard let file = fopen(path, "r") else {
            if errno == ENOENT { return nil }
            throw refusal("cannot read it: \(Self.lastError)")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= Self.sizeLimit else { throw refusal("it is larger than 64 MiB; name another one") }
        }
        guard ferror(file) == 0 else { throw refusal("cannot read it: \(Self.lastError)") }
        return bytes
    }

    private func refusal(_ reason: String) -> CeleryError {
        CeleryError(.misconfigured, "the state file \(path) (--statedb, worker_state_db): \(reason)")
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
