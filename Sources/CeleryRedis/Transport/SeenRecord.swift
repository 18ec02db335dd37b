//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// When a worker was last seen: an entry of a hash by its name.
struct SeenRecord {
    var queues: [String]
    /// Microseconds since 1970.
    var at: Int64

    init(queues: [String], at: Int64) { (self.queues, self.at) = (queues, at) }

    init?(_ bytes: [UInt8]) {
        guard case .object(let object)? = try? JSONSerializer().decodeValue(bytes, limits: .standard),
            case .array(let names)? = object["queues"], case .int(let time)? = object["at"]
        else { return nil }
        queues = names.compactMap { if case .string(let name) = $0 { name } else { nil } }
        at = Int64(time)
    }

    func encoded() -> [UInt8] {
        let object: CeleryObject = ["queues": .array(queues.map { .string($0) }), "at": .int(Int(at))]
        return (try? JSONSerializer().encode(.object(object))) ?? []
    }
}
#endif
