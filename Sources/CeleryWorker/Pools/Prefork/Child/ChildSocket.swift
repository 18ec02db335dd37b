//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import DequeModule
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The child's end of a socket: waits to receive and to send. The parent never waits, so this cannot deadlock.
///
/// One thread receives; any thread sends.
final class ChildSocket: Sendable {
    private struct Incoming: ~Copyable {
        var assembler: FrameAssembler
        /// Frames that came with an earlier one, each with its kind.
        var waiting: Deque<(FrameKind, [UInt8])> = []
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

        deinit { scratch.deallocate() }
    }

    private let descriptor: Int32
    let limit: Int
    private let incoming: Mutex<Incoming>
    private let sending = Mutex(())

    init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
        incoming = Mutex(Incoming(assembler: FrameAssembler(limit: limit)))
    }

    /// Whether a frame is here already.
    var hasWaiting: Bool { incoming.withLock { !$0.waiting.isEmpty } }

    /// Waits for one frame and decodes it; nil when the parent is gone.
    func receive<T>(
        _ decode: (FrameKind, inout FrameDecoder) throws(FrameError) -> T
    ) throws(FrameError) -> T? {
        guard let (kind, bytes) = try incoming.withLock({ incoming throws(FrameError) in try next(&incoming) })
        else { return nil }
        return
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(FrameError) in
                    var fields = FrameDecoder(buffer)
                    let value = try decode(kind, &fields)
                    try fields.finish()
                    return value
                }
            }
            .get()
    }

    private func next(_ incoming: inout Incoming) throws(FrameError) -> (FrameKind, [UInt8])? {
        while incoming.waiting.isEmpty {
            let count = celery_receive(descriptor, incoming.scratch.baseAddress, incoming.scratch.count, 1)
            if count > 0 {
                var arrived: Deque<(FrameKind, [UInt8])> = []
                let chunk = UnsafeRawBufferPointer(rebasing: incoming.scratch[..<count])
                try incoming.assembler.receive(chunk) { kind, fields throws(FrameError) in
                    arrived.append((kind, Array(fields)))
                }
                incoming.waiting = arrived
            } else if count == 0 || errno != EINTR {
                return nil
            }
        }
        return incoming.waiting.removeFirst()
    }

    /// Sends whole frames. False when the parent is gone.
    @discardableResult
    func send(_ frames: FrameEncoder) -> Bool {
        sending.withLock { _ in
            frames.bytes.withUnsafeBytes { bytes in
                var sent = 0
                while sent < bytes.count {
                    let count = celery_send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, 1)
                    if count >= 0 {
                        sent += count
                    } else if errno != EINTR {
                        return false
                    }
                }
                return true
            }
        }
    }
}
