//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
package import CeleryWire
import Synchronization

extension AsyncResult {
    /// Waits for all tasks of a group and puts their results together as the group nests them. Ends as soon as one has failed.
    func join(timeout: Duration) async throws -> Output {
        guard case .group? = tree else { return try await get(timeout: timeout) }
        let ended = EndedTasks(stopsAtFailure: true)
        try await app.wait(forAll: leaves, eager: eager, timeout: timeout, ended)
        if let failure = ended.firstFailure(of: leaves) { try throwFailure(failure) }
        let missing = ended.missing(of: leaves)
        if let first = missing.first {
            if eager != nil { throw neverRan(first) }
            var error = await timeoutError(timeout)
            error.message = "\(missing.count) of the group's tasks have not ended: \(error.message)"
            throw error
        }
        return try output(of: ended)
    }

    /// Throws what a member has failed with.
    func throwFailure(_ failure: TaskMeta) throws {
        _ = try AsyncResult(id: failure.taskID, app: app).output(of: failure)
    }

    /// The tasks that it comes to: itself, or the members of the group, those of nested groups included.
    var leaves: [String] {
        guard case .group? = tree else { return [id] }
        return tree?.leaves ?? []
    }

    /// What all of its tasks returned.
    func output(of ended: EndedTasks) throws -> Output {
        guard case .group? = tree, let tree else {
            guard let meta = ended[id] else { throw neverRan(id) }
            return try output(of: meta)
        }
        do throws(WireError) {
            return try tree.value { ended[$0]?.returned ?? .null }.decode(as: Output.self)
        } catch {
            throw decodingError(error, "\(Output.self)")
        }
    }
}

/// What has come of several tasks so far.
final class EndedTasks: Sendable {
    private let metas = Mutex<[String: TaskMeta]>([:])
    private let stopsAtFailure: Bool

    init(stopsAtFailure: Bool) { self.stopsAtFailure = stopsAtFailure }

    subscript(id: String) -> TaskMeta? { metas.withLock { $0[id] } }

    /// Returns whether to wait for the others.
    func add(_ new: [TaskMeta]) -> Bool {
        metas.withLock { metas in
            for meta in new { metas[meta.taskID] = meta }
        }
        return !stopsAtFailure || !new.contains(where: \.isFailure)
    }

    func firstFailure(of ids: [String]) -> TaskMeta? {
        metas.withLock { metas in
            for id in ids {
                if let meta = metas[id], meta.isFailure { return meta }
            }
            return nil
        }
    }

    func missing(of ids: [String]) -> [String] {
        metas.withLock { metas in ids.filter { metas[$0] == nil } }
    }
}

extension CeleryApp {
    /// Waits for tasks that were sent, or takes what those that ran in this process came to.
    ///
    /// - Throws: ``CeleryError`` `.backendUnavailable`, or `CancellationError`.
    func wait(forAll ids: [String], eager: EagerResults?, timeout: Duration, _ ended: EndedTasks) async throws {
        try await wait(forAll: ids, eager: eager, timeout: timeout) { ended.add($0) }
    }

    func wait(
        forAll ids: [String],
        eager: EagerResults?,
        timeout: Duration,
        _ ended: @Sendable ([TaskMeta]) async -> Bool
    ) async throws {
        guard let first = ids.first else { return }
        if let eager {
            _ = await ended(Array(eager.metas(of: ids).values))
            return
        }
        do {
            try await resultBackend().wait(forAll: ids, timeout: timeout, ended)
        } catch let error as TransportError {
            try Task.checkCancellation()
            throw SendingErrors.backend(error, id: first)
        }
    }
}

extension TaskMeta {
    /// What the task returned; nil when it failed.
    fileprivate var returned: EncodedValue? { if case .value(let value) = outcome { value } else { nil } }

    fileprivate var isFailure: Bool { if case .exception = outcome { true } else { false } }
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
