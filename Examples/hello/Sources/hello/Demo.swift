//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

/// The client: sends tasks to whatever worker runs, and shows what comes back.
struct Demo {
    var app: CeleryApp
    var add: TaskHandle<Int, Int, Int>
    var divide: TaskHandle<Int, Int, Int>
    var crash: TaskHandle<String, Int>

    /// Throws at the first thing that is not as it should be.
    func run() async throws {
        try await result()
        try await failure()
        try await retry()
        try await progress()
        try await later()
        try await survivor()
    }

    private func result() async throws {
        heading("A task and its result", "add.delay(2, 3)")
        let sum = try await add.delay(2, 3)
        print("  sent    \(sum.id)")
        try await expect(sum.get(timeout: limit), 5)
    }

    private func failure() async throws {
        heading("A task that throws", "divide.delay(1, 0)")
        do {
            let quotient = try await divide.delay(1, 0).get(timeout: limit)
            throw Unexpected("divide(1, 0) returned \(quotient)")
        } catch let error as CeleryError where error.code == .taskFailed {
            print("  error   \(error.exception?.type ?? "?"): \(error.exception?.message ?? "?")")
            for line in (error.traceback ?? "").split(separator: "\n") { print("          \(line)") }
        }
    }

    private func retry() async throws {
        heading("A task that fails twice and is retried", "FetchPage(address: …).delay(on: app)")
        let page = try await FetchPage(address: "/index.html").delay(on: app)
        try await expect(page.get(timeout: limit), "/index.html fetched at try 3")
    }

    private func progress() async throws {
        heading("A task that says how far it is", "ResizeImages(count: 5).delay(on: app)")
        let images = try await ResizeImages(count: 5).delay(on: app)
        var seen = 0
        let deadline = ContinuousClock.now + limit
        while try await !images.ready(), ContinuousClock.now < deadline {
            if let progress = try? await images.info(as: ResizeImages.Progress.self), progress.done > seen {
                seen = progress.done
                print("  state   \(try await images.state())  \(progress.done) of \(progress.total)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await expect(images.get(timeout: limit), 5)
        guard seen > 0 else { throw Unexpected("no progress was seen") }
    }

    private func later() async throws {
        heading("A task for later", "add.applyAsync(20, 22, options: SendOptions(countdown: .seconds(2)))")
        let start = ContinuousClock.now
        let sum = try await add.applyAsync(20, 22, options: SendOptions(countdown: .seconds(2)))
        try await expect(sum.get(timeout: limit), 42)
        let waited = ContinuousClock.now - start
        print("  after   \(waited.formattedSeconds)")
        guard waited >= .seconds(2) else { throw Unexpected("it ran \(waited) after it was sent, not 2 s") }
    }

    private func survivor() async throws {
        heading("A task that takes its process with it", "crash.delay(\"out of luck\")")
        do {
            let value = try await crash.delay("out of luck").get(timeout: limit)
            throw Unexpected("crash returned \(value)")
        } catch let error as CeleryError where error.code == .taskFailed {
            print("  error   \(error.exception?.type ?? "?"): \(error.exception?.message ?? "?")")
        }
        try await expect(add.delay(1, 1).get(timeout: limit), 2)
        print("  and the worker goes on")
    }

    private var limit: Duration { .seconds(20) }

    private func heading(_ title: String, _ code: String) { print("\n\(title)\n  \(code)") }

    private func expect<Value: Equatable>(_ value: Value, _ wanted: Value) throws {
        print("  result  \(value)")
        guard value == wanted else { throw Unexpected("\(value) came instead of \(wanted)") }
    }
}

/// The demonstration did not go as it should.
struct Unexpected: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

extension Duration {
    /// `2.05 s`.
    fileprivate var formattedSeconds: String {
        let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}
