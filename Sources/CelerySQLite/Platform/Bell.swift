//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CCeleryPlatform

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A small file beside the database; writing to it wakes the processes that watch it.
final class Bell: Sendable {
    let path: String
    private let descriptor: Int32

    /// A bell that cannot be opened stays silent: the others find what is new by their slow look.
    init(path: String) {
        self.path = path
        descriptor = celery_bell_open(path)
    }

    func ring() {
        if descriptor >= 0 { _ = celery_bell_ring(descriptor) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}

/// Waits for bells, for a signal from this process, or for a time.
final class BellWatch: Sendable {
    /// What ended a wait.
    struct Rung: Sendable {
        /// One flag for each bell, in the order given.
        var bells: [Bool]
    }

    private let watch: Int32
    private let numbers: [Int32]
    private let receiving: Int32
    private let sending: Int32

    init(_ bells: [Bell]) {
        let watch = celery_watch_open()
        self.watch = watch
        numbers = bells.map { watch >= 0 ? celery_watch_add(watch, $0.path) : -1 }
        var ends: [Int32] = [-1, -1]
        _ = celery_signal_pipe(&ends)
        receiving = ends[0]
        sending = ends[1]
    }

    /// Ends the wait under way, or the next one.
    func signal() { _ = write(sending, "!", 1) }

    /// Blocks for at most so many milliseconds.
    func wait(milliseconds: Int32) -> Rung {
        var descriptors = [receiving, watch].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        var drained = [UInt8](repeating: 0, count: 64)
        while read(receiving, &drained, drained.count) == drained.count {}
        let rung = descriptors[1].revents != 0 ? celery_watch_read(watch) : 0
        return Rung(bells: numbers.map { $0 >= 0 && rung & (1 << UInt32($0)) != 0 })
    }

    deinit {
        for descriptor in [watch, receiving, sending] where descriptor >= 0 { close(descriptor) }
    }
}
#endif
