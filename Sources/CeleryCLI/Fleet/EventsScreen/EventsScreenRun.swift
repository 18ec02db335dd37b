//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore
import CeleryKit
import CeleryWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `celery events` without options: draws an ``EventsScreen`` and does what it wants done, until the user has seen enough.
struct EventsScreenRun {
    let context: CommandContext

    private var app: CeleryApp { context.app }

    /// - Throws: ``CommandFailure`` with code 64 without a terminal; ``CeleryError`` when the broker cannot be used.
    func run() async throws {
        let inputs = ScreenInputs()
        let monitor = ClusterMonitor(app)
        let clock = LogClock()
        var screen = EventsScreen(
            title: "celery events swift-celery \(Version.current)",
            location: try await app.transport().location,
            timeText: { String(clock.text($0).dropFirst(11).prefix(8)) }
        )
        screen.isListening = false
        try SignalListener.listen([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT]) {
            inputs.send(Self.input(of: $0))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await inputs.tick() }
            group.addTask {
                do {
                    let events = try await app.events.receive()
                    inputs.send(.listening)
                    for try await event in events {
                        monitor.change { $0.apply(event) }
                        inputs.noteEvent()
                    }
                } catch {
                    inputs.send(.ended(Task.isCancelled ? nil : error))
                }
            }
            try await interact(&screen, monitor, inputs) { action in group.addTask { await perform(action, inputs) } }
        }
    }

    private static func input(of signal: Int32) -> ScreenInputs.Input {
        switch signal {
        case SIGWINCH: .resized
        case SIGTSTP: .suspend
        case SIGCONT: .resumed
        default: .ended(nil)
        }
    }

    /// Has the terminal until the end comes.
    private func interact(
        _ screen: inout EventsScreen,
        _ monitor: ClusterMonitor,
        _ inputs: ScreenInputs,
        perform: (EventsScreen.Action) -> Void
    ) async throws {
        let device = try FullScreen()
        defer { device.suspend() }
        let keys = try KeyReader(STDIN_FILENO) { pressed in
            inputs.send(pressed.map { ScreenInputs.Input.keys($0) } ?? .ended(nil))
        }
        defer { keys.stop() }
        let colour = context.terminal(STDOUT_FILENO).usesColour
        draw(screen, on: device, colour: colour)
        for await input in inputs.stream {
            switch input {
            case .keys(let pressed):
                for key in pressed {
                    guard try press(key, &screen, device, perform: perform) else { return }
                }
            case .listening: screen.isListening = true
            case .refresh:
                inputs.tookRefresh()
                screen.update(monitor.snapshot, at: .now)
            case .resized: break
            case .suspend: try stop(device)
            case .resumed: try device.resume()
            case .replies(let replies): screen.show(replies)
            case .failed(let message): screen.fail(message)
            case .ended(nil): return
            case .ended(let error?): throw error
            }
            draw(screen, on: device, colour: colour)
        }
    }

    private func draw(_ screen: EventsScreen, on device: FullScreen, colour: Bool) {
        let size = device.size
        device.show(screen.render(width: size.columns, height: size.rows, colour: colour), size)
    }

    /// False at the end.
    private func press(
        _ key: Key,
        _ screen: inout EventsScreen,
        _ device: FullScreen,
        perform: (EventsScreen.Action) -> Void
    ) throws -> Bool {
        let size = device.size
        guard let action = screen.press(key, width: size.columns, height: size.rows) else { return true }
        switch action {
        case .quit: return false
        case .suspend: try stop(device)
        case .redraw: device.forget()
        case .ring: device.ring()
        case .revoke, .rateLimit: perform(action)
        }
        return true
    }

    /// Ctrl+Z: the terminal is the shell's until it continues us.
    private func stop(_ device: FullScreen) throws {
        device.suspend()
        celery_signals_stop_here()
        try device.resume()
    }

    private func perform(_ action: EventsScreen.Action, _ inputs: ScreenInputs) async {
        do {
            switch action {
            case .revoke(let id): inputs.send(.replies(try await app.control.revoke([id])))
            case .rateLimit(let task, let limit):
                inputs.send(.replies(try await app.control.rateLimit(task, limit)))
            default: break
            }
        } catch {
            inputs.send(.failed("\(ErrorText.describe(error))"))
        }
    }
}
