//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// Repairs that must look and change in one step.
enum DoctorScripts {
    /// Puts a message in the place of another, which is near one end of a list.
    ///
    /// KEYS: list. ARGV: the old one, the new one, 1 to look from the newest, -1 from the oldest. Returns 0 when it was taken.
    static let replace = """
        local place = redis.call('LPOS', KEYS[1], ARGV[1], 'RANK', ARGV[3], 'MAXLEN', 10000)
        if not place then return 0 end
        redis.call('LSET', KEYS[1], place, ARGV[2])
        return 1
        """

    /// Moves a message from a list to the dead letters. Returns 0 when it was taken.
    ///
    /// KEYS and ARGV as of `RedisScripts.bury`, then the list; the message, and which end it is near to as of ``replace``.
    static let bury =
        """
        if redis.call('LREM', KEYS[4], ARGV[6], ARGV[5]) == 0 then return 0 end

        """ + RedisScripts.bury

    /// Gives what Python workers hold without a time the present, from which the visibility timeout counts.
    ///
    /// KEYS: kombu's hash and index. ARGV: now in seconds, delivery tags.
    static let adopt = """
        for i = 2, #ARGV do
            if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then redis.call('ZADD', KEYS[2], 'NX', ARGV[1], ARGV[i]) end
        end
        return 1
        """

    /// Drops entries of kombu's index that name nothing.
    ///
    /// KEYS: kombu's hash and index. ARGV: delivery tags.
    static let forget = """
        for i = 1, #ARGV do
            if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then redis.call('ZREM', KEYS[2], ARGV[i]) end
        end
        return 1
        """
}
#endif
