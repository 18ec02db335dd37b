//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension EncodedValue {
    /// Encodes any `Encodable` as JSON with Celery's tagged values (`Date` → datetime, `UUID` → uuid,
    /// `Decimal` → decimal, `Data` → bytes/base64; see ``CeleryValue`` for the rest).
    public init(encoding value: some Encodable) throws(WireError) { fatalError("codec") }

    /// Decodes as a Swift type. A mismatch names what was expected, what was found and the path to it.
    public func decode<T: Decodable>(as type: T.Type, limits: WireLimits = .standard) throws(WireError) -> T {
        fatalError("codec")
    }

    /// The value in dynamic form.
    public func value(limits: WireLimits = .standard) throws(WireError) -> CeleryValue { fatalError("codec") }

    /// The value as JSON text, in Python's spacing when it has to be written.
    public func json() throws(WireError) -> [UInt8] { fatalError("codec") }
}
