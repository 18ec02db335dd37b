//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension ResultBackendHarness {
    var chords: any ChordStore {
        get throws { try requireSome(backend.chords, "the counting of chords") }
    }

    func start(
        _ group: String,
        _ size: Int,
        nested: CeleryValue? = nil,
        expires: Duration? = .seconds(60),
        isAnew: Bool = true
    ) async throws {
        let chord = ChordStart(groupID: prefix + group, size: size, nested: nested, expires: expires, isAnew: isAnew)
        try await chords.start([chord], timeout: .seconds(5))
    }

    func extend(_ group: String, by count: Int, as addition: String) async throws {
        try await chords.extend(prefix + group, by: count, as: prefix + addition, timeout: .seconds(5))
    }

    /// - Parameter id: Without it the part is named for group and index.
    func part(
        _ group: String,
        _ index: Int,
        id: String? = nil,
        state: TaskState = .success,
        value: CeleryValue? = nil,
        expires: Duration? = .seconds(60),
        by claimant: String = "me"
    ) -> ChordPart {
        ChordPart(
            groupID: prefix + group,
            index: index,
            taskID: prefix + (id ?? "\(group)-\(index)"),
            state: state,
            value: EncodedValue(value ?? .int(index)),
            expires: expires,
            claimant: claimant
        )
    }

    /// Counts one part.
    func count(
        _ group: String,
        _ index: Int,
        id: String? = nil,
        state: TaskState = .success,
        value: CeleryValue? = nil,
        expires: Duration? = .seconds(60),
        by claimant: String = "me"
    ) async throws -> ChordProgress {
        let part = part(group, index, id: id, state: state, value: value, expires: expires, by: claimant)
        let answers = try await chords.count([part], timeout: .seconds(5))
        try requireEqual(answers.count, 1, "answers")
        return answers[0]
    }
}

extension ChordProgress {
    var claim: ChordClaim? {
        guard case .complete(let claim) = self else { return nil }
        return claim
    }
}
