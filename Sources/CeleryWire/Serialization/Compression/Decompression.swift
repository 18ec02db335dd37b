//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The loop around a streaming decompressor that keeps its output within a limit.
package enum Decompression {
    /// What one step of a decompressor came to.
    package enum Step {
        case more
        case finished
        case failed(String)
    }

    private static let chunk = 64 << 10

    /// Collects output chunk by chunk, at most `limit` bytes.
    ///
    /// - Parameter step: Fills the given room and tells how much of it was written.
    /// - Throws: `.limitExceeded` as soon as there would be more; `.malformed` when the step fails, or makes no
    ///   progress twice in a row.
    package static func collect(
        inputCount: Int,
        limit: Int,
        step: (UnsafeMutableBufferPointer<UInt8>, inout Int) -> Step
    ) throws(WireError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(min(limit, inputCount * 4, chunk))
        var idle = false
        while true {
            var result = Step.more
            // One byte more than allowed, so that an overrun shows.
            let room = min(chunk, limit - output.count + 1)
            let piece = [UInt8](unsafeUninitializedCapacity: room) { target, count in
                count = 0
                result = step(target, &count)
            }
            output.append(contentsOf: piece)
            guard output.count <= limit else {
                throw WireError(.limitExceeded, "decompressed body is larger than decompressedSize \(limit) allows")
            }
            switch result {
            case .finished: return output
            case .failed(let reason): throw WireError(.malformed, reason)
            case .more:
                guard !piece.isEmpty || !idle else { throw WireError(.malformed, "compressed data is cut short") }
                idle = piece.isEmpty
            }
        }
    }
}
