//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// A worker in a process of its own, and what it and its children use.
final class WorkerProcess: Sendable {
    private let process: Process
    private let log: String

    init(_ arguments: [String]) throws {
        log = FileManager.default.temporaryDirectory.appendingPathComponent("worker-\(UUID().uuidString).log").path
        FileManager.default.createFile(atPath: log, contents: nil)
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["worker"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
    }

    /// Until the log says so.
    func waitUntilReady() async throws {
        while process.isRunning {
            if let text = try? String(contentsOfFile: log, encoding: .utf8), text.contains(" ready.") { return }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private var pids: [Int32] {
        let children =
            (try? String(
                contentsOfFile: "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
                encoding: .utf8
            )) ?? ""
        var all = Set(children.split(separator: " ").compactMap { Int32($0) })
        // Children of other threads are listed with those threads.
        for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/task"))
            ?? []
        {
            let text =
                (try? String(
                    contentsOfFile: "/proc/\(process.processIdentifier)/task/\(thread)/children",
                    encoding: .utf8
                )) ?? ""
            for pid in text.split(separator: " ").compactMap({ Int32($0) }) { all.insert(pid) }
        }
        return [process.processIdentifier] + all.sorted()
    }

    private func pss(_ pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") } ?? ""
        return Int(line.split(separator: " ").dropFirst().first ?? "0") ?? 0
    }

    /// KiB.
    var memory: Int { pids.reduce(0) { $0 + pss($1) } }
    var memoryDetail: String { pids.map { "\($0): \(pss($0))" }.joined(separator: ", ") }

    /// Seconds of CPU of all its processes so far.
    var cpu: Double {
        pids.reduce(0) { sum, pid in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return sum }
            return sum + (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }

    /// Warm; returns the CPU it has used.
    func stop() -> Double {
        let used = cpu
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: log)
        return used
    }
}
