//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The child's control thread: hears the parent while user code blocks or spins.
struct ChildControl: Sendable {
    private enum Order {
        case cancel(UInt64, RunControl.Cause)
        case reply(UInt64, ServiceReply)
        case stop
    }

    private let socket: ChildSocket
    private let loop: ChildLoop
    private let link: ChildLink
    private let dismissed: @Sendable (Int32) -> Void

    init(_ socket: ChildSocket, _ loop: ChildLoop, _ link: ChildLink, _ dismissed: @escaping @Sendable (Int32) -> Void)
    {
        self.socket = socket
        self.loop = loop
        self.link = link
        self.dismissed = dismissed
    }

    /// Never returns: without a parent the process ends, whatever its tasks do.
    func run() {
        while true {
            do throws(FrameError) {
                switch try next() {
                case .cancel(let job, let cause): loop.cancel(job, cause)
                case .reply(let request, let reply): link.answer(request, reply)
                // The parent says it only to an idle child. Unlike below, exit handlers run.
                case .stop:
                    dismissed(0)
                    exit(0)
                case nil: PreforkChild.exitNow(0)
                }
            } catch {
                PreforkChild.quit("a broken frame from the parent: \(error)")
            }
        }
    }

    private func next() throws(FrameError) -> Order? {
        try socket.receive { kind, fields throws(FrameError) -> Order in
            switch kind {
            case .cancel:
                let job = try fields.unsigned()
                return .cancel(job, try fields.cause())
            case .reply:
                let request = try fields.unsigned()
                return .reply(request, try fields.reply())
            case .stop: return .stop
            default: throw FrameError("\(kind) does not belong on the control socket")
            }
        }
    }
}
