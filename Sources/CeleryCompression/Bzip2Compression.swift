//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Compression
internal import CBzip2
public import CeleryWire

/// bzip2 streams, Celery's `bzip2` and `bzip`.
public struct Bzip2Compression: BodyCompression {
    public var names: [String] { ["bzip2", "bzip", "bz2"] }
    public var contentType: String { "application/x-bz2" }

    public init() {}

    public func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
        guard bytes.count < 1 << 31 else { throw WireError(.limitExceeded, "bzip2 takes at most 2 GiB at once") }
        // The bound that libbz2's manual gives.
        var size = UInt32(bytes.count + bytes.count / 100 + 600)
        var status = BZ_OK
        let output = [UInt8](unsafeUninitializedCapacity: Int(size)) { target, count in
            // libbz2 reads the source only, whatever its C declaration says; both are raw bytes under C's name.
            let source = bytes.isEmpty ? [0] : bytes
            status = source.withUnsafeBytes { source in
                BZ2_bzBuffToBuffCompress(
                    UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    &size,
                    UnsafeMutablePointer(mutating: source.bindMemory(to: CChar.self).baseAddress),
                    UInt32(bytes.count),
                    9,
                    0,
                    0
                )
            }
            count = status == BZ_OK ? Int(size) : 0
        }
        guard status == BZ_OK else { throw WireError(.unencodable, "bzip2 could not compress (status \(status))") }
        return output
    }

    public func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        guard bytes.count <= Int(UInt32.max) else { throw WireError(.limitExceeded, "compressed body over 4 GiB") }
        var stream = bz_stream()
        guard BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK else {
            throw WireError(.malformed, "bzip2 could not be set up")
        }
        defer { BZ2_bzDecompressEnd(&stream) }
        return try bytes.withUnsafeBufferPointer { (input) throws(WireError) in
            stream.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
            stream.avail_in = UInt32(input.count)
            return try Decompression.collect(inputCount: input.count, limit: limit) { (target, written) in
                // Raw output bytes under C's name for them.
                stream.next_out = UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self)
                stream.avail_out = UInt32(target.count)
                let status = BZ2_bzDecompress(&stream)
                written = target.count - Int(stream.avail_out)
                switch status {
                case BZ_STREAM_END: return stream.avail_in == 0 ? .finished : .failed("data behind the bzip2 stream")
                case BZ_OK: return .more
                default: return .failed("bzip2 stream is damaged (status \(status))")
                }
            }
        }
    }
}
#endif
