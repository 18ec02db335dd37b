//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import NIOCore
import Synchronization

/// The open connections, bounded: for one too many the one goes that has been silent longest, so that nobody can keep a probe
/// away by holding connections open.
final class HealthConnections: Sendable {
    private let limit: Int
    /// The one that was used last comes last.
    private let open = Mutex<[any Channel]>([])

    init(limit: Int) { self.limit = limit }

    var count: Int { open.withLock { $0.count } }

    func opened(_ channel: any Channel) {
        let surplus = open.withLock { open -> (any Channel)? in
            open.append(channel)
            return open.count > limit ? open.removeFirst() : nil
        }
        surplus?.close(promise: nil)
        channel.closeFuture.whenComplete { _ in self.closed(channel) }
    }

    func used(_ channel: any Channel) {
        open.withLock { open in
            guard let index = open.firstIndex(where: { $0 === channel }) else { return }
            open.append(open.remove(at: index))
        }
    }

    private func closed(_ channel: any Channel) {
        open.withLock { open in open.removeAll { $0 === channel } }
    }

    func closeAll() {
        for channel in open.withLock({ $0 }) { channel.close(promise: nil) }
    }
}
#endif
