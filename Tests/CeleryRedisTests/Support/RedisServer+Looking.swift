//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import ServiceTestSupport

extension RedisServer {
    /// A figure of the server's about itself; 0 where there is none.
    func figure(_ name: String, of section: String) throws -> Int {
        let text = try command("INFO", section).text ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name) }
        let digits = line?.drop { !$0.isNumber }.prefix(while: \.isNumber)
        return digits.flatMap { Int($0) } ?? 0
    }

    /// Waits until so many fetches wait at the server.
    func eventuallyBlocked(_ count: Int) async throws {
        try await eventually("\(count) fetches that wait") {
            try figure("blocked_clients:", of: "clients") == count
        }
    }

    /// The number of the client whose fetch waits.
    func blockedClient() throws -> String {
        let lines = try command("CLIENT", "LIST").text?.split(whereSeparator: \.isNewline) ?? []
        let words = lines.first { $0.contains("cmd=blmove") }?.split(separator: " ") ?? []
        return words.first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) } ?? ""
    }

    /// The key of the fence of the only epoch.
    func fence() throws -> String { try command("KEYS", "*_swift.epoch.*.fence").texts.first ?? "" }
}
#endif
