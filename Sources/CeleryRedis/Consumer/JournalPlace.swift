//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the start journals of this machine's workers lie.
enum JournalPlace {
    /// Names the machine for as long as it runs; containers of one share it, and are told apart by what they find at a path.
    static let machine = firstLine(of: "/proc/sys/kernel/random/boot_id") ?? hostName

    /// A folder that only this user can write to.
    private static var folder: String {
        var base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        while base.count > 1, base.hasSuffix("/") { base.removeLast() }
        return "\(base)/celery-swift-\(geteuid())"
    }

    /// A new journal; nil when there is no place for one. Then children are given one task at a time.
    static func create(_ id: String, _ store: RedisStore) -> StartJournal? {
        let folder = folder
        mkdir(folder, 0o700)
        tidy(folder)
        do throws(TransportError) {
            return try StartJournal(creatingAt: "\(folder)/\(id).starts")
        } catch {
            store.logger.info("no start journal", metadata: ["folder": "\(folder)", "reason": "\(error)"])
            return nil
        }
    }

    static func remove(_ path: String) { unlink(path) }

    static func isHere(_ journal: (machine: String, path: String)) -> Bool {
        journal.machine == machine && access(journal.path, F_OK) == 0
    }

    /// What has started under a dead worker's journal, behind whose seal nothing starts any more.
    ///
    /// - Returns: Nil when it lies elsewhere, is gone or damaged.
    /// - Throws: `.unavailable` when it cannot be opened for the moment: then the worker is not to be swept yet.
    static func seal(_ record: EpochRecord) throws(TransportError) -> [UInt64: AcknowledgementMode]? {
        guard let journal = record.journal, isHere(journal) else { return nil }
        do throws(TransportError) {
            let started = try StartJournal.seal(at: journal.path)
            return Dictionary(started.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { $1 })
        } catch  where error.code != .unavailable {
            return nil
        }
    }

    /// Journals that others than their machine's workers have ended stay behind: those a month old go.
    private static func tidy(_ folder: String) {
        guard let entries = opendir(folder) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard name.hasSuffix(".starts"), stat("\(folder)/\(name)", &status) == 0 else { continue }
            #if canImport(Darwin)
            let changed = status.st_mtimespec.tv_sec
            #else
            let changed = status.st_mtim.tv_sec
            #endif
            if changed < time(nil) - 30 * 86400 { unlink("\(folder)/\(name)") }
        }
    }

    private static func firstLine(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, 127, file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, 255)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
#endif
