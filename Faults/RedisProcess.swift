//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A redis-server for one campaign: in the campaign's folder, on a unix socket, writing every change to its disk or none.
final class RedisProcess {
    private let folder: String
    private let isPersistent: Bool
    private var group: ProcessGroup

    var url: String { "redis+socket://\(socket)" }
    private var socket: String { Self.socket(in: folder) }

    init(folder: String, isPersistent: Bool = true) throws {
        self.folder = folder
        self.isPersistent = isPersistent
        group = try Self.start(in: folder, isPersistent: isPersistent)
        try waitUntilReady()
    }

    /// SIGKILL, and a new one on the same files.
    func restart() throws {
        group.signalAll(SIGKILL)
        while group.reap() == nil { usleep(1000) }
        unlink(socket)
        group = try Self.start(in: folder, isPersistent: isPersistent)
        try waitUntilReady()
    }

    func closeConnections() { run(["CLIENT", "KILL", "TYPE", "normal"]) }

    /// Closes one connection, drawn at random, of those whose client has that name; whether there was one.
    func closeConnection(named name: String) -> Bool {
        let mark = " name=\(name) "
        let lines = answer(["CLIENT", "LIST"]).split(whereSeparator: \.isNewline).filter { $0.contains(mark) }
        // id=7 addr=…
        guard let id = lines.randomElement()?.split(separator: " ").first?.dropFirst(3) else { return false }
        return run(["CLIENT", "KILL", "ID", String(id)])
    }

    /// What it answers to one command, as redis-cli prints it.
    func answer(_ command: [String]) -> String {
        guard run(command) else { return "" }
        let hasLines = command.first == "INFO" || command.first == "CLIENT"
        return TextFile.text(of: "\(folder)/redis-cli.log", from: 0).filter { $0 != "\n" || hasLines }
    }

    func end() {
        group.signalAll(SIGKILL)
        while group.reap() == nil { usleep(1000) }
    }

    /// The path of a socket may not be longer than about a hundred bytes, which temporary folders are not.
    private static func socket(in folder: String) -> String { "\(folder)/redis.sock" }

    private static func start(in folder: String, isPersistent: Bool) throws -> ProcessGroup {
        try ProcessGroup(
            program: "redis-server",
            arguments: [
                "--port", "0", "--unixsocket", socket(in: folder), "--dir", folder, "--save", "",
                "--appendonly", isPersistent ? "yes" : "no", "--appendfsync", "always",
            ],
            environment: environment,
            log: "\(folder)/redis.log"
        )
    }

    private static var environment: [String: String] {
        ["PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"]
    }

    private func waitUntilReady() throws {
        for _ in 0..<2000 {
            if run(["PING"]) { return }
            usleep(10000)
        }
        throw HarnessError("redis-server did not answer within 20 s: see \(folder)/redis.log")
    }

    @discardableResult
    private func run(_ command: [String]) -> Bool {
        let answer = "\(folder)/redis-cli.log"
        unlink(answer)
        guard
            let client = try? ProcessGroup(
                program: "redis-cli",
                arguments: ["-s", socket] + command,
                environment: Self.environment,
                log: answer
            )
        else { return false }
        while true {
            if let status = client.reap() {
                return status == 0 && !TextFile.text(of: answer, from: 0).contains("LOADING")
            }
            usleep(1000)
        }
    }
}
