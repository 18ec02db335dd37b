//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import ServiceTestSupport
import Testing

@Suite("How long dead letters are kept", .serialized, .timeLimit(.minutes(2)))
struct DeadLetterAgeTests {
    @Test(
        "They are listed until dead_letter_retention has passed, and gone afterwards",
        arguments: FleetBroker.available
    )
    func retention(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            site.app.update { $0.deadLetterRetention = .seconds(5) }
            _ = try await site.worker()
            let unknown = try await site.send("nobody.knows")
            _ = try? await unknown.get(timeout: .seconds(60))
            func listed() async throws -> [String?] {
                try await site.app.transport().deadLetters.list(.all, limit: 10).map(\.taskID)
            }
            #expect(try await eventually { try await listed() == [unknown.id] })
            #expect(try await eventually { try await listed().isEmpty })
        }
    }
}
