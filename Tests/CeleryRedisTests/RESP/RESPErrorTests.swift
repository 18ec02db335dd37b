//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Testing

@testable import CeleryRedis

@Suite struct RESPErrorTests {
    private static let met = "ERR Error running script (call to f_1a2b): @user_script:1: "
    private static let discarded = "EXECABORT Transaction discarded because of"

    private static let cases: [(String, String)] = [
        ("ERR wrong", "ERR"), ("LOADING", "LOADING"), ("OOM command not allowed", "OOM"),
        ("\(met)@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
        ("\(met)-READONLY You can't write against a read only slave.", "READONLY"),
        ("\(met)user_script:1: attempt to index a nil value", "ERR"), ("\(met)-5 is no score", "ERR"),
        ("\(met)- is no score", "ERR"), ("\(discarded) previous errors.", "EXECABORT"),
        ("\(discarded): READONLY You can't write against a read only replica.", "READONLY"),
        ("WRONGTYPE because of: -READONLY", "WRONGTYPE"),
    ]

    @Test(arguments: cases)
    func `the code is that of what went wrong, however it is wrapped`(_ message: String, _ code: String) {
        let error = RESPError(message)
        #expect(error.code == code)
        #expect(error.message == message)
    }

    @Test func `what a script meets on an old server is what it is outside of scripts`() {
        let full = RESPError("\(Self.met)@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.")
        #expect(RedisFailure.error(full, at: "here").code == .full)
        // A wait for replicas, or for a message, at a server that becomes a replica.
        let unblocked = RESPError("UNBLOCKED force unblock from blocking operation, instance state changed")
        #expect(RedisFailure.error(unblocked, at: "here").code == .unavailable)
        let readOnly = RESPError("\(Self.met)@user_script: 1: -READONLY You can't write against a read only replica.")
        #expect(RedisFailure.wantsReconnection(readOnly))
    }
}

@Suite struct RefusedBatchTests {
    private static let readOnly = RESPValue.error(RESPError("READONLY You can't write against a read only replica."))
    private static let aborted = RESPValue.error(
        RESPError("EXECABORT Transaction discarded because of previous errors.")
    )
    private static let okay = RESPValue.text("OK")
    private static let queued = RESPValue.text("QUEUED")

    @Test func `a server that is not the one to ask is noticed wherever it says so`() {
        let found: [[RESPValue]] = [
            [Self.readOnly], [.int(1), Self.readOnly], [Self.okay, Self.queued, Self.readOnly, Self.aborted],
            [Self.okay, Self.queued, .array([.int(1), Self.readOnly])],
            [Self.okay, .error(RESPError("ERR unknown command")), Self.readOnly, Self.aborted],
        ]
        for replies in found { #expect(RedisFailure.reconnection(in: replies)?.code == "READONLY") }
        let other: [[RESPValue]] = [
            [], [.int(1)], [.error(RESPError("WRONGTYPE"))], [Self.okay, Self.queued, Self.aborted],
            [Self.okay, Self.queued, .array([.int(1), .error(RESPError("OOM"))])],
        ]
        for replies in other { #expect(RedisFailure.reconnection(in: replies) == nil) }
    }

    @Test func `only what was refused as a whole is known to have had no effect`() {
        let reason = RESPValue.error(RESPError("EXECABORT Transaction discarded because of: READONLY You can't write"))
        let refused: [[RESPValue]] = [
            [Self.readOnly], [Self.readOnly, Self.readOnly], [Self.okay, Self.queued, Self.readOnly, Self.aborted],
            [Self.okay, Self.queued, reason],
            // With the WAIT behind it.
            [Self.okay, Self.readOnly, Self.aborted, .error(RESPError("ERR WAIT cannot be used with replicas"))],
        ]
        for replies in refused { #expect(RedisFailure.tookNoEffect(replies)) }
        let partial: [[RESPValue]] = [
            [.int(1), Self.readOnly], [Self.readOnly, .int(1)], [Self.okay, Self.readOnly],
            [Self.okay, Self.queued, .array([.int(1), Self.readOnly])],
            [Self.okay, Self.okay, Self.readOnly, Self.aborted],
        ]
        for replies in partial { #expect(!RedisFailure.tookNoEffect(replies)) }
    }
}
#endif
