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
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A value that is set once, early.
final class Late<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)
    func set(_ value: Value) { state.withLock { $0 = value } }
    var value: Value? { state.withLock { $0 } }
}

/// What the test children can do, well or badly.
struct TestTasks: Sendable {
    let services = Late<PoolServices>()

    func run(_ request: TaskRequest, _ control: RunControl) async -> TaskReport {
        let custom = request.message.headers.custom
        switch request.message.headers.task {
        case "echo": return success(.string(request.message.headers.id))
        case "pid": return success(.int(Int(getpid())))
        case "size": return success(.int(request.message.body.count))
        case "mirror": return success(.bytes(request.message.body))
        case "trap": fatalError("as the test wanted it")
        case "exit": exit(Int32(number(custom, "code") ?? 3))
        case "spin": while true {}
        case "spinUntilCancelled":
            while !Task.isCancelled {}
            return success(.string(control.cause.map { "\($0)" } ?? "nil"))
        case "sleepUntilCancelled":
            try? await Task.sleep(for: .seconds(600))
            return success(.string(control.cause.map { "\($0)" } ?? "nil"))
        case "ignoreCancellation":
            while true { usleep(1000) }
        case "sleep":
            try? await Task.sleep(for: .milliseconds(number(custom, "ms") ?? 1))
            return success(nil)
        case "allocate": return await allocate(mebibytes: number(custom, "MiB") ?? 1, thenSpin: custom["spin"] != nil)
        case "bytes": return success(.bytes([UInt8](repeating: 7, count: number(custom, "count") ?? 1)))
        case "descriptors": return success(.array(descriptors()))
        case "signals": return success(.array([.int(blockedSignals()), .bool(ignores(SIGINT))]))
        case "environment": return success(.string(environment("CELERY_POOL_CHILD") ?? "none"))
        case "grandchild": return grandchild()
        case "mainActor": return success(.bool(await onMain()))
        case "closeSockets":
            close(3)
            close(4)
            while true { sleep(1) }
        case "garbage":
            write(3, [1, 0, 0, 0, 255] as [UInt8], 5)
            while true { sleep(1) }
        case "publish": return await publish(number(custom, "count") ?? 1, awaiting: custom["forget"] == nil)
        case "services": return await useServices()
        case let name: return TaskReport(outcome: .rejected(reason: name, requeue: false))
        }
    }

    private func publish(_ count: Int, awaiting: Bool) async -> TaskReport {
        guard let services = services.value else { return success("no services") }
        @Sendable func send(_ number: Int) async -> String {
            let message = OutgoingMessage(Message(headers: TaskHeaders(task: "t", id: "sent-\(number)"), body: []))
            do {
                try await services.transport.publish([message], timeout: .seconds(5))
                return "sent"
            } catch {
                return "\(error)"
            }
        }
        guard awaiting else {
            // Each runs up to where it waits for the answer: all have asked when this returns, none is confirmed.
            guard #available(macOS 26, *) else { return success("needs a newer system") }
            for number in 0..<count { Task.immediate { _ = await send(number) } }
            return success("not awaited")
        }
        let answers = await withTaskGroup(of: String.self) { group in
            for number in 0..<count { group.addTask { await send(number) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        return success(.array(answers.sorted().map { .string($0) }))
    }

    private func useServices() async -> TaskReport {
        guard let services = services.value else { return success("no services") }
        do {
            let meta = TaskMeta(taskID: "other", state: "PROGRESS", outcome: .value(EncodedValue(["done": 5])))
            try await services.backend.store([StoredResult(meta, expires: .seconds(60))], timeout: .seconds(5))
            let fetched = try await services.backend.fetch(["other", "none"], timeout: .seconds(5))
            let waited = try await services.backend.wait(for: "other", timeout: .milliseconds(10))
            try await services.backend.forget(["other"])
            let revocation = Revocation(taskID: "victim", expires: Timestamp(microseconds: 5))
            try await services.transport.revocations?.revoke([revocation])
            let revoked = try await services.transport.revocations?.revoked(among: ["victim", "none"])
            let later = try await services.transport.revocations?.revocations(after: 0)
            return success([
                "fetched": .bool(fetched["other"] == meta && fetched.count == 1),
                "waited": .bool(waited == meta),
                "revoked": .bool(revoked == ["victim"]),
                "later": .bool(later?.entries == [revocation]),
                "location": .string(services.transport.location),
                "identity": .string(services.backend.storeIdentity?.name ?? "none"),
            ])
        } catch {
            return success(.string("\(error)"))
        }
    }

    private func allocate(mebibytes: Int, thenSpin: Bool) async -> TaskReport {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: mebibytes << 20, alignment: 16)
        memset(memory, 1, mebibytes << 20)
        while thenSpin { usleep(1000) }
        // Not freed on purpose: this is the leak that the limit is for.
        return success(.int(mebibytes))
    }

    private func grandchild() -> TaskReport {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { for argument in arguments { free(argument) } }
        posix_spawnp(&pid, "sleep", nil, nil, &arguments, nil)
        print("grandchild \(pid)")
        try? String(pid)
            .withCString { text throws in
                let file = fopen(environment("POOL_TEST_FILE") ?? "/dev/null", "w")
                fputs(text, file)
                fclose(file)
            }
        while true { sleep(1) }
    }

    private func descriptors() -> [CeleryValue] {
        var found: [CeleryValue] = []
        for number in 0..<256 where fcntl(Int32(number), F_GETFD) >= 0 { found.append(.int(number)) }
        return found
    }

    private func blockedSignals() -> Int {
        var set = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &set)
        return (1..<32).count { sigismember(&set, Int32($0)) == 1 }
    }

    private func ignores(_ signal: Int32) -> Bool {
        var action = sigaction()
        sigaction(signal, nil, &action)
        #if canImport(Glibc)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
        #else
        return true
        #endif
    }

    private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private func number(_ custom: CeleryObject, _ name: String) -> Int? {
        if case .int(let number) = custom[name] { number } else { nil }
    }

    private func success(_ value: CeleryValue) -> TaskReport {
        TaskReport(outcome: .success(EncodedValue(value), repr: ""))
    }
}

@MainActor func onMain() -> Bool { true }
