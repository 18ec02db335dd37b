//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

extension AsyncResult {
    /// This result, the results of the tasks that it has sent, of those that they have sent, and so on, with what they returned; each
    /// is waited for, for so long at most.
    ///
    /// In Celery's order: all children of a task or group before the children of the first of them. A group comes as one array, and
    /// then its members one by one. The sequence ends by throwing the first error that ``get(timeout:)`` throws.
    ///
    /// Celery's `collect` takes `intermediate`, which has no effect there, since each result is waited for; see
    /// ``dependencies(intermediate:)``.
    public func collect(timeout: Duration = .seconds(60)) -> CollectedResults {
        CollectedResults(root: untyped, timeout: timeout)
    }

    /// The same results with who sent each, without waiting for any: `iterdeps` of Celery.
    ///
    /// - Parameter intermediate: Whether a result that is not there yet is passed over, together with what hangs on it. Otherwise
    ///   the sequence ends behind it by throwing ``CeleryError`` `.incompleteStream`.
    public func dependencies(intermediate: Bool = false) -> ResultDependencies {
        ResultDependencies(root: untyped, intermediate: intermediate)
    }

    var untyped: AsyncResult<CeleryValue> {
        if let tree { return related(tree) }
        return AsyncResult<CeleryValue>(id: id, app: app, taskName: taskName, isIgnored: isIgnored, eager: eager)
    }
}

/// Results and what they came to; see ``AsyncResult/collect(timeout:)``.
public struct CollectedResults: AsyncSequence, Sendable {
    /// A result and what it came to.
    public typealias Element = (result: AsyncResult<CeleryValue>, value: CeleryValue)

    let root: AsyncResult<CeleryValue>
    let timeout: Duration

    /// Goes through the results once.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var dependencies: ResultDependencies.AsyncIterator
        fileprivate let timeout: Duration

        public mutating func next() async throws -> Element? {
            guard let (_, result) = try await dependencies.next() else { return nil }
            return (result, try await result.get(timeout: timeout))
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            dependencies: ResultDependencies(root: root, intermediate: false).makeAsyncIterator(),
            timeout: timeout
        )
    }
}

/// Results and who sent them; see ``AsyncResult/dependencies(intermediate:)``.
public struct ResultDependencies: AsyncSequence, Sendable {
    /// A result and the task or group that it hangs on; nil of the first.
    public typealias Element = (parent: AsyncResult<CeleryValue>?, result: AsyncResult<CeleryValue>)

    let root: AsyncResult<CeleryValue>
    let intermediate: Bool

    /// Goes through the results once.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var waiting: [Element]
        private var position = 0
        private let intermediate: Bool
        /// Who was handed out last, and has yet to be asked for children.
        private var last: AsyncResult<CeleryValue>?
        private var seen: Set<String> = []

        init(root: AsyncResult<CeleryValue>, intermediate: Bool) {
            waiting = [(nil, root)]
            self.intermediate = intermediate
        }

        /// Asks for children only when more is asked for, so that whoever waits for a result in between gets them.
        public mutating func next() async throws -> Element? {
            if let last { try await follow(last) }
            while position < waiting.count {
                let element = waiting[position]
                position += 1
                guard seen.insert(element.result.id).inserted else { continue }
                last = element.result
                return element
            }
            last = nil
            return nil
        }

        private mutating func follow(_ result: AsyncResult<CeleryValue>) async throws {
            last = nil
            if try await result.ready() {
                for child in try await result.children() { waiting.append((result, child)) }
            } else if !intermediate {
                throw CeleryError(
                    .incompleteStream,
                    "\(result.label) has not ended: what it sends is not known yet",
                    taskID: result.id,
                    taskName: result.taskName
                )
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(root: root, intermediate: intermediate) }
}
