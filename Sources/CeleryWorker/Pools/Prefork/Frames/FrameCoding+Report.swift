//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

extension FrameEncoder {
    mutating func report(_ report: TaskReport) {
        outcome(report.outcome)
        list(report.followUps) { $0.outgoing($1) }
        list(report.chords) { $0.chord($1) }
        list(report.children) { $0.value($1) }
        duration(report.runtime)
    }

    private mutating func outcome(_ outcome: TaskOutcome) {
        switch outcome {
        case .success(let value, let repr):
            byte(0)
            encoded(value)
            string(repr)
        case .failure(let failure):
            byte(1)
            self.failure(failure)
        case .retry(let failure):
            byte(2)
            self.failure(failure)
        case .ignored: byte(3)
        case .rejected(let reason, let requeue):
            byte(4)
            string(reason)
            bool(requeue)
        }
    }

    private mutating func failure(_ failure: TaskFailure) {
        exception(failure.exception)
        optional(failure.traceback)
        bool(failure.isExpected)
        bool(failure.isUndecodable)
    }

    mutating func cause(_ cause: RunControl.Cause) {
        switch cause {
        case .softTimeLimit(let seconds):
            byte(0)
            double(seconds)
        case .hardTimeLimit(let seconds):
            byte(1)
            double(seconds)
        case .terminated: byte(2)
        case .shutdown: byte(3)
        }
    }
}

extension FrameDecoder {
    mutating func report() throws(FrameError) -> TaskReport {
        let outcome = try outcome()
        let followUps = try list { decoder throws(FrameError) in try decoder.outgoing() }
        let chords = try list { decoder throws(FrameError) in try decoder.chord() }
        let children = try values()
        return TaskReport(
            outcome: outcome,
            followUps: followUps,
            chords: chords,
            children: children,
            runtime: try duration()
        )
    }

    private mutating func outcome() throws(FrameError) -> TaskOutcome {
        switch try byte() {
        case 0:
            let value = try encoded()
            return .success(value, repr: try string())
        case 1: return .failure(try failure())
        case 2: return .retry(try failure())
        case 3: return .ignored
        case 4:
            let reason = try string()
            return .rejected(reason: reason, requeue: try bool())
        case let tag: throw FrameError("no outcome has the tag \(tag)")
        }
    }

    private mutating func failure() throws(FrameError) -> TaskFailure {
        let exception = try exception()
        let traceback = try optionalString()
        var failure = TaskFailure(exception: exception, traceback: traceback, isExpected: try bool())
        failure.isUndecodable = try bool()
        return failure
    }

    mutating func cause() throws(FrameError) -> RunControl.Cause {
        switch try byte() {
        case 0: return .softTimeLimit(try double())
        case 1: return .hardTimeLimit(try double())
        case 2: return .terminated
        case 3: return .shutdown
        case let tag: throw FrameError("no cause has the tag \(tag)")
        }
    }
}
