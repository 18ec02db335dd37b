//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Compression
public import CeleryWire
internal import CLzma

/// xz containers, Celery's `lzma` and `xz`; the older `.lzma` form is read too, as Python's `lzma` does.
public struct LzmaCompression: BodyCompression {
    public var names: [String] { ["lzma", "xz"] }
    public var contentType: String { "application/x-lzma" }

    /// Memory that the decoder may use: what the strongest preset of `xz` needs.
    private static let memory: UInt64 = 128 << 20

    public init() {}

    public func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
        var size = 0
        var status = LZMA_OK
        let output = [UInt8](unsafeUninitializedCapacity: lzma_stream_buffer_bound(bytes.count)) { target, count in
            status = bytes.withUnsafeBufferPointer { input in
                lzma_easy_buffer_encode(
                    6,
                    LZMA_CHECK_CRC64,
                    nil,
                    input.baseAddress,
                    input.count,
                    target.baseAddress,
                    &size,
                    target.count
                )
            }
            count = status == LZMA_OK ? size : 0
        }
        guard status == LZMA_OK else {
            throw WireError(.unencodable, "xz could not compress (status \(status.rawValue))")
        }
        return output
    }

    public func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        var stream = lzma_stream()
        guard lzma_auto_decoder(&stream, Self.memory, 0) == LZMA_OK else {
            throw WireError(.malformed, "xz could not be set up")
        }
        defer { lzma_end(&stream) }
        return try bytes.withUnsafeBufferPointer { (input) throws(WireError) in
            stream.next_in = input.baseAddress
            stream.avail_in = input.count
            return try Decompression.collect(inputCount: input.count, limit: limit) { (target, written) in
                stream.next_out = target.baseAddress
                stream.avail_out = target.count
                let status = lzma_code(&stream, LZMA_RUN)
                written = target.count - stream.avail_out
                switch status {
                case LZMA_STREAM_END: return stream.avail_in == 0 ? .finished : .failed("data behind the xz stream")
                case LZMA_OK: return .more
                case LZMA_BUF_ERROR where written > 0: return .more
                default: return .failed("xz stream is damaged or cut short (status \(status.rawValue))")
                }
            }
        }
    }
}
#endif
