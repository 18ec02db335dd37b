//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// What must decide on the server about kombu's keys.
enum KombuScripts {
    /// Moves what a Python worker has held for too long, and that goes nowhere, to the dead letters.
    ///
    /// KEYS and ARGV as of `RedisScripts.bury`, then kombu's hash and index of what is held; delivery tag, what the hash held, when it
    /// must have been taken at the latest (seconds). Returns 0 when it was released or taken again meanwhile.
    static let buryHeld =
        """
        local score = redis.call('ZSCORE', KEYS[5], ARGV[5])
        if not score or tonumber(score) > tonumber(ARGV[7]) then return 0 end
        if redis.call('HGET', KEYS[4], ARGV[5]) ~= ARGV[6] then return 0 end
        redis.call('ZREM', KEYS[5], ARGV[5])
        redis.call('HDEL', KEYS[4], ARGV[5])

        """ + RedisScripts.bury

    /// Forgets the bindings of exchanges whose time is over, but of those that have one for good.
    ///
    /// KEYS: kombu's sorted set of exchanges by when that is (milliseconds). ARGV: what precedes the exchange in the keys of its bindings
    /// and of those for good, how many to look at.
    static let sweepBindings = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[3])
        for _, name in ipairs(over) do
            if redis.call('EXISTS', ARGV[2] .. name) == 0 then redis.call('DEL', ARGV[1] .. name) end
            redis.call('ZREM', KEYS[1], name)
        end
        return #over
        """
}
#endif
