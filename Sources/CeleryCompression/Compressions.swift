//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Compression
public import CeleryWire

extension WireCodec {
    /// bzip2, xz, zstd and brotli, to be given to ``WireCodec/init(serializers:compressions:acceptContent:limits:)``.
    public static var systemCompressions: [any BodyCompression] {
        [Bzip2Compression(), LzmaCompression(), ZstdCompression(), BrotliCompression()]
    }
}
#endif
