//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging
import Synchronization

extension ControlPanel {
    func rateLimit(_ arguments: ControlArguments) throws -> CeleryValue {
        try arguments.require("task_name", "rate_limit")
        let name = try arguments.text("task_name")
        let limit: RateLimit?
        switch arguments["rate_limit"] {
        case .null: limit = RateLimit(perSecond: 0)
        case .string(let text): limit = try Self.parse(text)
        case let value: limit = RateLimit(perSecond: value.number ?? 0)
        }
        guard let limit else {
            let text = PythonRepr.describe(.string(arguments["rate_limit"].text ?? ""))
            let error = ControlRefusal("ValueError", "could not convert string to float: \(text)")
            return ["error": .string("Invalid rate limit string: \(error)")]
        }
        guard app.changeTask(name, { $0.rateLimit = limit }) else { return unknownTask(name) }
        pipeline.rateLimits.withLock { $0.reset() }
        pipeline.creditBell.ring()
        // As in Python the text "0" counts as a limit that was set, though it limits nothing.
        guard limit.isLimiting || arguments["rate_limit"].text?.isEmpty == false else {
            logger.info("Rate limits disabled for tasks of type \(name)")
            return ["ok": "rate limit disabled successfully"]
        }
        logger.info("New rate limit for tasks of type \(name): \(limit).")
        return ["ok": "new rate limit set successfully"]
    }

    /// Nil for what is no number; throws for a unit that does not exist.
    private static func parse(_ text: String) throws -> RateLimit? {
        guard !text.isEmpty else { return RateLimit(perSecond: 0) }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let unit = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : "s"
        guard ["s", "m", "h"].contains(unit) else { throw ControlRefusal("KeyError", unit) }
        return RateLimit("\(parts[0])/\(unit)")
    }

    func timeLimit(_ arguments: ControlArguments) -> CeleryValue {
        let name = arguments["task_name"].text ?? ""
        let (soft, hard) = (arguments["soft"].number, arguments["hard"].number)
        let isKnown = app.changeTask(name) { options in
            options.softTimeLimit = soft.map { .bounded(seconds: $0) }
            options.timeLimit = hard.map { .bounded(seconds: $0) }
        }
        guard isKnown else { return unknownTask(name) }
        logger.info(
            "New time limits for tasks of type \(name): soft=\(soft.map { "\($0)" } ?? "None") hard=\(hard.map { "\($0)" } ?? "None")"
        )
        return ["ok": "time limits set successfully"]
    }

    private func unknownTask(_ name: String) -> CeleryValue {
        logger.error("a limit was to be set for the task \(name), which is not registered")
        return ["error": "unknown task"]
    }

    func resize(by change: Int, _ verb: String) throws -> CeleryValue {
        guard pipeline.autoscaler.withLock({ $0 == nil }) else {
            return ["error": .string("pool_\(verb) is not supported with autoscale. Adjust autoscale range instead.")]
        }
        let pool = pipeline.pool
        guard pool.capabilities.resizable else {
            throw ControlRefusal("AttributeError", "'TaskPool' object has no attribute '\(verb)'")
        }
        let slots = pool.slots.addingReportingOverflow(change).overflow ? .max : pool.slots + change
        guard slots >= 1 else { throw ControlRefusal("ValueError", "Can't shrink pool. All processes busy!") }
        pool.resize(to: min(slots, 65535))
        pipeline.creditBell.ring()
        return ["ok": .string("pool will \(verb)")]
    }

    func restartPool() throws -> CeleryValue {
        guard app.settings.workerPoolRestarts else { throw ControlRefusal("ValueError", "Pool restarts not enabled") }
        // As in Python a pool that has no processes has nothing to do, and says that it began.
        _ = pipeline.pool.restart()
        pipeline.rateLimits.withLock { $0.reset() }
        pipeline.creditBell.ring()
        return ["ok": "reload started"]
    }

    func autoscale(_ arguments: ControlArguments) throws -> CeleryValue {
        let (max, min) = (arguments["max"].whole, arguments["min"].whole)
        let autoscaler = pipeline.autoscaler.withLock { autoscaler in
            autoscaler?.update(max: max, min: min)
            return autoscaler
        }
        guard let autoscaler else { throw ControlRefusal("ValueError", "Autoscale not enabled") }
        let (pool, range) = (pipeline.pool, autoscaler.range)
        if !range.contains(pool.slots) {
            pool.resize(to: Swift.min(range.upperBound, Swift.max(range.lowerBound, pool.slots)))
        }
        return ["ok": .string("autoscale now max=\(autoscaler.max) min=\(autoscaler.min)")]
    }

    func events(on: Bool) -> CeleryValue {
        let word = on ? "enabled" : "disabled"
        let old = pipeline.events.isOn.exchange(on, ordering: .relaxed)
        guard old != on else { return ["ok": .string("task events already \(word)")] }
        logger.info("Events of group {task} \(word) by remote.")
        return ["ok": .string("task events \(word)")]
    }
}
