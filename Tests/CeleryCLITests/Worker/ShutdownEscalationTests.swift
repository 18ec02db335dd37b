//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite struct ShutdownEscalationTests {
    typealias Step = ShutdownEscalation.Action.Step
    typealias Signal = ShutdownEscalation.Signal

    /// Signals in order, soft time-out, whether SIGTERM is SIGQUIT; then the steps (nil: nothing) and the exit code.
    @Test(
        arguments: [
            ([.terminate], 0, false, [.warm], 0),
            ([.terminate, .terminate, .terminate], 0, false, [.warm, nil, nil], 0),
            ([.terminate], 0, true, [.cold], 1),
            ([.terminate, .terminate], 0, true, [.cold, .hard], 1),
            ([.interrupt], 0, false, [.warm], 1),
            ([.interrupt, .interrupt], 0, false, [.warm, .cold], 1),
            ([.interrupt, .interrupt, .interrupt], 0, false, [.warm, .cold, .hard], 1),
            ([.interrupt, .terminate, .interrupt], 0, false, [.warm, nil, .cold], 1),
            ([.terminate, .interrupt], 0, false, [.warm, .cold], 1),
            ([.quit], 0, false, [.cold], 1),
            ([.quit, .quit], 0, false, [.cold, .hard], 1),
            ([.quit], 10, false, [.soft], 1),
            ([.quit, .quit, .quit], 10, false, [.soft, .cold, .hard], 1),
            ([.interrupt, .interrupt, .interrupt, .interrupt], 10, false, [.warm, .soft, .cold, .hard], 1),
            ([.terminate, .quit], 10, false, [.warm, .soft], 1),
            ([], 0, false, [], 0),
        ] as [([Signal], Double, Bool, [Step?], Int32)]
    )
    func signalsEscalate(signals: [Signal], soft: Double, remapped: Bool, steps: [Step?], code: Int32) {
        var escalation = ShutdownEscalation(softTimeout: soft, terminateIsQuit: remapped)
        #expect(signals.map { escalation.receive($0)?.step } == steps)
        #expect(escalation.exitCode.rawValue == code)
    }
}
