//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

internal import CZlib

/// RFC 1950 streams, which Celery calls both `zlib` and `gzip`.
public struct ZlibCompression: BodyCompression {
    static let contentType = "application/x-gzip"

    public var names: [String] { ["zlib", "gzip"] }
    public var contentType: String { Self.contentType }

    public init() {}

    public func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
        var size = compressBound(uLong(bytes.count))
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: Int(size)) { target, count in
            status = bytes.withUnsafeBufferPointer {
                compress2(target.baseAddress, &size, $0.baseAddress, uLong($0.count), Z_DEFAULT_COMPRESSION)
            }
            count = status == Z_OK ? Int(size) : 0
        }
        guard status == Z_OK else { throw WireError(.unencodable, "zlib could not compress (status \(status))") }
        return output
    }

    public func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        guard bytes.count <= Int(UInt32.max) else { throw WireError(.limitExceeded, "compressed body over 4 GiB") }
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw WireError(.malformed, "zlib could not be set up")
        }
        defer { inflateEnd(&stream) }
        return try bytes.withUnsafeBufferPointer { (input) throws(WireError) in
            // zlib reads only; its C declaration lacks the const.
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            return try Decompression.collect(inputCount: input.count, limit: limit) { (target, written) in
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                written = target.count - Int(stream.avail_out)
                switch status {
                case Z_STREAM_END: return stream.avail_in == 0 ? .finished : .failed("data behind the zlib stream")
                case Z_OK: return .more
                case Z_BUF_ERROR where written > 0: return .more
                default: return .failed("zlib stream is damaged or cut short (status \(status))")
                }
            }
        }
    }
}
