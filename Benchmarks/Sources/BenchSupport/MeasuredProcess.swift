//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import Foundation

/// A worker in a process of its own, and what it and its children use.
public final class MeasuredProcess: Sendable {
    private let process: Process
    private let log: String

    /// - Parameter executable: This program when nil.
    public init(_ arguments: [String], of executable: String? = nil, environment: [String: String] = [:]) throws {
        log = FileManager.default.temporaryDirectory.appendingPathComponent("worker-\(UUID().uuidString).log").path
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process = Process()
        process.executableURL =
            executable.map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.runUnblocked()
    }

    public var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    public var isRunning: Bool { process.isRunning }
    public var pid: Int32 { process.processIdentifier }

    /// A signal to its main process only.
    public func signal(_ number: Int32) { _ = kill(process.processIdentifier, number) }

    /// Until the log says so.
    public func waitUntilReady() async throws {
        while process.isRunning {
            if output.contains(" ready.") { return }
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
    public var memory: Int { pids.reduce(0) { $0 + pss($1) } }
    public var memoryDetail: String { pids.map { "\($0): \(pss($0))" }.joined(separator: ", ") }

    /// Seconds of CPU of all its processes so far.
    public var cpu: Double {
        pids.reduce(0) { sum, pid in
            var (clock, time) = (clockid_t(), timespec())
            guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return sum }
            return sum + Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    }

    /// Warm; returns the CPU it has used, without what its end takes.
    @discardableResult
    public func stop() -> Double {
        let used = cpu
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: log)
        return used
    }
}

extension Process {
    /// Threads of the runtime block all signals, and a child would inherit that: Python could not be stopped.
    public func runUnblocked() throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
