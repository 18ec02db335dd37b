//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Logging
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The program whose children the prefork tests run, built beside the tests.
var poolTestApp: String {
    let own = CommandLine.arguments[0]
    let folder = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
    return folder + "/PoolTestApp"
}

/// A pool of the test program's children.
func preforkPool(
    slots: Int,
    services: PoolServices = PoolServices(transport: RecordingTransport(), backend: DictionaryBackend()),
    start: String? = nil,
    backtrace: Bool = false,
    _ adjust: (inout PreforkConfiguration) -> Void = { _ in }
) throws -> PreforkPool {
    var configuration = PreforkConfiguration(slots: slots)
    configuration.executable = (poolTestApp, [])
    configuration.environment["POOL_TEST_START"] = start
    if !backtrace { configuration.environment["SWIFT_BACKTRACE"] = "enable=no" }
    adjust(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try PreforkPool(configuration, services: services, logger: logger)
}

/// A transport that takes down what is published, and answers as it is told.
final class RecordingTransport: Transport, RevocationStore {
    private let published = Mutex<[String]>([])
    private let revokedOnes = Mutex<[Revocation]>([])
    private let answer: @Sendable (Message) async throws(TransportError) -> Void

    init(_ answer: @escaping @Sendable (Message) async throws(TransportError) -> Void = { _ in }) {
        self.answer = answer
    }

    /// Ids of what was confirmed.
    var ids: [String] { published.withLock { $0 } }

    var capabilities: TransportCapabilities {
        TransportCapabilities(delayedDelivery: true, priorities: .zeroFirst, fanout: false, shared: true)
    }
    var location: String { "recording://test" }
    var storeIdentity: StoreIdentity? { nil }
    var revocations: (any RevocationStore)? { self }
    var deadLetters: any DeadLetterStore { Nothing() }

    func declare(_ topology: Topology) async throws(TransportError) {}
    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        for message in messages {
            try await answer(message.message)
            published.withLock { $0.append(message.message.headers.id) }
        }
    }
    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        throw TransportError(.unsupported, "recording only")
    }
    func purge(_ queues: [String]) async throws(TransportError) -> Int { 0 }
    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] { [] }
    func bindings() async throws(TransportError) -> [Binding] { [] }
    func consumers() async throws(TransportError) -> [ConsumerPresence] { [] }
    func shutdown() async {}

    func revoke(_ revocations: [Revocation]) async throws(TransportError) {
        revokedOnes.withLock { $0 += revocations }
    }
    func revoked(among ids: [String]) async throws(TransportError) -> Set<String> {
        Set(revokedOnes.withLock { $0.map(\.taskID) }).intersection(ids)
    }
    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64) {
        revokedOnes.withLock { ($0, Int64($0.count)) }
    }

    private struct Nothing: DeadLetterStore {
        func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] { [] }
        func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { 0 }
        func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int { 0 }
    }
}

/// A result backend in memory.
final class DictionaryBackend: ResultBackend {
    private let metas = Mutex<[String: TaskMeta]>([:])

    var location: String { "dictionary" }
    var storeIdentity: StoreIdentity? { StoreIdentity("dictionary-1") }
    var stored: [String: TaskMeta] { metas.withLock { $0 } }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        metas.withLock { metas in
            for result in results { metas[result.meta.taskID] = result.meta }
        }
    }
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        metas.withLock { metas in metas.filter { ids.contains($0.key) } }
    }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? { stored[id] }
    func forget(_ ids: [String]) async throws(TransportError) {
        metas.withLock { metas in
            for id in ids { metas[id] = nil }
        }
    }
    func removeExpired() async throws(TransportError) -> Int { 0 }
    func shutdown() async {}
}

/// Whether the process is there and no zombie.
func isRunning(_ pid: Int32) -> Bool {
    guard kill(pid, 0) == 0, let state = processState("/proc/\(pid)/stat") else { return false }
    return state != "Z"
}

/// Whether every thread of the process has stopped: SIGSTOP reaches them one by one.
func isStopped(_ pid: Int32) -> Bool {
    guard let folder = opendir("/proc/\(pid)/task") else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name.hasPrefix(".") { continue }
        guard processState("/proc/\(pid)/task/\(name)/stat") == "T" else { return false }
    }
    return true
}

/// The letter behind the name in a `stat` file.
private func processState(_ path: String) -> Character? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 512)
    let count = fread(&line, 1, line.count, file)
    let text = String(decoding: line[..<count], as: UTF8.self)
    return text.lastIndex(of: ")").flatMap { text[$0...].dropFirst(2).first }
}

/// Open descriptors of this process.
func openDescriptors() -> Int { (0..<4096).count { fcntl(Int32($0), F_GETFD) >= 0 } }

extension PoolRecorder {
    /// The value that the job's task returned.
    func value(_ job: UInt64) -> CeleryValue? {
        guard case .success(let value, _) = finished[JobID(job)]?.outcome, case .value(let found) = value.storage
        else { return nil }
        return found
    }
}
