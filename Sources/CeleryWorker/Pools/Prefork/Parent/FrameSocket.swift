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

/// The parent's end of a socket to a child: never waits, neither to send nor to receive.
///
/// What cannot be sent at once stays in ``outbox``, which is bounded by what the child has been asked and answered.
struct FrameSocket {
    let descriptor: Int32
    var outbox = FrameEncoder()
    private(set) var isClosed = false
    private var sent = 0
    private var assembler: FrameAssembler

    init(descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        assembler = FrameAssembler(limit: limit)
    }

    /// Whether something waits for the socket to take it.
    var wantsToSend: Bool { !isClosed && sent < outbox.bytes.count }

    /// Sends what the socket takes.
    mutating func flush() {
        while wantsToSend {
            let count = outbox.bytes.withUnsafeBytes { bytes in
                celery_send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                // What was sent must not pile up in front of what never ends.
                if sent > 64 << 10 {
                    outbox.removeFirst(sent)
                    sent = 0
                }
                return
            } else if errno != EINTR {
                // The child is gone; reading says so as well.
                break
            }
        }
        outbox.removeAll()
        sent = 0
    }

    /// Receives what is there, up to a few chunks so that no child starves the others.
    ///
    /// - Throws: `FrameError` when it is damaged.
    mutating func receive(
        into scratch: UnsafeMutableRawBufferPointer,
        chunks: Int = 8,
        _ handle: (FrameKind, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        var chunks = chunks
        while !isClosed, chunks > 0 {
            chunks -= 1
            let count = celery_receive(descriptor, scratch.baseAddress, scratch.count, 0)
            if count > 0 {
                try assembler.receive(UnsafeRawBufferPointer(rebasing: scratch[..<count]), handle)
                // A short read has emptied the socket.
                if count < scratch.count { return }
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                isClosed = true
            } else if errno == EAGAIN {
                return
            }
        }
    }

    func close() { _ = Self.close(descriptor) }

    private static func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.close(descriptor)
        #elseif canImport(Musl)
        Musl.close(descriptor)
        #else
        Darwin.close(descriptor)
        #endif
    }
}
