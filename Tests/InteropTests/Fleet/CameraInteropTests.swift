//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import ServiceTestSupport
import Testing

/// `celery events --camera` of Python, in a fleet with a Swift worker.
@Suite("Python's camera and a Swift worker", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct CameraInteropTests {
    @Test("It sees the Swift worker alive, and its tasks with their states", arguments: PythonVersion.available)
    func pictures(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let enabled = try await site.reply(["control", "enable_events"], from: site.hostname)
            #expect(enabled == ["ok": "task events enabled"])
            let camera = try site.peer.command(["events", "--camera=interop_camera.Camera", "--frequency=0.2"])
            // The camera asks workers for a sign of life when it begins to listen: from then on it hears of everything.
            let software = try await camera.pictured("the worker") { (picture: CeleryValue) -> String? in
                let worker = picture.at("workers", site.hostname)
                return worker.at("alive") == .bool(true) ? worker.at("software").text : nil
            }
            #expect(software == "swift-celery")
            let good = try await site.client.send("interop.add", [2, 3], options: ["queue": .string(site.tag)])
            let bad = try await site.client.send("interop.boom", options: ["queue": .string(site.tag)])
            #expect(try await site.client.get(good).value == 5)
            #expect(try await site.client.get(bad).state == "FAILURE")
            let tasks = try await camera.pictured("the ends of the tasks") { (picture: CeleryValue) -> [CeleryValue]? in
                let tasks = [picture.at("tasks", good), picture.at("tasks", bad)]
                return tasks.map { $0.at("state") } == ["SUCCESS", "FAILURE"] ? tasks : nil
            }
            #expect(tasks.map { $0.at("name") } == ["interop.add", "interop.boom"])
            #expect(tasks.allSatisfy { $0.at("worker") == .string(site.hostname) })
            #expect(tasks[0].at("result") == "5")
            await camera.end()
        }
    }
}

extension GuardedProcess {
    /// Waits until the camera has taken a picture with something in it.
    fileprivate func pictured<Found>(_ what: String, _ find: (CeleryValue) -> Found?) async throws -> Found {
        try await waited(for: "a picture of \(what)\n\(logText)", within: .seconds(60)) {
            guard isRunning else { throw ServiceError("the camera ended:\n\(logText)") }
            return logText.split(separator: "\n").filter { $0.hasPrefix("picture ") }
                .compactMap { line in
                    // The last one may not be there as a whole yet.
                    try? JSONSerializer().decodeValue(Array(line.dropFirst(8).utf8), limits: .standard)
                }
                .last.flatMap(find)
        }
    }
}
