//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Compression
internal import CZstd
public import CeleryWire

/// Zstandard frames, Celery's `zstd` and `zstandard`.
public struct ZstdCompression: BodyCompression {
    public var names: [String] { ["zstd", "zstandard"] }
    public var contentType: String { "application/zstd" }

    public init() {}

    public func compress(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
        var status = 0
        let output = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
            status = bytes.withUnsafeBufferPointer {
                ZSTD_compress(target.baseAddress, target.count, $0.baseAddress, $0.count, 3)
            }
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        guard ZSTD_isError(status) == 0 else {
            throw WireError(.unencodable, "zstd could not compress: \(Self.problem(status))")
        }
        return output
    }

    private static func problem(_ status: Int) -> String {
        ZSTD_getErrorName(status).map { String(cString: $0) } ?? "status \(status)"
    }

    public func decompress(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        guard let stream = ZSTD_createDCtx() else { throw WireError(.malformed, "zstd could not be set up") }
        defer { ZSTD_freeDCtx(stream) }
        // A frame may ask for a window of 2 GiB; 128 MiB is what the command line tool takes without being told.
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 27)
        return try bytes.withUnsafeBufferPointer { (source) throws(WireError) in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            return try Decompression.collect(inputCount: source.count, limit: limit) { (target, written) in
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                let status = ZSTD_decompressStream(stream, &output, &input)
                written = output.pos
                if ZSTD_isError(status) != 0 { return .failed("zstd frame is damaged: \(Self.problem(status))") }
                guard status == 0 else { return .more }
                return input.pos == input.size ? .finished : .failed("data behind the zstd frame")
            }
        }
    }
}
#endif
