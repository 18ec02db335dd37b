//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryTesting
import Testing

@Suite struct MemoryConformanceTests {
    @Test(arguments: TransportCheck.all) func `keeps the transport contract`(_ check: TransportCheck) async throws {
        try await check.run(.memory())
    }

    @Test(arguments: ResultBackendCheck.all) func `keeps the result contract`(_ check: ResultBackendCheck) async throws
    {
        let harness = ResultBackendHarness.memory()
        #expect(harness.backend.chords != nil)
        try await check.run(harness)
    }
}
