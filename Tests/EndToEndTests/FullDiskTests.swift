//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

@Suite("A full disk", .timeLimit(.minutes(5)))
struct FullDiskTests {
    private func run(_ command: String...) throws {
        let process = try Process.run(URL(filePath: command[0]), arguments: Array(command.dropFirst()))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(command)")
    }

    /// Takes all the room that there is.
    private func fill(_ path: String) throws {
        let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        defer { close(descriptor) }
        for size in [65536, 1024, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
    }

    @Test(
        "While the embedded broker's disk is full outcomes wait and sends fail; with room each task has run once",
        .enabled(if: getuid() == 0, "mounting a small tmpfs needs root"),
        arguments: ["async", "prefork"]
    )
    func fullDisk(pool: String) async throws {
        let site = try Site(file: "disk/celery.sqlite")
        let disk = site.folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try run("/bin/mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk)
        do {
            try await expectWaiting(site, pool, disk)
        } catch {
            Issue.record(error)
        }
        await site.close()
        try run("/bin/umount", "-l", disk)
    }

    private func expectWaiting(_ site: Site, _ pool: String, _ disk: String) async throws {
        var sent: [AsyncResult<CeleryValue>] = []
        for _ in 0..<12 { sent.append(try await site.send("e2e.nap", 1)) }
        let worker = try site.worker("-P", pool, "-c", "4", "broker_url=sqlite:///disk/celery.sqlite")
        #expect(try await eventually { worker.startedTasks >= 4 })
        try fill(disk + "/filler")
        let error = await #expect(throws: (any Error).self) {
            for _ in 0..<100 {
                let big = CeleryValue.string(String(repeating: "x", count: 100_000))
                _ = try await site.send("e2e.unknown", big, options: SendOptions(queue: "elsewhere"))
            }
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("full"), "\(String(describing: error))")
        #expect(try await eventually { worker.logText.contains("full") }, "\(worker.logText)")
        #expect(worker.isRunning)
        try FileManager.default.removeItem(atPath: disk + "/filler")
        for result in sent { #expect(try await result.get(timeout: .seconds(60)) == "rested") }
        #expect(worker.startedTasks == 12, "\(worker.logText)")
        #expect(try await site.send("e2e.add", 1, 2).get(timeout: .seconds(30)) == 3)
    }
}
