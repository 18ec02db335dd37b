//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskHeaders {
    /// Writes the headers in Celery's order.
    func write(to writer: inout JSONWriter, redelivered: Bool) {
        writer.raw("{\"lang\": ")
        writer.string(lang)
        writer.raw(", \"task\": ")
        writer.string(task)
        writer.raw(", \"id\": ")
        writer.string(id)
        writer.raw(", \"shadow\": ")
        writer.string(shadow)
        writer.raw(", \"eta\": ")
        writer.string(eta)
        writer.raw(", \"expires\": ")
        writer.string(expires)
        writer.raw(", \"group\": ")
        writer.string(group)
        writer.raw(", \"group_index\": ")
        if let groupIndex { writer.int(groupIndex) } else { writer.null() }
        writer.raw(", \"retries\": ")
        writer.int(retries)
        writer.raw(", \"timelimit\": [")
        writer.seconds(timeLimit.hard)
        writer.raw(", ")
        writer.seconds(timeLimit.soft)
        writer.raw("], \"root_id\": ")
        writer.string(rootID)
        writer.raw(", \"parent_id\": ")
        writer.string(parentID)
        writer.raw(", \"argsrepr\": ")
        writer.string(argsRepr)
        writer.raw(", \"kwargsrepr\": ")
        writer.string(kwargsRepr)
        writer.raw(", \"origin\": ")
        writer.string(origin)
        writer.raw(", \"ignore_result\": ")
        if let ignoreResult { writer.bool(ignoreResult) } else { writer.null() }
        writer.raw(", \"replaced_task_nesting\": ")
        writer.int(replacedTaskNesting)
        writer.raw(", \"stamped_headers\": ")
        if let stampedHeaders { writer.array(stampedHeaders.map { .string($0) }) } else { writer.null() }
        writer.raw(", \"stamps\": ")
        writer.object(stamps)
        for (name, value) in custom.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        if let compression {
            writer.raw(", \"compression\": ")
            writer.string(compression)
        }
        if redelivered { writer.raw(", \"redelivered\": true") }
        writer.raw("}")
    }
}

extension JSONWriter {
    /// A time limit: a whole number as integer, as callers give them.
    mutating func seconds(_ value: Double?) {
        guard let value else { return null() }
        if let whole = Int(exactly: value) { int(whole) } else { double(value) }
    }
}
