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

/// The memory of a journal, shared through a file.
///
/// **Shape:** a header of 64 bytes, whose first word tells the format and whose second is twice the number of cells in
/// use, plus one when sealed, and whose third is when its starts end, 0 for never; then cells of two words: a ``JournalWord`` and the tag of a delivery.
///
/// `@unchecked Sendable`: all words are read and changed atomically, by other processes too; pointer and descriptor do not change,
/// and end with the last reference. A pointer into shared memory is nothing that checked types know.
final class JournalFile: @unchecked Sendable {
    /// "CeStart" and a version.
    private static let format: UInt64 = 0x4365_5374_6172_7401
    private static let header = 64
    private static let cell = 16
    /// Bytes are put on the disk in such portions: there is one at first, and hardly ever a second.
    private static let portion = 64 << 10
    private static let mapped = 17 * portion
    /// More than the largest prefetch.
    static let capacity = (mapped - header) / cell

    let path: String
    private let descriptor: Int32
    private let base: UnsafeMutableRawPointer

    private init(path: String, descriptor: Int32) throws(TransportError) {
        self.path = path
        guard let base = celery_journal_map(descriptor, Self.mapped) else {
            let error = Self.failure("cannot be mapped into memory", path, errno, .unavailable)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.base = base
    }

    deinit {
        celery_journal_unmap(base, Self.mapped)
        close(descriptor)
    }

    /// Makes a new one.
    static func create(at path: String) throws(TransportError) -> JournalFile {
        let descriptor = celery_journal_create(path, portion)
        guard descriptor >= 0 else { throw failure("cannot be created", path, -descriptor) }
        let file = try JournalFile(path: path, descriptor: descriptor)
        _ = celery_word_replace(file.word(at: 0), 0, format)
        return file
    }

    /// Opens one that another process made.
    ///
    /// - Throws: `.notFound` when there is none, `.misconfigured` when it is damaged or something else, `.unavailable` when
    ///   the system refuses to open it.
    static func open(_ path: String) throws(TransportError) -> JournalFile {
        let descriptor = celery_journal_open(path)
        guard descriptor >= 0 else {
            let code: TransportError.Code = descriptor == -ENOENT ? .notFound : .unavailable
            throw failure("cannot be opened", path, -descriptor, code)
        }
        guard celery_journal_size(descriptor) >= portion else {
            close(descriptor)
            throw TransportError(.misconfigured, "\(path) is too short for a start journal: delete it")
        }
        let file = try JournalFile(path: path, descriptor: descriptor)
        guard celery_word_load(file.word(at: 0)) == format else {
            throw TransportError(.misconfigured, "\(path) is no start journal of this version: delete it")
        }
        return file
    }

    /// Takes another cell into use; nil when sealed.
    ///
    /// - Throws: `.full` when there is no room on the disk, or in the file.
    func takeNext() throws(TransportError) -> UInt32? {
        let extent = celery_word_load(word(at: 8))
        guard extent & JournalWord.seal == 0 else { return nil }
        let number = Int(extent >> 1)
        guard number < Self.capacity else {
            throw TransportError(.full, "\(path) has no place for more than \(Self.capacity) tasks that run")
        }
        let size = Int(celery_journal_size(descriptor))
        if Self.header + (number + 1) * Self.cell > size {
            let error = celery_journal_extend(descriptor, size, min(Self.mapped, size + Self.portion))
            guard error == 0 else { throw Self.failure("cannot grow", path, -error) }
        }
        return celery_word_replace(word(at: 8), extent, extent + 2) == 1 ? UInt32(number) : nil
    }

    /// Ends all change; returns what the cells in use said. May be done again.
    func seal() -> [(word: JournalWord, tag: DeliveryTag)] {
        let extent = celery_word_set(word(at: 8), JournalWord.seal)
        let size = Int(celery_journal_size(descriptor))
        let there = max(0, min(Int(extent >> 1), (min(size, Self.mapped) - Self.header) / Self.cell))
        return (0..<there)
            .map { number in
                let word = celery_word_set(self.word(at: Self.offset(UInt32(number))), JournalWord.seal)
                let tag = celery_word_load(self.word(at: Self.offset(UInt32(number)) + 8))
                return (JournalWord(rawValue: word), DeliveryTag(tag))
            }
    }

    /// Until when starts are allowed, on the clock that all processes of the machine share; 0 without a limit.
    var limit: UInt64 {
        get { celery_word_load(word(at: 16)) }
        set {
            let word = word(at: 16)
            while celery_word_replace(word, celery_word_load(word), newValue) == 0 {}
        }
    }

    /// Whether the limit is over.
    var isOver: Bool {
        let limit = limit
        return limit != 0 && celery_shared_clock() >= limit
    }

    /// What a limit is that ends after so long.
    static func limit(after duration: Duration) -> UInt64 {
        celery_shared_clock() &+ UInt64(max(0, duration / .nanoseconds(1)))
    }

    func word(of place: UInt32) -> UInt64 { celery_word_load(word(at: Self.offset(place))) }

    /// Whether the cell held the expected word, and now holds the other.
    func replace(_ expected: UInt64, by desired: UInt64, in place: UInt32) -> Bool {
        celery_word_replace(word(at: Self.offset(place)), expected, desired) == 1
    }

    /// For a cell that is free, before it is offered or started.
    func write(_ tag: DeliveryTag, in place: UInt32) {
        let word = word(at: Self.offset(place) + 8)
        _ = celery_word_replace(word, celery_word_load(word), tag.rawValue)
    }

    private static func offset(_ place: UInt32) -> Int { header + Int(place) * cell }

    private func word(at offset: Int) -> UnsafeMutablePointer<UInt64> {
        (base + offset).assumingMemoryBound(to: UInt64.self)
    }

    private static func failure(
        _ what: String,
        _ path: String,
        _ error: Int32,
        _ code: TransportError.Code = .misconfigured
    ) -> TransportError {
        let isFull = error == ENOSPC || error == EDQUOT
        return TransportError(isFull ? .full : code, "\(path) \(what): \(String(cString: strerror(error)))")
    }
}
