//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
import CeleryWire
import Dispatch
import Synchronization

/// All timers of a worker: limits, ETAs, rates. Scheduling and cancelling take constant time, and while there is no
/// timer nothing wakes up.
///
/// Without a time source it runs on a thread of its own, by the monotonic clock, so that neither user code that blocks
/// Swift's threads nor a change of the system's time disturbs it. With one it follows that, as tests need it. An action
/// runs on the wheel's thread or task, at most one tick plus the system's wake-up late; it must not block.
package final class TimerWheel: Sendable {
    /// Names a timer; stale once it fired or was cancelled.
    package struct Token: Sendable, Hashable {
        fileprivate var token: WheelState<Action>.Token
    }

    package typealias Action = @Sendable () -> Void

    /// What deadlines are rounded up to: 5 ms.
    package static let tick: Duration = .milliseconds(5)

    private struct State {
        var wheel = WheelState<Action>()
        /// What the driver sleeps until: nil while it is awake, `.max` when there is nothing to wait for.
        var sleepsUntil: UInt64?
        var waiter: CheckedContinuation<Void, Never>?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let time: (any TimeSource)?
    private let origin: Timestamp
    private let start = ContinuousClock.now

    /// - Parameter time: A clock to follow instead of the monotonic one.
    package init(time: (any TimeSource)? = nil) {
        self.time = time
        origin = time?.now ?? Timestamp(microseconds: 0)
    }

    /// Timers that have not fired.
    package var count: Int { state.withLock { $0.wheel.count } }

    /// Calls the action after that time; at the next tick when it is not positive.
    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping Action) -> Token {
        let deadline = Self.ticks(elapsed + max(delay, .zero), roundedUp: true)
        let (token, wakes, waiter) = state.withLock { state -> (Token, Bool, CheckedContinuation<Void, Never>?) in
            let token = Token(token: state.wheel.schedule(at: deadline, action))
            guard let sleepsUntil = state.sleepsUntil, sleepsUntil > deadline else { return (token, false, nil) }
            state.sleepsUntil = nil
            return (token, time == nil, state.waiter.take())
        }
        if wakes { wakeUp.signal() }
        waiter?.resume()
        return token
    }

    /// Takes the timer back. False when it has fired or was cancelled before; its action may then still be running.
    @discardableResult
    package func cancel(_ timer: Token) -> Bool { state.withLock { $0.wheel.cancel(timer.token) } != nil }

    /// Calls what is due by the clock. `run` does so by itself.
    package func fire() {
        let target = Self.ticks(elapsed, roundedUp: false)
        var due: [Action] = []
        state.withLock { $0.wheel.advance(to: target) { due.append($0) } }
        for action in due { action() }
    }

    /// Drives the wheel until cancelled. Timers that are left then never fire.
    package func run() async throws {
        if let time { return await follow(time) }
        let ended = AsyncStream<Void>.makeStream()
        let thread = try DedicatedThread(name: "celery-timer") { [self] in
            tickOnThread()
            ended.continuation.finish()
        }
        await withTaskCancellationHandler {
            // The stream ends at cancellation as well, hence the join below.
            for await _ in ended.stream {}
        } onCancel: {
            stop()
        }
        thread.join()
    }

    private func stop() {
        let waiter = state.withLock { state in
            state.isStopped = true
            return state.waiter.take()
        }
        wakeUp.signal()
        waiter?.resume()
    }

    private func tickOnThread() {
        while true {
            fire()
            let next = state.withLock { state -> UInt64? in
                guard !state.isStopped else { return nil }
                let next = state.wheel.nextTick ?? .max
                state.sleepsUntil = next
                return next
            }
            guard let next else { return }
            if next == .max {
                wakeUp.wait()
            } else {
                let wait = Self.duration(next) - elapsed
                if wait > .zero { _ = wakeUp.wait(timeout: .now() + wait.inSeconds) }
            }
            state.withLock { $0.sleepsUntil = nil }
        }
    }

    private func follow(_ time: any TimeSource) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                fire()
                let next = state.withLock { $0.wheel.nextTick }
                await withTaskGroup(of: Void.self) { group in
                    if let next {
                        group.addTask { try? await time.sleep(until: self.origin.advanced(by: Self.duration(next))) }
                    }
                    group.addTask { await self.waitForEarlier(than: next ?? .max) }
                    await group.next()
                    state.withLock { $0.waiter.take() }?.resume()
                    group.cancelAll()
                }
            }
        } onCancel: {
            stop()
        }
    }

    private func waitForEarlier(than tick: UInt64) async {
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                guard !state.isStopped, (state.wheel.nextTick ?? .max) >= tick else { return true }
                state.sleepsUntil = tick
                state.waiter = continuation
                return false
            }
            if isDue { continuation.resume() }
        }
    }

    private var elapsed: Duration { time.map { $0.now.since(origin) } ?? start.duration(to: .now) }

    private static func ticks(_ duration: Duration, roundedUp: Bool) -> UInt64 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        // 200 ticks a second; more than the range is for ever.
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 200)
        guard !overflow else { return .max - 1 }
        let perTick: Int64 = 5_000_000_000_000_000
        return UInt64(whole + attoseconds / perTick + (roundedUp && attoseconds % perTick > 0 ? 1 : 0))
    }

    private static func duration(_ ticks: UInt64) -> Duration {
        .milliseconds(Int64(clamping: min(ticks, 1 << 60)) * 5)
    }
}

extension Duration {
    /// In seconds, for interfaces that take a floating-point number.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
