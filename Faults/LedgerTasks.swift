//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How the processes of one campaign are set up; it travels in the environment.
struct CampaignEnvironment: Sendable {
    var broker: String
    /// Where results go; the broker when nil.
    var backend: String?
    var ledger: String
    /// Seconds.
    var lease: Double
    /// Transport options of broker and backend.
    var options: CeleryObject = [:]

    var variables: [String: String] {
        var variables = ["FAULTS_BROKER": broker, "FAULTS_LEDGER": ledger, "FAULTS_LEASE": "\(lease)"]
        variables["FAULTS_BACKEND"] = backend
        variables["FAULTS_OPTIONS"] = (try? JSONSerializer().encode(.object(options)))
            .map { String(decoding: $0, as: UTF8.self) }
        return variables
    }
}

/// The app under test: tasks that write down when they start and when they end.
struct LedgerTasks: Sendable {
    let app: CeleryApp
    /// Acknowledged when it starts: Celery's default.
    let early: TaskHandle<Int, Int>
    /// `acks_late` with `reject_on_worker_lost`.
    let late: TaskHandle<Int, Int>
    /// Early; its first run asks for another one, and is not counted.
    let again: TaskHandle<Int, Int>
    /// Late too; given what others have returned.
    let sum: TaskHandle<[Int], Int>
    /// Late too; only its first run ends as it is told to. Returns which run it was.
    let counted: TaskHandle<FirstRun, Int>
    /// Late too; keeps the thread that it runs on.
    let blocking: TaskHandle<Int, Int>
    /// Of a soak: only counted.
    let tick: TaskHandle<Int, Int>

    init(environment: CampaignEnvironment) throws {
        let ledger = try Ledger(path: environment.ledger)
        app = CeleryApp("faults", broker: environment.broker, backend: environment.backend ?? environment.broker)
        app.update { settings in
            settings.workerLease = .milliseconds(Int64(environment.lease * 1000))
            settings.brokerTransportOptions = environment.options
            settings.resultBackendTransportOptions = environment.options
        }

        @Sendable func work(_ context: TaskContext, _ milliseconds: Int) async throws -> Int {
            ledger.append(
                .started(id: context.id, process: .current, attempt: context.attempt, at: .now)
            )
            try await Task.sleep(for: .milliseconds(milliseconds))
            ledger.append(.ended(id: context.id, process: .current, at: .now))
            return milliseconds
        }
        early = app.task("faults.early") { (context: TaskContext, milliseconds: Int) in
            try await work(context, milliseconds)
        }
        again = app.task("faults.again") { (context: TaskContext, milliseconds: Int) in
            if context.retries == 0 { throw context.retry(countdown: .zero) }
            return try await work(context, milliseconds)
        }
        sum = app.task("faults.sum", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
            (context: TaskContext, values: [Int]) in
            _ = try await work(context, 5)
            return values.reduce(0, +)
        }
        let ticks = try CountingFile(path: environment.runTicks)
        tick = app.task("faults.tick") { (value: Int) in
            ticks.count()
            return value
        }
        blocking = app.task("faults.blocking", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
            (context: TaskContext, milliseconds: Int) in
            ledger.append(
                .started(id: context.id, process: .current, attempt: context.attempt, at: .now)
            )
            // sleeps: so long it keeps its thread.
            usleep(UInt32(milliseconds * 1000))
            ledger.append(.ended(id: context.id, process: .current, at: .now))
            return milliseconds
        }
        counted = app.task("faults.counted", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
            (context: TaskContext, first: FirstRun) in
            _ = try await work(context, first.milliseconds)
            if context.attempt == 1 { try first.finish() }
            return context.attempt
        }
        late = app.task("faults.late", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
            (context: TaskContext, milliseconds: Int) in try await work(context, milliseconds)
        }
    }
}

/// What a task is told that is to be interrupted in its first run.
struct FirstRun: Codable, Sendable {
    /// How the first run ends, if somebody lets it: with what, had it an effect, nobody could overlook.
    enum Ending: String, Codable, Sendable, CaseIterable {
        case returned, failed, requeued
    }

    /// How long every run takes.
    var milliseconds: Int
    var ending: Ending

    fileprivate func finish() throws {
        switch ending {
        case .returned: break
        case .failed: throw HarnessError("the first run fails")
        case .requeued: throw Reject("the first run puts it back", requeue: true)
        }
    }
}

extension CampaignEnvironment {
    /// As the supervisor has set it; without one, a file in the working directory.
    static var current: CampaignEnvironment {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return CampaignEnvironment(
            broker: value("FAULTS_BROKER") ?? "sqlite:///faults.sqlite",
            backend: value("FAULTS_BACKEND"),
            ledger: value("FAULTS_LEDGER") ?? "ledger.txt",
            lease: value("FAULTS_LEASE").flatMap(Double.init) ?? 10,
            options: value("FAULTS_OPTIONS").flatMap { object($0) } ?? [:]
        )
    }

    private static func object(_ text: String) -> CeleryObject? {
        guard case .object(let object)? = try? JSONSerializer().decodeValue(Array(text.utf8), limits: WireLimits())
        else {
            return nil
        }
        return object
    }
}
