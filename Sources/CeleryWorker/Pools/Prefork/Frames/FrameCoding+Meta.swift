//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension FrameEncoder {
    mutating func meta(_ meta: TaskMeta) {
        string(meta.taskID)
        string(meta.state.rawValue)
        switch meta.outcome {
        case .value(let value):
            byte(0)
            encoded(value)
        case .exception(let exception):
            byte(1)
            self.exception(exception)
        }
        optional(meta.traceback)
        list(meta.children) { $0.value($1) }
        optional(meta.dateDone)
        optional(meta.groupID)
        optional(meta.parentID)
        optional(meta.extended) { encoder, extended in
            encoder.optional(extended.name)
            encoder.optional(extended.arguments) { $0.value($1) }
            encoder.optional(extended.keywords) { $0.value($1) }
            encoder.optional(extended.worker)
            encoder.optional(extended.retries) { $0.int($1) }
            encoder.optional(extended.queue)
        }
        object(meta.custom)
    }
}

extension FrameDecoder {
    mutating func meta() throws(FrameError) -> TaskMeta {
        let taskID = try string()
        var meta = TaskMeta(taskID: taskID, state: TaskState(rawValue: try string()))
        switch try byte() {
        case 0: meta.outcome = .value(try encoded())
        case 1: meta.outcome = .exception(try exception())
        case let tag: throw FrameError("no stored outcome has the tag \(tag)")
        }
        meta.traceback = try optionalString()
        meta.children = try values()
        meta.dateDone = try optionalString()
        meta.groupID = try optionalString()
        meta.parentID = try optionalString()
        meta.extended = try bool() ? try extended() : nil
        meta.custom = try object()
        return meta
    }

    private mutating func extended() throws(FrameError) -> TaskMeta.Extended {
        var extended = TaskMeta.Extended()
        extended.name = try optionalString()
        extended.arguments = try optionalValue()
        extended.keywords = try optionalValue()
        extended.worker = try optionalString()
        extended.retries = try bool() ? try int() : nil
        extended.queue = try optionalString()
        return extended
    }
}
