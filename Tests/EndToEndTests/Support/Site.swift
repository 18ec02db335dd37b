//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import Foundation
import ServiceTestSupport
import Synchronization

/// A folder with an embedded broker, an app to send from, and worker processes.
final class Site: Sendable {
    let folder: URL
    let app: CeleryApp
    private let workers = Mutex<[WorkerHandle]>([])

    /// - Parameter file: The embedded broker's file in the folder.
    init(file: String = "celery.sqlite") throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        app = CeleryApp("client", broker: "sqlite:///\(folder.path)/\(file)")
    }

    /// Starts a worker in a process group of its own.
    func worker(_ arguments: String...) throws -> WorkerHandle {
        let worker = try WorkerHandle(arguments, folder: folder)
        workers.withLock { $0.append(worker) }
        return worker
    }

    func send(_ name: String, _ args: CeleryValue..., options: SendOptions = SendOptions()) async throws -> AsyncResult<
        CeleryValue
    > {
        try await app.sendTask(name, args: args, options: options)
    }

    /// Stops a worker and its children with SIGSTOP, at a moment when it does not hold the file's write lock: one that does
    /// holds up everybody until it is continued (docs/reliability.md).
    func stop(_ worker: WorkerHandle) async throws -> [Int32] {
        while true {
            let processes = [worker.pid] + worker.children
            for pid in processes { kill(pid, SIGSTOP) }
            do {
                // A write that changes nothing.
                _ = try await app.transport().purge(["no such queue"])
                return processes
            } catch let error as TransportError where error.code == .timedOut || error.code == .unavailable {
                for pid in processes { kill(pid, SIGCONT) }
            }
        }
    }

    /// Kills what runs and deletes the folder.
    func close() async {
        for worker in workers.withLock({ $0 }) { worker.signal(SIGKILL) }
        await app.shutdown()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a test and cleans up after it, however it ends.
    static func with(_ body: (Site) async throws -> Void) async throws {
        let site = try Site()
        do {
            try await body(site)
        } catch {
            await site.close()
            throw error
        }
        await site.close()
    }
}

/// A worker process and its children.
final class WorkerHandle: Sendable {
    let pid: Int32
    private let log: URL
    private let process: Mutex<Process>

    fileprivate init(_ arguments: [String], folder: URL) throws {
        log = folder.appendingPathComponent("worker-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let process = Process()
        process.executableURL = TestPrograms.products.appendingPathComponent("EndToEndApp")
        process.arguments = ["worker", "-l", "INFO"] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        // One description for both, so that neither writes over the other.
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        pid = process.processIdentifier
        self.process = Mutex(process)
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Everything that it and its children have logged.
    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// How many of the napping tasks have begun to run.
    var startedTasks: Int { logText.components(separatedBy: "]: started").count - 1 }

    var isRunning: Bool { process.withLock { $0.isRunning } }
    var exitCode: Int32 { process.withLock { $0.isRunning ? -1 : $0.terminationStatus } }

    /// Process ids of its pool's children.
    var children: [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }
            .filter { pid in
                let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
                return fields.count > 1 && Int32(fields[1]) == self.pid && fields[0] != "Z"
            }
    }
}
