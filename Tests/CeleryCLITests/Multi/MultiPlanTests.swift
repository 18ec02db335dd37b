//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite("Nodes of celery multi")
struct MultiPlanTests {
    /// Node names with the options that tell them apart, as `celery multi show` of Python prints them.
    private func nodes(_ line: String, hostname: String = "box.example.org") throws -> [String] {
        let words = line.split(separator: " ").map(String.init)
        return try MultiPlan(try MultiWords(words), hostname: hostname).nodes
            .map { node in
                let all = try node.arguments(globals: [])
                let own = all.drop { $0 != "--detach" }.dropFirst()
                    .filter { !$0.hasPrefix("--pidfile=") && !$0.hasPrefix("--logfile=") }
                return own.joined(separator: " ")
            }
    }

    @Test(
        "Names, counts, prefixes and hosts",
        arguments: [
            ("2", ["-n celery1@box.example.org", "-n celery2@box.example.org"]),
            ("a b", ["-n a@box.example.org", "-n b@box.example.org"]),
            ("a b --hostname=h", ["-n a@h", "-n b@h"]), ("a -n h", ["-n a@h"]),
            ("2 -n h", ["-n celery1@h", "-n celery2@h"]),
            ("2 --range-prefix=w -n h", ["-n w1@h", "-n w2@h"]), ("a b --prefix=x- -n h", ["-n x-a@h", "-n x-b@h"]),
            ("1 --prefix=x -n h", ["-n celery1@h"]), ("a --suffix=s -n h", ["-n a@s"]),
            ("a --suffix=\"\" -n h", ["-n a@"]),
            ("a@x b@%h", ["-n a@x", "-n b@box.example.org"]), ("a@%d %n@x", ["-n a@example.org", "-n box@x"]),
            ("a --suffix=%d", ["-n a@example.org"]), ("a-1 -n h", ["-n a-1@h"]),
        ] as [(String, [String])]
    )
    func names(line: String, expected: [String]) throws { #expect(try nodes(line) == expected) }

    @Test(
        "Options for all, and for some",
        arguments: [
            ("a b -n h -c 3 -l INFO", ["-c 3 -l INFO -n a@h", "-c 3 -l INFO -n b@h"]),
            ("a b -n h -c 3 -c:a 10", ["-c 10 -n a@h", "-c 3 -n b@h"]),
            ("a b c -n h -c:a,c 10", ["-c 10 -n a@h", "-n b@h", "-c 10 -n c@h"]),
            ("a b -n h -c:1 10", ["-c 10 -n a@h", "-n b@h"]), ("a b -n h -c:2,1 9", ["-c 9 -n a@h", "-c 9 -n b@h"]),
            (
                "4 -n h -c 3 -c:1-2 10",
                ["-c 10 -n celery1@h", "-c 10 -n celery2@h", "-c 3 -n celery3@h", "-c 3 -n celery4@h"]
            ),
            ("3 -n h -c:2-7 1", ["-n celery1@h", "-c 1 -n celery2@h", "-c 1 -n celery3@h"]),
            ("3 -n h -Q:1,3 img,vid", ["-Q img,vid -n celery1@h", "-n celery2@h", "-Q img,vid -n celery3@h"]),
            ("2 -n h -c:1-2 9 -c:1 5", ["-c 9 -n celery1@h", "-c 9 -n celery2@h"]),
            ("a b -n h --loglevel:b=DEBUG", ["-n a@h", "--loglevel=DEBUG -n b@h"]),
            ("img-1 b -n h -c:img-1 4", ["-c 4 -n img-1@h", "-n b@h"]),
            ("a@x b -n h -c:a@x 2", ["-c 2 -n a@x", "-n b@h"]),
            ("a@x -c:a 2", ["-c 2 -n a@x"]), ("a --prefix=p -n h -c:a 2", ["-c 2 -n pa@h"]),
            ("a -n h -E -c 2", ["-E -c 2 -n a@h"]), ("a -n h -c 2 -c 3", ["-c 3 -n a@h"]),
            ("a -n h --purge -Q x", ["--purge -Q x -n a@h"]), ("a -n h --logfile=%n-%h.x -S /v/%N", ["-S /v/a -n a@h"]),
            ("a -n h -- task_acks_late=1 -x", ["-n a@h -- task_acks_late=1 -x"]),
            ("a -n h --append=x=%n", ["-n a@h x=a"]), ("a -n h -D -c 1", ["-c 1 -n a@h"]),
        ] as [(String, [String])]
    )
    func options(line: String, expected: [String]) throws { #expect(try nodes(line) == expected) }

    @Test("The command line begins with the program's global options, the command, and the files of the node")
    func commandLine() throws {
        let words = [
            "a", "-n", "h", "--workdir=/srv/%n", "-b", "redis://", "--pidfile=~/run/%n.pid", "-f", "log/%n%I.log",
        ]
        let node = try #require(try MultiPlan(try MultiWords(words), hostname: "x").nodes.first)
        let arguments = try node.arguments(globals: ["--config", "c.json"])
        let home = try #require(node.pidPattern.hasSuffix("/run/%n.pid") ? node.pidPattern.dropLast(11) : nil)
        #expect(
            arguments == [
                "--config", "c.json", "--workdir=/srv/a", "-b", "redis://", "worker", "--detach",
                "--pidfile=\(home)/run/a.pid", "-n", "a@h", "--logfile=log/a%I.log",
            ]
        )
        #expect(try node.pidPath == "\(home)/run/a.pid" && !home.contains("~"))
        #expect(try node.logPath == "log/a.log")
    }

    @Test("Files are Celery's by default, and another command or program can be started")
    func defaults() throws {
        let plan = try MultiPlan(try MultiWords(["a", "b", "-n", "h", "--executable:b=/bin/b"]), hostname: "x")
        #expect(try plan.nodes[0].pidPath == "/var/run/celery/a.pid")
        #expect(try plan.nodes[0].logPath == "/var/log/celery/a.log")
        #expect(plan.nodes.map(\.executable) == [nil, "/bin/b"])
        let other = try MultiPlan(try MultiWords(["a", "--cmd=-m celery worker -D -E"]), hostname: "x")
        #expect(try Array(other.nodes[0].arguments(globals: []).prefix(3)) == ["worker", "-D", "-E"])
    }

    @Test(
        "What makes no sense is said",
        arguments: [
            ("", "name the nodes, or say how many"), ("-c 3", "name the nodes"),
            ("0", "0 nodes; there have to be 1 to 10000"),
            ("20000", "20000 nodes"), ("a b -c:3 1", "there is no node ':3'; there are 2"), ("a -c:3 1", "there is 1"),
            ("a b -c:0 1", "numbered from 1"), ("3 -c:1-x 1", "':1-x' is no range"), ("3 -c:1-2-3 1", "is no range"),
            ("3 -c:1-99999999 1", "is no range"), ("a -c:x:y 1", "'-c:x:y' is no option"),
            ("a -c: 1", "'-c:' is no option"),
            ("a -", "'-' is neither"), ("a --concurrency 3", "behind =: --concurrency=…"),
            ("a@%x", "'%x' in 'a@%x' is none of"),
            ("a a", "there are two nodes a@box"), ("a --pidfile", "--pidfile=…"), ("a -S %z", "'%z'"),
        ]
    )
    func wrong(line: String, message: String) throws {
        let error = #expect(throws: CommandFailure.self) { try nodes(line) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.code == .usage)
    }

    @Test(
        "Signals are found among the options, and are none of the worker's",
        arguments: [
            ("a", "nil", 1), ("a -9", "KILL", 1), ("a -TERM", "TERM", 1), ("a -SIGHUP b", "HUP", 2),
            ("a -15 -c 1", "TERM", 1),
            ("a -INT -QUIT", "QUIT", 1), ("a -TERMINATE", "nil", 1), ("a -- -9", "nil", 1),
        ]
    )
    func signals(line: String, name: String, count: Int) throws {
        let words = try MultiWords(line.split(separator: " ").map(String.init))
        #expect((words.signal?.name ?? "nil") == name)
        #expect(words.names.count == count)
        #expect(words.signal == nil || !words.options.entries.contains { $0.name == "-\(name)" })
    }

    @Test("Words are quoted where a shell would read them otherwise")
    func quoting() {
        #expect(ShellWord.quote("--pidfile=/a/%n.pid") == "--pidfile=/a/%n.pid")
        #expect(
            ShellWord.quote("a b") == "'a b'" && ShellWord.quote("") == "''" && ShellWord.quote("it's") == "'it'\\''s'"
        )
        #expect(ShellWord.quote("a;rm") == "'a;rm'" && ShellWord.quote("日") == "'日'")
    }
}
