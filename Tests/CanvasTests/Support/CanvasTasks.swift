//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Logging
import ServiceTestSupport
import Testing

/// The tasks that workflow shapes are made of, as the Python side has them.
enum CanvasTasks {
    /// - Parameter besidePython: A Python worker stores RETRY after it has sent the next run, also over the result of that run if it has
    ///   ended by then. So it waits.
    static func register(on app: CeleryApp, besidePython: Bool) {
        app.task("canvas.tag") { (input: CeleryValue, label: Int) -> CeleryValue in [.int(label), input] }
        app.task("canvas.again") { (context: TaskContext, input: CeleryValue, label: Int) -> CeleryValue in
            if context.retries == 0 { throw context.retry(countdown: .zero) }
            if besidePython {
                let result = AsyncResult<CeleryValue>(id: context.id, app: context.app)
                _ = try await eventually { try await result.state() == .retry }
            }
            return [.int(label), input]
        }
        app.task("canvas.become") { (context: TaskContext, _: CeleryValue, shape: CeleryValue) -> CeleryValue in
            throw context.replace(with: try context.app.workflow(Signature(shape)))
        }
        app.task("canvas.boom") { (_: CeleryValue) -> Int in throw WrongInput() }
    }

    struct WrongInput: CeleryErrorConvertible {
        var exceptionInfo: ExceptionInfo { ExceptionInfo(type: "ValueError", arguments: ["boom"], module: "builtins") }
    }

    static func app(
        broker: String,
        backend: String? = nil,
        besidePython: Bool = false,
        _ configure: (inout CelerySettings) -> Void = { _ in }
    ) -> CeleryApp {
        var settings = CelerySettings()
        settings.brokerURL = broker
        settings.resultBackend = backend
        configure(&settings)
        var logger = Logger(label: "canvas")
        logger.logLevel = .critical
        let app = CeleryApp("canvas", registry: .bundled, settings: settings, logger: logger)
        register(on: app, besidePython: besidePython)
        ShapeTasks.register(on: app)
        return app
    }
}

extension WorkflowShape {
    /// Sends it and compares what it comes to with the reference.
    func check(on app: CeleryApp, seed: UInt64, timeout: Duration = .seconds(60)) async {
        do {
            let outcome = await Self.outcome(of: try await app.workflow(signature).delay(), timeout: timeout)
            let expected = self.outcome()
            let isRight = outcome.agrees(with: expected)
            #expect(isRight, "seed \(seed): \(outcome.text) instead of \(expected.text): \(value.json)")
        } catch {
            Issue.record("seed \(seed): \(error): \(value.json)")
        }
    }

    static func outcome(of result: AsyncResult<CeleryValue>, timeout: Duration) async -> Outcome {
        do {
            return .value(try await result.get(timeout: timeout))
        } catch let error as CeleryError {
            return .error(["\(error.exception?.type ?? "\(error.code)"): \(error.message)"])
        } catch {
            return .error(["\(error)"])
        }
    }
}

extension WorkflowShape.Outcome {
    var text: String {
        switch self {
        case .value(let value): value.json
        case .error(let types): types.sorted().joined(separator: " or ")
        }
    }

    func agrees(with expected: Self) -> Bool {
        if case .error(let texts) = self, case .error(let allowed) = expected {
            return !texts.isEmpty && texts.allSatisfy { text in allowed.contains { text.hasPrefix($0) } }
        }
        return self == expected
    }
}

extension CeleryValue {
    var json: String { String(decoding: (try? EncodedValue(self).json()) ?? [], as: UTF8.self) }
}
