//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import ServiceTestSupport
import Testing

/// A Swift and a Python worker with tasks that run, wait and are put off, asked by both command lines.
@Suite(
    "inspect of both languages, asking workers of both that have something to tell",
    .needsCurrentPythonAndRedis,
    .serialized
)
struct InspectCommandLineTests {
    @Test("Both command lines print the same fields and values of each worker", arguments: InspectCase.all)
    func sameFromBoth(inspection: InspectCase) async throws {
        let fleet = try await MixedFleet.occupied
        let python = try await fleet.replies(to: .python, ["inspect"] + inspection.words)
        let swift = try await fleet.replies(to: .swift, ["inspect"] + inspection.words)
        for worker in MixedFleet.Language.allCases {
            let (theirs, ours) = (python[worker] ?? .null, swift[worker] ?? .null)
            let types = ReplyLeaves(ours).typeDifferences(from: ReplyLeaves(theirs))
            #expect(types == [], "types of the \(worker) worker")
            let changing = inspection.changing
            let values = ReplyLeaves(ours, without: changing).differences(from: ReplyLeaves(theirs, without: changing))
            #expect(values == [], "values of the \(worker) worker")
        }
    }

    @Test("A Swift worker's reply has a Python worker's fields, types and values", arguments: InspectCase.all)
    func sameOfBoth(inspection: InspectCase) async throws {
        let replies = try await MixedFleet.occupied.replies(to: .python, ["inspect"] + inspection.words)
        let swift = inspection.comparable(replies[.swift] ?? .null, of: .swift)
        let python = inspection.comparable(replies[.python] ?? .null, of: .python)
        let types = ReplyLeaves(swift).typeDifferences(from: ReplyLeaves(python))
        #expect(types.subtracting(inspection.differing.keys) == [])
        let without = inspection.changing.union(inspection.own)
        let values = ReplyLeaves(swift, without: without).differences(from: ReplyLeaves(python, without: without))
        #expect(values == Set(inspection.differing.keys).subtracting(without))
    }

    @Test(
        "Both command lines print the same text about each worker",
        arguments: InspectCase.all.filter { $0.changing.isEmpty && $0.isNoText == nil }
    )
    func sameText(inspection: InspectCase) async throws {
        let fleet = try await MixedFleet.occupied
        for worker in MixedFleet.Language.allCases {
            let words = ["inspect"] + inspection.words + ["-d", worker.node, "-t", "30"]
            let (swift, python) = (try await fleet.run(.swift, words), try await fleet.run(.python, words))
            #expect(swift.output == python.output)
            #expect(swift.code == 0 && python.code == 0)
        }
    }
}
