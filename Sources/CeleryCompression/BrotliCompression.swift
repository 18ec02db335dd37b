//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Compression
internal import CBrotli
public import CeleryWire

/// Brotli streams, Celery's `brotli`.
public struct BrotliCompression: BodyCompression {
    public var names: [String] { ["brotli"] }
    public var contentType: String { "application/x-brotli" }

    public init() {}

    public func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
        var size = max(BrotliEncoderMaxCompressedSize(bytes.count), 64)
        var done = false
        let output = [UInt8](unsafeUninitializedCapacity: size) { target, count in
            done = bytes.withUnsafeBufferPointer { input in
                BrotliEncoderCompress(
                    BROTLI_DEFAULT_QUALITY,
                    BROTLI_DEFAULT_WINDOW,
                    BROTLI_MODE_GENERIC,
                    input.count,
                    input.baseAddress,
                    &size,
                    target.baseAddress
                ) != 0
            }
            count = done ? size : 0
        }
        guard done else { throw WireError(.unencodable, "brotli could not compress") }
        return output
    }

    public func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else {
            throw WireError(.malformed, "brotli could not be set up")
        }
        defer { BrotliDecoderDestroyInstance(state) }
        return try bytes.withUnsafeBufferPointer { (input) throws(WireError) in
            var nextIn = input.baseAddress
            var availableIn = input.count
            return try Decompression.collect(inputCount: input.count, limit: limit) { (target, written) in
                var nextOut = target.baseAddress
                var availableOut = target.count
                let result = BrotliDecoderDecompressStream(
                    state,
                    &availableIn,
                    &nextIn,
                    &availableOut,
                    &nextOut,
                    nil
                )
                written = target.count - availableOut
                switch result {
                case BROTLI_DECODER_RESULT_SUCCESS:
                    return availableIn == 0 ? .finished : .failed("data behind the brotli stream")
                case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return .more
                default: return .failed("brotli stream is damaged or cut short")
                }
            }
        }
    }
}
#endif
