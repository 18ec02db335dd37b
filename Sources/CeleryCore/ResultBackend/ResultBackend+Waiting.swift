//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

extension ResultBackend {
    public func wait(
        forAll ids: [String],
        timeout: Duration,
        _ ended: @Sendable ([TaskMeta]) async -> Bool
    ) async throws(TransportError) {
        let deadline = ContinuousClock.now + timeout
        var seen: Set<String> = []
        var missing = ids.filter { seen.insert($0).inserted }
        while true {
            var found: Set<String> = []
            for chunk in missing.chunks(of: 500) {
                let metas = try await fetch(Array(chunk), timeout: .seconds(10)).values.filter(\.state.isReady)
                guard !metas.isEmpty else { continue }
                found.formUnion(metas.map(\.taskID))
                guard await ended(metas) else { return }
            }
            missing.removeAll { found.contains($0) }
            let left = deadline - .now
            // The last is the likeliest to end last.
            guard let last = missing.last, left > .zero else { return }
            do throws(TransportError) {
                _ = try await wait(for: last, timeout: min(left, .seconds(1)))
            } catch  where error.code == .timedOut && left > .seconds(1) {
                // A store that is slow is given more time by the next fetch.
            }
        }
    }
}

extension Array {
    /// Pieces of so many elements; the last may have fewer.
    package func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
