//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// A redis-server of its own: temporary folder, free port, nothing written to disk.
public final class BenchServer {
    public let port: Int
    public let url: String
    private let process: Process
    private let folder: URL

    /// What the server has done so far.
    public struct Work {
        /// Seconds.
        public var cpu: Double
        public var commands: Double

        public static func - (later: Work, earlier: Work) -> Work {
            Work(cpu: later.cpu - earlier.cpu, commands: later.commands - earlier.commands)
        }
    }

    public init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try Self.freePort()
        (self.folder, self.port, url) = (folder, port, "redis://127.0.0.1:\(port)/0")
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
            folder.path, "--logfile", folder.appendingPathComponent("log").path,
        ]
        try process.runUnblocked()
        for _ in 0..<500 {
            if (try? BareConnection(port: port).ask("PING")) == "PONG" { return }
            usleep(10_000)
        }
        throw BareConnection.Failure(what: "redis-server did not start on port \(port)")
    }

    public func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    public func clear() throws { _ = try BareConnection(port: port).ask("FLUSHALL") }

    public var version: String { get throws { try info("server")["redis_version"] ?? "?" } }

    /// Bytes.
    public var memory: Int { get throws { try info("memory")["used_memory"].flatMap { Int($0) } ?? 0 } }

    public var work: Work {
        get throws {
            let (cpu, stats) = (try info("cpu"), try info("stats"))
            func value(_ text: String?) -> Double { text.flatMap(Double.init) ?? 0 }
            return Work(
                cpu: value(cpu["used_cpu_user"]) + value(cpu["used_cpu_sys"]),
                commands: value(stats["total_commands_processed"])
            )
        }
    }

    private func info(_ section: String) throws -> [String: String] {
        let lines = try BareConnection(port: port).ask("INFO", section).split(whereSeparator: \.isNewline)
        let pairs = lines.compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { $1 }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard result == 0 else { throw BareConnection.Failure(what: "there is no free port") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
