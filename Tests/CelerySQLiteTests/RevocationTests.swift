//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import Foundation
import Testing

@testable import CelerySQLite

/// The table of revoked ids.
@Suite(.timeLimit(.minutes(1))) struct RevocationTests {
    @Test func `of too many revocations the first to come go, however often one of them is repeated`() async throws {
        let folder = try TemporaryStore.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SQLiteOptions(path: folder + "/celery.sqlite")
        options.revocationLimit = 20
        let store = try SQLiteStore(options)
        let transport = SQLiteTransport(store: store)
        let revocations = try #require(transport.revocations)
        func revoke(_ numbers: some Sequence<Int>) async throws {
            let entries = numbers.map {
                Revocation(
                    taskID: "\($0)",
                    terminate: false,
                    signal: "SIGTERM",
                    expires: .now.advanced(by: .seconds(60))
                )
            }
            try await revocations.revoke(entries)
        }
        func known() async throws -> [String] { try await revocations.revocations(after: 0).entries.map(\.taskID) }

        try await revoke(0..<20)
        for _ in 0..<50 { try await revoke([7]) }
        #expect(try await Set(known()) == Set((0..<20).map { "\($0)" }))
        try await revoke(20..<43)
        #expect(try await known() == (23..<43).map { "\($0)" })
        await transport.shutdown()
    }
}
#endif
