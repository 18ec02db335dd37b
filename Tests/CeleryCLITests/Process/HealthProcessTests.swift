//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import Foundation
import ServiceTestSupport
import Testing

/// `worker --health-port` as a process: what orchestrators are told.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HealthProcessTests {
    @Test func theFourPagesOfAWorkerThroughAWarmShutdown() async throws {
        try await withWorker(["-P", "async", "-c", "20"], environment: ["CLI_TEST_SLEEP": "3600"]) {
            (site: HealthSite) async throws -> Void in
            try await site.reaches("/readyz", 200)
            for page in ["/livez", "/readyz", "/startupz"] { #expect(try site.get(page).body == "ok\n") }
            try await site.worker.prints("napping")
            let metrics = try site.get("/metrics").body
            for line in [
                #"celery_worker_info{hostname="w1@test.example",pool="async",software="swift-celery",version="0.1.0"} 1"#,
                "celery_worker_broker_up 1", "celery_worker_pool_slots 20", "celery_worker_pool_busy 1",
                "celery_worker_prefetched 1", "celery_worker_leases_total 1", "celery_worker_leases_lost_total 0",
                "# TYPE process_cpu_seconds_total counter",
            ] {
                #expect(metrics.contains("\(line)\n"), "\(line)\n\(metrics)")
            }
            site.worker.signal(SIGTERM)
            try await site.reaches("/readyz", 503)
            #expect(try site.get("/readyz").body == "a warm shutdown is under way\n")
            #expect(try site.get("/livez").status == 200)
            site.worker.signal(SIGQUIT)
            _ = try await site.worker.outcome()
            #expect(throws: ServiceError.self) { try site.get("/livez") }
        }
    }

    @Test func aWorkerWhoseThreadsAreAllBlockedIsDead() async throws {
        try await withWorker(
            ["-P", "async", "-c", "20", "--health-timeout", "1"],
            environment: ["CLI_TEST_STUCK": "3600"]
        ) { (site: HealthSite) async throws -> Void in
            try await site.worker.prints("hogging")
            try await site.reaches("/livez", 503)
            let body = try site.get("/livez").body
            #expect(body.contains("the threads that Swift runs tasks on have been blocked for "), "\(body)")
            #expect(try site.get("/readyz").status == 503)
            #expect(try site.get("/startupz").status == 200)
            #expect(try await eventually { try site.metric("celery_worker_loop_lag_seconds") ?? 0 > 1 })
            // No thread is left to end it otherwise.
            site.worker.signal(SIGKILL)
        }
    }

    @Test func aTaskThatRunsLongIsNoReason() async throws {
        try await withWorker(
            ["-P", "threads", "-c", "1", "--health-timeout", "3"],
            environment: ["CLI_TEST_SLEEP": "3600"]
        ) { (site: HealthSite) async throws -> Void in
            try await site.worker.prints("napping")
            #expect(
                try await eventually { try site.metric("celery_worker_longest_running_task_seconds") ?? 0 > 5 }
            )
            #expect(try site.get("/livez").body == "ok\n")
            #expect(try site.get("/readyz").body == "ok\n")
            site.worker.signal(SIGQUIT)
            // The task does not end, and the pool cannot kill.
            site.worker.signal(SIGKILL)
        }
    }

    @Test func thePortIsKeptWhenItStartsAnew() async throws {
        let port = try LoopbackSocket.freePort()
        try await withWorker(["-P", "async"], port: port) { (site: HealthSite) async throws -> Void in
            try await site.reaches("/readyz", 200)
            site.worker.signal(SIGHUP)
            try await site.worker.prints("worker: Restarting")
            try await site.worker.prints("Health checks at http://127.0.0.1:\(port)", times: 2)
            try await site.reaches("/readyz", 200)
            #expect(!site.worker.errorText.contains("cannot be served"))
            site.worker.signal(SIGTERM)
            #expect(try await site.worker.outcome().code == 0)
        }
    }

    @Test func aPortThatIsTakenIsSaidAtTheStartAlsoOfOneInTheBackground() async throws {
        let taken = try LoopbackSocket.listener(on: 0)
        defer { close(taken) }
        let port = try LoopbackSocket.port(of: taken)
        let directory = try TemporaryDirectory()
        for arguments in [[], ["-D", "-f", directory.path("log"), "--pidfile", directory.path("pid")]] {
            let outcome = try await ToolProcess.run(
                "CLITestApp",
                ["-b", "memory://", "worker", "-P", "async", "--health-host", "127.0.0.1"] + arguments,
                environment: ["CELERY_WORKER_HEALTH_PORT": "\(port)"]
            )
            #expect(outcome.code == 64)
            #expect(
                outcome.errors.contains(
                    "Error: health checks cannot be served at http://127.0.0.1:\(port): something else listens there; "
                        + "choose another --health-port, 0 for a free one\n"
                ),
                "\(outcome.errors)"
            )
            #expect(outcome.output == "")
            #expect(!FileManager.default.fileExists(atPath: directory.path("pid")))
        }
    }

    @Test func theSettingsSayItToo() async throws {
        let port = try LoopbackSocket.freePort()
        let worker = try ToolProcess(
            "CLITestApp",
            [
                "-b", "memory://", "worker", "-P", "async", "-l", "INFO", "worker_health_port=\(port)",
                "worker_health_host=127.0.0.1",
            ]
        )
        try await worker.prints("Health checks at http://127.0.0.1:\(port)\n")
        let site = HealthSite(worker: worker, port: port)
        try await site.reaches("/startupz", 200)
        worker.signal(SIGTERM)
        #expect(try await worker.outcome().code == 0)
    }

    @Test(
        arguments: [
            (["--health-port", "70000"], "--health-port is 70000; it has to be from 0 to 65535"),
            (["--health-timeout", "0"], "--health-timeout is 0.0; it has to be a number of seconds above 0"),
            (["--health-host", ""], "--health-host is empty"), (["--health-host="], "Missing value for '--health-host"),
            (["worker_health_port=-1"], "worker_health_port"),
        ]
    )
    func whatCannotBeIsRefused(arguments: [String], message: String) async throws {
        let outcome = try await ToolProcess.run("CLITestApp", ["-b", "memory://", "worker"] + arguments)
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
}

/// The same with a real server, and with children that stop.
@Suite(
    .serialized,
    .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
    .timeLimit(.minutes(5))
)
struct HealthRedisProcessTests {
    @Test func aServerThatDoesNotAnswerMakesItNotReadyUntilItDoes() async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            try await withWorker(["-P", "async"], broker: server.url()) { (site: HealthSite) async throws -> Void in
                try await site.reaches("/readyz", 200)
                #expect(
                    try await eventually {
                        try site.metric(#"celery_queue_messages{queue="celery",state="ready"}"#) == 0
                    }
                )
                try await server.whileSuspended { () async throws -> Void in
                    try await site.reaches("/readyz", 503)
                    #expect(try site.get("/readyz").body.hasPrefix("the broker is away (for "))
                    #expect(try site.get("/livez").body == "ok\n")
                    #expect(try site.get("/startupz").body == "ok\n")
                    let metrics = try site.get("/metrics").body
                    #expect(!metrics.contains("celery_queue_messages"), "an old depth is a lie")
                    #expect(metrics.contains("celery_worker_broker_up 0\n"))
                }
                try await site.reaches("/readyz", 200)
                await server.kill()
                try await site.reaches("/readyz", 503)
                #expect(try site.get("/livez").body == "ok\n")
                try await server.restart()
                try await site.reaches("/readyz", 200)
                #expect(try site.metric("celery_worker_broker_recoveries_total") ?? 0 >= 2)
                site.worker.signal(SIGTERM)
                #expect(try await site.worker.outcome().code == 0)
            }
        }
    }

    @Test func aServerThatIsNotThereAtTheStartIsWaitedForAlive() async throws {
        let port = try LoopbackSocket.freePort()
        try await withWorker(["-P", "async"], broker: "redis://127.0.0.1:\(port)/0", quiet: true) {
            (site: HealthSite) async throws -> Void in
            try await site.reaches("/startupz", 503)
            #expect(try site.get("/startupz").body.hasPrefix("no task can be taken yet: "))
            #expect(try site.get("/readyz").status == 503)
            #expect(try site.get("/livez").body == "ok\n")
            site.worker.signal(SIGTERM)
            _ = try await site.worker.outcome()
        }
    }

    @Test func aLeaseThatAnotherWorkerEndsIsCounted() async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            let options = ["-P", "async", "worker_lease=1"]
            try await withWorker(options, broker: server.url()) { (site: HealthSite) async throws -> Void in
                try await site.reaches("/readyz", 200)
                let other = try ToolProcess(
                    "CLITestApp",
                    ["worker", "-l", "INFO", "-n", "w2@test.example"] + options,
                    environment: ["CELERY_BROKER_URL": server.url()]
                )
                defer { other.signal(SIGKILL) }
                try await other.prints(" ready.")
                let epochs = { try server.command("HLEN", "_swift.epochs").number }
                #expect(try epochs() == 2)
                site.worker.signal(SIGSTOP)
                defer { site.worker.signal(SIGCONT) }
                #expect(try await eventually { try epochs() == 1 })
                site.worker.signal(SIGCONT)
                #expect(try await eventually { try site.metric("celery_worker_leases_lost_total") ?? 0 >= 1 })
                try await site.reaches("/readyz", 200)
                #expect(try site.metric("celery_worker_leases_total") ?? 0 >= 2)
            }
        }
    }

    @Test func aPoolWhoseChildrenAreStoppedIsDeadAndTheyHaveNoSocket() async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            try await withWorker(
                ["-P", "prefork", "-c", "2", "--health-timeout", "2"],
                broker: server.url()
            ) { (site: HealthSite) async throws -> Void in
                try await site.reaches("/readyz", 200)
                let children = try site.children()
                #expect(children.count == 2)
                let listening = try site.listening()
                #expect(try HealthSite.sockets(of: site.worker.pid).contains(listening))
                for child in children { #expect(try !HealthSite.sockets(of: child).contains(listening)) }
                for child in children { kill(child, SIGSTOP) }
                defer { for child in children { kill(child, SIGCONT) } }
                let sent = try await ToolProcess.run(
                    arguments: [
                        "-b", server.url(), "--result-backend", server.url(), "call", "clitest.add", "-a", "[2, 3]",
                    ]
                )
                #expect(sent.code == 0, "\(sent.errors)")
                var body = ""
                _ = try await eventually {
                    body = try site.get("/livez").body
                    return body.contains("the pool has begun nothing for ")
                }
                #expect(body.contains("tasks wait (1) and 2 of 2 slots are free"), "\(body)")
                #expect(try site.get("/livez").status == 503)
                for child in children { kill(child, SIGCONT) }
                try await site.reaches("/livez", 200)
                try await site.worker.prints("succeeded in")
                let metrics = try site.get("/metrics").body
                #expect(
                    metrics.contains(#"celery_worker_tasks_total{state="SUCCESS",task="clitest.add"} 1"#),
                    "\(metrics)"
                )
                #expect(metrics.contains(#"celery_worker_task_runtime_seconds_count{task="clitest.add"} 1"#))
                site.worker.signal(SIGTERM)
                #expect(try await site.worker.outcome().code == 0)
            }
        }
    }
}

/// A worker that serves its health.
struct HealthSite: Sendable {
    let worker: ToolProcess
    let port: Int

    func get(_ page: String) throws -> HTTPProbe.Answer { try HTTPProbe.request(port: port, page) }

    /// Waits until a page answers with that status.
    func reaches(_ page: String, _ status: Int) async throws {
        var last: HTTPProbe.Answer?
        _ = try await eventually(within: .seconds(60)) {
            last = try? get(page)
            return last?.status == status
        }
        guard last?.status == status else {
            throw ServiceError("\(page) does not become \(status): \(last.map { "\($0)" } ?? "no answer")")
        }
    }

    /// A series' value; nil when it is not there.
    func metric(_ name: String) throws -> Double? {
        let lines = try get("/metrics").body.split(separator: "\n")
        return lines.first { $0.hasPrefix("\(name) ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// The worker's child processes.
    func children() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
            .filter { pid in
                let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
                return fields.count > 1 && fields[1] == "\(worker.pid)"
            }
    }

    /// The inode of the socket that listens on the port.
    func listening() throws -> String {
        let digits = String(port, radix: 16, uppercase: true)
        let wanted = ":" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        for line in try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 9, fields[1].hasSuffix(wanted), fields[3] == "0A" { return String(fields[9]) }
        }
        throw ServiceError("nothing listens on \(port)")
    }

    static func sockets(of pid: Int32) throws -> Set<String> {
        let folder = "/proc/\(pid)/fd"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: folder)
                .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
                .filter { $0.hasPrefix("socket:[") }.map { String($0.dropFirst(8).dropLast()) }
        )
    }
}

/// Runs a worker with health checks for as long as the body takes; it does not outlive it.
func withWorker(
    _ arguments: [String],
    broker: String = "memory://",
    port: Int = 0,
    quiet: Bool = false,
    environment: [String: String] = [:],
    _ body: (HealthSite) async throws -> Void
) async throws {
    let worker = try ToolProcess(
        "CLITestApp",
        (quiet ? ["-q"] : []) + [
            "worker", "-l", "INFO", "-n", "w1@test.example", "--health-port", "\(port)", "--health-host", "127.0.0.1",
        ] + arguments,
        environment: environment.merging(["CELERY_BROKER_URL": broker]) { own, _ in own }
    )
    defer { worker.signal(SIGKILL) }
    try await worker.prints("Health checks at http://127.0.0.1:")
    let line = worker.errorText.split(separator: "\n").first { $0.contains("Health checks at http://127.0.0.1:") }
    let port = try #require(line?.split(separator: ":").last.flatMap { Int($0) }, "\(worker.errorText)")
    try await body(HealthSite(worker: worker, port: port))
}
#endif
