//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

/// Our `celery multi` and Python's about the same command lines.
@Suite("celery multi reads command lines as Python's does", .needsPython, .timeLimit(.minutes(5)))
struct MultiInteropTests {
    /// Nodes with options. Each also has files in the folder here, so that Python makes no others.
    private static let lines = [
        "3", "a b c", "1 --range-prefix=w", "a b --prefix=p-", "2 --hostname=h.example.org", "a -n h", "a@x b@y",
        "a --suffix=s", "a-1 -n h", "2 -c 3", "a b -c 3 -c:a 10", "a b c -c:a,c 10 -c:b 1", "a b -c:1 10",
        "a b c -c:3,1 9",
        "4 -c 3 -c:1-2 10", "3 -c:2-7 1", "3 -Q:1,3 img,vid -Q default", "2 -c:1-2 9 -c:1 5", "a b --loglevel:b=DEBUG",
        "img-1 b -c:img-1 4", "a@x b -c:a@x 2", "a@x b -c:a 2", "a --prefix=p -c:a 2", "a -E -c 2", "a -c 2 -c 3",
        "a -S /v/%N-%n-%d", "a -l INFO -- task_acks_late=1 x=2", "a --append=x=%n",
        "10 -l INFO -Q:1-3 images,video -Q:4,5 data",
        "a -b redis://h/0 --workdir=/tmp", "2 --purge -P solo",
    ]

    private struct Answer: Decodable {
        var output: String
        var code: Int
    }

    private static func words(_ line: String) -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let files = ["--pidfile=%n.pid", "--logfile=%n.log"]
        guard let end = words.firstIndex(of: "--") else { return words + files }
        return words[..<end] + files + words[end...]
    }

    /// The words of a node's command line behind `worker --detach`, sorted, without what only Python has, each option one word.
    private static func options(_ line: String) -> [String] {
        var words = line.split(separator: " ").map(String.init)
        // Global options stand before the command, in an order of their own.
        let start = words.firstIndex { $0 == "worker" } ?? 0
        let globals = words[..<start].filter { $0 != "-m" && !$0.hasPrefix("/") && $0 != "celery" }
        words = words[(start + 2)...].filter { !$0.hasPrefix("--executable=") }
        return globals.sorted() + words
    }

    @Test("Names, templates and command lines are the same")
    func same() async throws {
        let directory = try TemporaryDirectory("multi")
        var cases: [[String]] = []
        for line in Self.lines {
            let words = Self.words(line)
            cases += [["names"] + words, ["expand", "%n|%h|%d|%p|%N|%%|%I"] + words, ["show"] + words]
        }
        let answers = try await python(cases, directory)
        #expect(answers.count == cases.count)
        for (words, answer) in zip(cases, answers) {
            let own = try await tool(words, directory)
            #expect(own.code == 0 && answer.code == 0, "\(words): \(own.output)")
            if words[0] == "show" {
                let (ours, theirs) = (own.output.split(separator: "\n"), answer.output.split(separator: "\n"))
                #expect(ours.map { Self.options(String($0)) } == theirs.map { Self.options(String($0)) }, "\(words)")
            } else {
                #expect(own.output == answer.output, "\(words)")
            }
        }
    }

    private func python(_ cases: [[String]], _ directory: TemporaryDirectory) async throws -> [Answer] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "python/multi_cases.py")
        try directory.write(String(decoding: try JSONEncoder().encode(cases), as: UTF8.self), to: "cases.json")
        let process = try GuardedProcess(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$1\" <cases.json >answers.json", try PythonVersion.current.interpreter(),
                script.path,
            ],
            directory: directory.url,
            log: directory.url.appendingPathComponent("python.log")
        )
        #expect(try await process.exitCode(within: .seconds(60)) == 0, "\(process.logText)")
        return try JSONDecoder().decode([Answer].self, from: Data(try directory.read("answers.json").utf8))
    }

    private func tool(_ words: [String], _ directory: TemporaryDirectory) async throws -> (output: String, code: Int32)
    {
        let log = directory.url.appendingPathComponent("log-\(UUID().uuidString)")
        let process = try GuardedProcess(
            TestPrograms.products.appendingPathComponent("celery").path,
            ["multi"] + words,
            directory: directory.url,
            log: log
        )
        let code = try await process.exitCode(within: .seconds(60))
        return (process.logText, code)
    }
}
