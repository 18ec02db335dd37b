//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// What `result_extended` adds to a result, the same for a state that a task reports and for its end.
extension TaskMeta.Extended {
    /// Arguments that cannot be shown are null.
    package init(_ task: String, body: TaskBody, worker: String?, retries: Int, queue: String?) {
        var keywords = CeleryObject()
        for keyword in body.keywords { keywords[keyword.name] = try? keyword.value.value() }
        self.init(
            name: task,
            arguments: .array(body.arguments.map { (try? $0.value()) ?? .null }),
            keywords: .object(keywords),
            worker: worker,
            retries: retries,
            queue: queue
        )
    }
}

extension TaskMeta {
    /// As Celery stores them: flat, beside the list of their names.
    package mutating func add(stamps: CeleryObject) {
        guard !stamps.isEmpty else { return }
        custom["stamped_headers"] = .array(stamps.keys.map { .string($0) })
        for (name, value) in stamps.members { custom[name] = value }
    }
}
