//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Cuts a stream of bytes into frames.
struct FrameAssembler {
    /// The beginning of a frame that has not arrived in full.
    private var partial: [UInt8] = []
    /// Bytes that the frame in `partial` will have; nil until its length is known.
    private var expected: Int?
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { partial.isEmpty }

    /// Takes a chunk as it arrived, and calls back for each frame that is complete, with its fields.
    ///
    /// - Throws: `FrameError` for a length or kind that no frame has, and what the handler throws.
    mutating func receive(
        _ chunk: UnsafeRawBufferPointer,
        _ handle: (FrameKind, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        var rest = chunk
        while !partial.isEmpty, !rest.isEmpty {
            let wanted = expected ?? FrameLimit.header
            let taken = min(wanted - partial.count, rest.count)
            partial.append(contentsOf: rest[..<taken])
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            guard partial.count == wanted else { return }
            if expected == nil {
                let total = try size(partial[0], partial[1], partial[2], partial[3])
                expected = total
                partial.reserveCapacity(total)
            }
            if partial.count == expected { try finishPartial(handle) }
        }
        while rest.count >= FrameLimit.header {
            let total = try size(rest[0], rest[1], rest[2], rest[3])
            guard rest.count >= total else { break }
            try deliver(UnsafeRawBufferPointer(rebasing: rest[..<total]), handle)
            rest = UnsafeRawBufferPointer(rebasing: rest[total...])
        }
        if !rest.isEmpty {
            if rest.count >= FrameLimit.header {
                let total = try size(rest[0], rest[1], rest[2], rest[3])
                expected = total
                partial.reserveCapacity(total)
            }
            partial.append(contentsOf: rest)
        }
    }

    private mutating func finishPartial(
        _ handle: (FrameKind, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        let whole = partial
        partial = []
        expected = nil
        try whole.withUnsafeBytes { bytes -> Result<Void, FrameError> in
            Result { () throws(FrameError) in try deliver(bytes, handle) }
        }
        .get()
    }

    private func deliver(
        _ frame: UnsafeRawBufferPointer,
        _ handle: (FrameKind, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        guard let kind = FrameKind(rawValue: frame[4]) else { throw FrameError("no frame has the kind \(frame[4])") }
        try handle(kind, UnsafeRawBufferPointer(rebasing: frame[FrameLimit.header...]))
    }

    /// Bytes of the whole frame, from its first four.
    private func size(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) throws(FrameError) -> Int {
        let length = Int(a) | Int(b) << 8 | Int(c) << 16 | Int(d) << 24
        guard length >= 1, length <= limit else {
            throw FrameError("a frame of \(length) bytes; the limit is \(limit)")
        }
        return length + 4
    }
}
