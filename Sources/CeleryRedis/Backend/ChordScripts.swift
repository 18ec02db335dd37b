//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
extension RedisScript {
    /// Counts a part of a chord, and gives the claim to whoever counts the last.
    ///
    /// - KEYS: ``ChordKeys`` parts, extra, size, seen, claim, group.
    /// - ARGV: task id, index, part, length of what all parts of this task begin with, `1` when parts are ordered, life of
    ///   the counters in milliseconds (0: for ever), that of the claim (0: none is wanted), claimant.
    /// - Returns: `over`; `waiting`; `claimed` and by whom; `complete`, the parts and the saved group; `broken` and a key that holds no number.
    ///
    /// A part of a worker that does not write `seen` is told by its beginning, when there are more parts than were seen.
    static let countChordPart = RedisScript(
        text: #"""
            local parts, extra, size, seen, claim, group = unpack(KEYS)
            local id, place, part, head, mode, life, lease, who = unpack(ARGV)
            local ordered = mode == '1'
            local holder = redis.call('GET', claim)
            if holder == 'done' then return {'over'} end
            local function count()
              return redis.call(ordered and 'ZCARD' or 'LLEN', parts)
            end
            local function is_known()
              if count() < redis.call('SCARD', seen) then return false end
              local others
              if ordered then
                others = redis.call('ZRANGEBYSCORE', parts, place, place)
              else
                others = redis.call('LRANGE', parts, 0, -1)
              end
              local wanted = string.sub(part, 1, tonumber(head))
              for _, other in ipairs(others) do
                if string.sub(other, 1, #wanted) == wanted then return true end
              end
              return false
            end
            if redis.call('SADD', seen, id .. ':' .. place) == 1 and not is_known() then
              if ordered then
                redis.call('ZADD', parts, place, part)
              else
                redis.call('RPUSH', parts, part)
              end
            end
            if life ~= '0' then
              for _, key in ipairs({parts, extra, size, seen}) do
                redis.call('PEXPIRE', key, life)
              end
              local left = redis.call('PTTL', group)
              if left >= 0 and left < tonumber(life) then redis.call('PEXPIRE', group, life) end
            end
            local wanted = redis.call('GET', size)
            if not wanted then return {'waiting'} end
            local more = redis.call('GET', extra) or '0'
            if not tonumber(wanted) then return {'broken', size} end
            if not tonumber(more) then return {'broken', extra} end
            if count() < tonumber(wanted) + tonumber(more) then return {'waiting'} end
            if holder and holder ~= who then return {'claimed', holder} end
            if lease == '0' then return {'waiting'} end
            redis.call('SET', claim, who, 'PX', lease)
            return {
              'complete',
              redis.call(ordered and 'ZRANGE' or 'LRANGE', parts, 0, -1),
              redis.call('GET', group),
            }
            """#,
        digest: "3b1d01a977e74137a9544a6f7ebbd412d854f0e6"
    )

    /// Forgets a chord's counters and remembers that it is over, unless somebody else holds the claim.
    ///
    /// - KEYS: ``ChordKeys`` claim, parts, extra, size, seen, additions.
    /// - ARGV: claimant, how long it is remembered in seconds.
    /// - Returns: Whether it did.
    static let finishChord = RedisScript(
        text: #"""
            local holder = redis.call('GET', KEYS[1])
            if holder and holder ~= ARGV[1] then return 0 end
            redis.call('DEL', unpack(KEYS, 2))
            redis.call('SET', KEYS[1], 'done', 'EX', ARGV[2])
            return 1
            """#,
        digest: "707c44c7a2b908d3d219dc1de67c47f26e6d05c3"
    )

    /// Ends a chord, unless it is over or somebody else holds the claim: sends what it was claimed for, and forgets its counters.
    ///
    /// - KEYS: ``ChordKeys`` claim, parts, extra, size, seen, additions.
    /// - ARGV: claimant, how long it is remembered that it is over in seconds, the number of the keys' database, that of the messages',
    ///   then each command that publishes as the number of its words and these.
    /// - Returns: Whether it did.
    ///
    /// What is sent comes first: a command that fails leaves the chord as it was.
    static let endChord = RedisScript(
        text: #"""
            local who, over, there, here = unpack(ARGV)
            if there ~= here then redis.call('SELECT', there) end
            local holder = redis.call('GET', KEYS[1])
            if holder and holder ~= who then return 0 end
            if there ~= here then redis.call('SELECT', here) end
            local next = 5
            while next <= #ARGV do
              local last = next + ARGV[next]
              redis.call(unpack(ARGV, next + 1, last))
              next = last + 1
            end
            if there ~= here then redis.call('SELECT', there) end
            redis.call('DEL', unpack(KEYS, 2))
            redis.call('SET', KEYS[1], 'done', 'EX', over)
            return 1
            """#,
        digest: "f41af0612654bba3d0a4e324ba5022a963ace1de"
    )

    /// Makes known a chord that may be known already, and over.
    ///
    /// - KEYS: ``ChordKeys`` claim, size, extra, group.
    /// - ARGV: size, life in milliseconds (0: for ever), the results of a nested header or nothing.
    /// - Returns: Whether it is not over.
    static let startChord = RedisScript(
        text: #"""
            local claim, size, extra, group = unpack(KEYS)
            local count, life, nested = unpack(ARGV)
            if redis.call('GET', claim) == 'done' then return 0 end
            local function set(key, value)
              if life == '0' then
                redis.call('SET', key, value)
              else
                redis.call('SET', key, value, 'PX', life)
              end
            end
            if nested ~= '' then set(group, nested) end
            if life == '0' then
              redis.call('PERSIST', extra)
            else
              redis.call('PEXPIRE', extra, life)
            end
            set(size, count)
            return 1
            """#,
        digest: "6ba974c0b2c59e3053ad7a5970731587a2197b5f"
    )

    /// Makes a chord wait for more parts, for as long as its other counters are kept, unless it waits for these already.
    ///
    /// - KEYS: ``ChordKeys`` extra, size, parts, claim, additions.
    /// - ARGV: how many, life in milliseconds when nothing else is known of the chord, name of the addition, what is kept of it.
    ///
    /// A worker of Python's that ends the chord deletes `extra` and leaves `additions`, which are over with it then. They live as
    /// long as `extra` did when the last of them came, and a day at least.
    static let extendChord = RedisScript(
        text: #"""
            local extra, size, parts, claim, additions = unpack(KEYS)
            local count, unknown, addition, kept = unpack(ARGV)
            if redis.call('GET', claim) == 'done' then return 0 end
            if redis.call('EXISTS', extra) == 0 then
              redis.call('DEL', additions)
            elseif redis.call('HEXISTS', additions, addition) == 1 then
              return 1
            end
            redis.call('INCRBY', extra, count)
            redis.call('HSET', additions, addition, kept)
            if redis.call('PTTL', extra) < 0 then
              local life = redis.call('PTTL', size)
              if life == -2 then life = redis.call('PTTL', parts) end
              if life == -2 then life = unknown end
              if tonumber(life) > 0 then redis.call('PEXPIRE', extra, life) end
            end
            redis.call('PEXPIRE', additions, math.max(redis.call('PTTL', extra), tonumber(unknown)))
            return 1
            """#,
        digest: "be42d96c00c7c34e156a3d573a7f84cf023910ef"
    )
}
#endif
