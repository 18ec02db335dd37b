//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

extension ResultSet {
    /// Waits for results, each of which may be made of several tasks.
    final class Watch: Sendable {
        private let results: [AsyncResult<Output>]
        /// Which results a task belongs to, by their places.
        private let places: [String: [Int]]
        /// What members of groups came to; what a single task came to is passed on and not kept.
        private let members = EndedTasks(stopsAtFailure: false)
        /// How many tasks each result still waits for.
        private let left: Mutex<[Int]>

        init(_ results: [AsyncResult<Output>]) {
            self.results = results
            var places: [String: [Int]] = [:]
            var left: [Int] = []
            for (index, result) in results.enumerated() {
                let leaves = Set(result.leaves)
                left.append(leaves.count)
                for id in leaves { places[id, default: []].append(index) }
            }
            self.places = places
            self.left = Mutex(left)
        }

        /// Passes on each result that has ended, until all have.
        func run(timeout: Duration, _ completed: @escaping @Sendable (Completion) -> Void) async throws {
            guard let first = results.first else { return }
            if let ignored = results.first(where: \.isIgnored) { throw ignored.nothingToWaitFor }
            for (index, result) in results.enumerated() where result.leaves.isEmpty {
                completed(completion(of: index, nil))
            }
            for (eager, ids) in sources() {
                try await first.app.wait(forAll: ids, eager: eager, timeout: timeout) { metas in
                    for meta in metas { self.take(meta, completed) }
                    return true
                }
            }
            let missing = left.withLock { left in left.indices.filter { left[$0] > 0 } }
            guard let index = missing.first else { return }
            guard results[index].eager == nil else { throw results[index].neverRan(results[index].id) }
            var error = await results[index].timeoutError(timeout)
            error.message = "\(missing.count) of \(results.count) results have not ended: \(error.message)"
            throw error
        }

        /// Where to wait for which tasks: those that ran in this process first, since they have ended.
        private func sources() -> [(EagerResults?, [String])] {
            var eager: [(EagerResults?, [String])] = []
            for result in results {
                if let ran = result.eager { eager.append((ran, result.leaves)) }
            }
            let sent = results.filter { $0.eager == nil }.flatMap(\.leaves)
            return eager + (sent.isEmpty ? [] : [(nil, sent)])
        }

        private func take(_ meta: TaskMeta, _ completed: (Completion) -> Void) {
            for index in places[meta.taskID] ?? [] {
                if case .group? = results[index].tree { _ = members.add([meta]) }
                let isLast = left.withLock { left in
                    left[index] -= 1
                    return left[index] == 0
                }
                if isLast { completed(completion(of: index, meta)) }
            }
        }

        private func completion(of index: Int, _ meta: TaskMeta?) -> Completion {
            let result = results[index]
            let outcome = Result {
                guard case .group? = result.tree else {
                    return try meta.map(result.output) ?? result.output(of: members)
                }
                if let failure = members.firstFailure(of: result.leaves) { try result.throwFailure(failure) }
                return try result.output(of: members)
            }
            return Completion(index: index, result: result, outcome: outcome)
        }
    }
}
