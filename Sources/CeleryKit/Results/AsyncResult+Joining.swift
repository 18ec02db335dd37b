//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
package import CeleryWire

extension AsyncResult {
    /// Waits for all tasks of a group and puts their results together as the group nests them.
    ///
    /// Asks for all at once and then waits for the last that is missing, looking once a second whether another has failed.
    func join(timeout: Duration) async throws -> Output {
        guard let tree else { return try await get(timeout: timeout) }
        let ids = tree.leaves
        let deadline = ContinuousClock.now + timeout
        var metas: [String: TaskMeta] = [:]
        while true {
            let missing = ids.filter { metas[$0] == nil }
            guard !missing.isEmpty else { break }
            try await fetch(missing, into: &metas)
            for id in missing { try metas[id].map(throwIfFailed) }
            if eager != nil, let id = missing.first(where: { metas[$0] == nil }) { throw neverRan(id) }
            guard let last = missing.last(where: { metas[$0] == nil }) else { break }
            let left = deadline - .now
            guard left > .zero else { throw await timeoutError(timeout, missing: ids.count { metas[$0] == nil }) }
            try await wait(for: last, timeout: min(left, .seconds(1)))
        }
        do throws(WireError) {
            return try tree.value { metas[$0]?.returned ?? .null }.decode(as: Output.self)
        } catch {
            throw decodingError(error, "\(Output.self)")
        }
    }

    private func fetch(_ missing: [String], into metas: inout [String: TaskMeta]) async throws {
        for (id, meta) in try await self.metas(of: missing) where meta.state.isReady { metas[id] = meta }
    }

    private func wait(for id: String, timeout: Duration) async throws {
        do {
            _ = try await app.resultBackend().wait(for: id, timeout: timeout)
        } catch let error as TransportError {
            try Task.checkCancellation()
            throw SendingErrors.backend(error, id: id)
        }
    }

    private func throwIfFailed(_ meta: TaskMeta) throws {
        guard case .exception = meta.outcome else { return }
        _ = try AsyncResult(id: meta.taskID, app: app).output(of: meta)
    }

    private func timeoutError(_ timeout: Duration, missing: Int) async -> CeleryError {
        var error = await timeoutError(timeout)
        error.message = "\(missing) of the group's tasks have not ended: \(error.message)"
        return error
    }
}

extension TaskMeta {
    /// What the task returned; nil when it failed.
    fileprivate var returned: EncodedValue? { if case .value(let value) = outcome { value } else { nil } }
}

extension ResultTree {
    /// What it comes to, given what each of its tasks returned.
    package func value(_ returned: (String) -> EncodedValue) throws(WireError) -> EncodedValue {
        switch self {
        case .task(let id, _): return returned(id)
        case .group(_, _, let children):
            var values: [EncodedValue] = []
            for child in children { values.append(try child.value(returned)) }
            return try EncodedValue(array: values)
        }
    }
}

extension EncodedValue {
    /// An array of values that are encoded already.
    package init(array values: [EncodedValue]) throws(WireError) {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            if index > 0 { bytes += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            bytes += try value.json()
        }
        bytes.append(UInt8(ascii: "]"))
        self.init(validatedJSON: bytes[...])
    }
}
