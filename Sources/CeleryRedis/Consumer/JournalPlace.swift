//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Foundation
import Logging

/// Where the start journals of this machine's workers lie.
enum JournalPlace {
    /// Names the machine for as long as it runs; containers of one share it, and are told apart by what they find at a path.
    static let machine: String = {
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return boot.map { String($0.prefix(36)) } ?? ProcessInfo.processInfo.hostName
    }()

    /// A folder that only this user can write to.
    private static var folder: String {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return "\(base.hasSuffix("/") ? String(base.dropLast()) : base)/celery-swift-\(geteuid())"
    }

    /// A new journal; nil when there is no place for one. Then children are given one task at a time.
    static func create(_ id: String, _ store: RedisStore) -> StartJournal? {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            tidy()
            return try StartJournal(creatingAt: "\(folder)/\(id).starts")
        } catch {
            store.logger.info("no start journal", metadata: ["folder": "\(folder)", "reason": "\(error)"])
            return nil
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func isHere(_ journal: (machine: String, path: String)) -> Bool {
        journal.machine == machine && FileManager.default.fileExists(atPath: journal.path)
    }

    /// What has started under a dead worker's journal, behind whose seal nothing starts any more.
    ///
    /// - Returns: Nil when it lies elsewhere, is gone or damaged.
    /// - Throws: `.unavailable` when it cannot be opened for the moment: then the worker is not to be swept yet.
    static func seal(_ record: EpochRecord) throws(TransportError) -> [DeliveryTag]? {
        guard let journal = record.journal, isHere(journal) else { return nil }
        do throws(TransportError) {
            return Array(try StartJournal.seal(at: journal.path).keys)
        } catch  where error.code != .unavailable {
            return nil
        }
    }

    /// Journals that others than their machine's workers have ended stay behind: those untouched for a day go.
    private static func tidy() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasSuffix(".starts") {
            let path = "\(folder)/\(name)"
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            guard let changed = attributes?[.modificationDate] as? Date, changed.timeIntervalSinceNow < -86400 else {
                continue
            }
            remove(path)
        }
    }
}
#endif
