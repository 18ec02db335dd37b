//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the pool's thread sleeps on: its bell, and of each child two sockets and the descriptor for its end.
struct ChildPoll {
    /// What is there of one child.
    struct Entry {
        var number: PreforkState.ChildNumber
        var hasData: Bool
        var hasControl: Bool
        var hasEnded: Bool
    }

    private var polled: [pollfd]
    private var numbers: [PreforkState.ChildNumber] = []
    /// Milliseconds; negative is for ever.
    private var timeout: Int32 = -1
    private var isAnyReady = false
    /// Some child's end has no descriptor, and is looked for again shortly.
    private var looksAgain = false

    /// - Parameter time: When to wake up at the latest; `.max` is never.
    init(_ bell: Int32, _ children: [PreforkState.ChildNumber: ChildProcess], until time: UInt64) {
        polled = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
        polled.reserveCapacity(1 + 3 * children.count)
        for (number, child) in children {
            numbers.append(number)
            polled.append(Self.entry(child.data, reads: true))
            polled.append(Self.entry(child.control, reads: child.outstanding < ChildProcess.requestLimit))
            polled.append(pollfd(fd: child.endDescriptor, events: Int16(POLLIN), revents: 0))
            if child.data.isClosed, child.endDescriptor < 0 { looksAgain = true }
        }
        if time != .max {
            let now = PreforkDriver.now()
            timeout = time <= now ? 0 : Int32(min((time - now) / 1_000_000 + 1, 3_600_000))
        }
        if looksAgain { timeout = timeout < 0 ? 2 : min(timeout, 2) }
    }

    /// Sleeps until something is there, or it is time.
    mutating func wait() { isAnyReady = poll(&polled, nfds_t(polled.count), timeout) > 0 }

    var hasBell: Bool { isAnyReady && polled[0].revents != 0 }

    /// Nothing when nobody has anything, but for ends that have to be looked for.
    var entries: [Entry] {
        guard isAnyReady || looksAgain else { return [] }
        return numbers.enumerated()
            .map { index, number in
                Entry(
                    number: number,
                    hasData: polled[index * 3 + 1].revents != 0,
                    hasControl: polled[index * 3 + 2].revents != 0,
                    hasEnded: polled[index * 3 + 3].revents != 0
                )
            }
    }

    private static func entry(_ socket: FrameSocket, reads: Bool) -> pollfd {
        let events = (reads ? Int16(POLLIN) : 0) | (socket.wantsToSend ? Int16(POLLOUT) : 0)
        return pollfd(fd: socket.isClosed ? -1 : socket.descriptor, events: events, revents: 0)
    }
}
