//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// What must decide on the server; rare, so that they are always sent whole.
enum RedisScripts {
    /// A script that runs although the server is full, where it can.
    static func passing(_ script: String, over connection: RedisConnection) -> String {
        connection.passesMemoryLimit ? "#!lua flags=allow-oom\n" + script : script
    }

    /// A round on a full server, which refuses every transaction, even one that only deletes.
    ///
    /// KEYS: fence. ARGV: connection, round, then each command as the number of its words and these; the only scripts among
    /// them are the one that stores results, without its text, and ``lowerDue``. Returns what the transaction would, its first
    /// answer included; nothing when the epoch was swept.
    static let round =
        lowering + RedisScript.storing + """

            local fence = redis.call('GET', KEYS[1])
            if not fence or string.match(fence, '%d+$') ~= ARGV[1] then return false end
            redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[1])
            local answers, next = {'OK'}, 3
            while next <= #ARGV do
                local last = next + ARGV[next]
                if ARGV[next + 1] == 'EVAL' then
                    local first = next + 4 + ARGV[next + 3]
                    local keys, rest = {}, {}
                    for i = next + 4, last do
                        local list = i < first and keys or rest
                        list[#list + 1] = ARGV[i]
                    end
                    local isResult = ARGV[next + 2] == ''
                    local fine, answer = pcall(isResult and store or lower, keys, rest)
                    local refusal = isResult and 'ERR results cannot be stored' or 'ERR what is parked cannot be told of'
                    answers[#answers + 1] = fine and answer or {err = refusal}
                else
                    answers[#answers + 1] = redis.pcall(unpack(ARGV, next + 1, last))
                end
                next = last + 1
            end
            return answers
            """

    /// Forgets a queue, unless something lies in it.
    ///
    /// KEYS: the set of queues, its lists and what is parked of it. ARGV: its name. Returns whether it did.
    static let forgetQueue = """
        for i = 2, #KEYS do
            if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end
        end
        return redis.call('SREM', KEYS[1], ARGV[1])
        """

    /// The delivery tags of the messages that are to be taken next, and from when on they could be. Not misled by their bodies, which are
    /// base64 and have no quotes.
    ///
    /// KEYS: lists. Returns two texts for each, or nothing in place of one.
    static let oldest = """
        local found = {}
        for i = 1, #KEYS do
            local message = redis.call('LINDEX', KEYS[i], -1) or ''
            found[2 * i - 1] = string.match(message, '"delivery_tag": ?"([^"]*)"') or false
            found[2 * i] = string.match(message, '"x%-celery%-swift": ?%[%d+, ?%d+, ?(%d+)%]') or false
        end
        return found
        """

    /// Puts a message of a fanout exchange on a queue, unless another worker that heard it has done so.
    ///
    /// KEYS: list. ARGV: message, what precedes its digest in the key that says so, how long that lives (milliseconds). Returns
    /// whether it did.
    static let copy = """
        local copied = ARGV[2] .. redis.sha1hex(ARGV[1]) .. '.' .. KEYS[1]
        if redis.call('EXISTS', copied) == 1 then return 0 end
        redis.call('LPUSH', KEYS[1], ARGV[1])
        redis.call('SET', copied, '', 'PX', ARGV[3])
        return 1
        """

    /// Deletes a queue of a fanout exchange whose time is over, with what waits in it and its bindings there, unless a worker
    /// takes from it again, or it was declared for good.
    ///
    /// KEYS: the set of such queues, the set of those for good, bindings and permanent bindings of the exchange, the queue's
    /// lists and what is parked of it. ARGV: the queue, now (milliseconds), its bindings. Returns whether it did.
    static let forgetPassing = """
        local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if not last or tonumber(last) > tonumber(ARGV[2]) then return 0 end
        redis.call('ZREM', KEYS[1], ARGV[1])
        if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 0 end
        for i = 3, #ARGV do
            redis.call('SREM', KEYS[3], ARGV[i])
            redis.call('SREM', KEYS[4], ARGV[i])
        end
        redis.call('UNLINK', unpack(KEYS, 5))
        return 1
        """

    /// Forgets a worker, unless it was seen again.
    ///
    /// KEYS: seen. ARGV: its name, what was noted of it. Returns whether it did.
    static let forgetWorker = """
        if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
        return redis.call('HDEL', KEYS[1], ARGV[1])
        """

    /// Puts back a message that a Python worker has held for too long. Fails before it changes anything where a list is none.
    ///
    /// KEYS: kombu's hash and index of what is held, the lists. ARGV: delivery tag, what the hash held, when it must have been
    /// taken at the latest (seconds), the message for each list. Returns 0 when it was released or taken again meanwhile.
    static let restore = """
        for i = 3, #KEYS do redis.call('LLEN', KEYS[i]) end
        local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
        if not score or tonumber(score) > tonumber(ARGV[3]) then return 0 end
        if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[1], ARGV[1])
        for i = 3, #KEYS do redis.call('RPUSH', KEYS[i], ARGV[i + 1]) end
        return 1
        """

    /// Enters a new epoch, unless a later connection did so: what an older one has buffered may arrive late.
    ///
    /// KEYS: fence, lease, epochs, seen. ARGV: connection, worker, lease in milliseconds, epoch's id, record, what is seen.
    /// Returns 0.
    static let enter = """
        local fence = redis.call('GET', KEYS[1])
        if fence and tonumber(string.match(fence, '%d+$')) >= tonumber(ARGV[1]) then return -1 end
        redis.call('SET', KEYS[1], '0 ' .. ARGV[1])
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
        redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
        redis.call('HSET', KEYS[4], ARGV[2], ARGV[6])
        return 0
        """

    /// Notes in an epoch's fence that another connection acts for it, which undoes what the last one may have buffered.
    ///
    /// KEYS and ARGV as of ``enter``. Returns the last round that took effect, nothing when the epoch was swept.
    static let resume = """
        local fence = redis.call('GET', KEYS[1])
        if not fence then return false end
        if tonumber(string.match(fence, '%d+$')) >= tonumber(ARGV[1]) then return -1 end
        local round = string.match(fence, '^%d+')
        redis.call('SET', KEYS[1], round .. ' ' .. ARGV[1])
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
        redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
        return tonumber(round)
        """

    /// Puts back in front what a fetch took that its epoch has not heard of; a place that is closed has nothing.
    ///
    /// KEYS: fence, then each list of what was taken, and the list that it was taken from. ARGV: connection, how many of each are
    /// known. Returns how many went back; nothing when the epoch was swept or a later connection acts for it.
    static let recover = """
        local fence = redis.call('GET', KEYS[1])
        if not fence or string.match(fence, '%d+$') ~= ARGV[1] then return false end
        local moved = 0
        for i = 2, #KEYS, 2 do
            local taken = redis.call('TYPE', KEYS[i]).ok == 'list' and redis.call('LLEN', KEYS[i]) or 0
            for _ = 1, taken - ARGV[i / 2 + 1] do
                redis.call('LMOVE', KEYS[i], KEYS[i + 1], 'LEFT', 'RIGHT')
                moved = moved + 1
            end
        end
        return moved
        """

    /// Puts back what a connection that broke has taken, and closes the place where it lay: should more of that connection's come to
    /// the server, it finds no list there, and leaves the message where it is.
    ///
    /// KEYS: fence, epochs, the list of what was taken, and the list that it was taken from. ARGV: connection, epoch's id, its record
    /// with another place, for how many seconds the old one stays closed. Returns how many went back; nothing when the epoch was
    /// swept or a later connection acts for it.
    static let giveUp = """
        local fence = redis.call('GET', KEYS[1])
        if not fence or string.match(fence, '%d+$') ~= ARGV[1] then return false end
        local moved = 0
        if redis.call('TYPE', KEYS[3]).ok ~= 'string' then
            while redis.call('LMOVE', KEYS[3], KEYS[4], 'LEFT', 'RIGHT') do moved = moved + 1 end
            redis.call('SET', KEYS[3], '', 'EX', ARGV[4])
        end
        redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
        return moved
        """

    /// Changes an epoch's record, unless a later connection acts for it.
    ///
    /// KEYS: fence, epochs, seen. ARGV: connection, worker, epoch's id, record, what is seen. Returns whether it did.
    static let register = """
        local fence = redis.call('GET', KEYS[1])
        if not fence or string.match(fence, '%d+$') ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
        redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
        return 1
        """

    /// Tells for how long the server could be reached without a pause.
    ///
    /// After a restart or an outage every epoch looks dead, since nobody could renew a lease: nobody is swept before the server
    /// has been there for a whole lease. KEYS: pulse, which holds since when, and is renewed by everybody together with their
    /// leases. ARGV: what counts as a pause, in milliseconds. Returns microseconds.
    static let pulse = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local since = tonumber(redis.call('GET', KEYS[1]))
        if not since or since > now then since = now end
        redis.call('SET', KEYS[1], string.format('%.0f', since), 'PX', ARGV[1])
        return string.format('%.0f', now - since)
        """

    /// Declares an epoch dead whose lease has run out: from then on nothing of it takes effect.
    ///
    /// KEYS: lease, fence. Returns 0 when the lease is in force.
    static let condemn = """
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('DEL', KEYS[2])
        return 1
        """

    /// Adds a dead letter and drops those that are too many or too old.
    ///
    /// KEYS: counter, letters, index. ARGV: record, now, the oldest to keep (both microseconds), how many to keep.
    static let bury = """
        local number = redis.call('INCR', KEYS[1])
        redis.call('HSET', KEYS[2], number, ARGV[1])
        redis.call('ZADD', KEYS[3], ARGV[2], number)
        local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[3], 'LIMIT', 0, 100)
        local excess = redis.call('ZCARD', KEYS[3]) - #old - tonumber(ARGV[4])
        if excess > 0 then
            for _, name in ipairs(redis.call('ZRANGE', KEYS[3], #old, #old + excess - 1)) do old[#old + 1] = name end
        end
        for _, name in ipairs(old) do
            redis.call('ZREM', KEYS[3], name)
            redis.call('HDEL', KEYS[2], name)
        end
        return number
        """

    /// Takes a dead letter out, and puts its message on a list again when one is named.
    ///
    /// KEYS: letters, index. ARGV: number, the list or nothing, the message. Returns 0 when it was taken before.
    static let exhume = """
        if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
        if ARGV[2] ~= '' then redis.call('LPUSH', ARGV[2], ARGV[3]) end
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call('ZREM', KEYS[2], ARGV[1])
        return 1
        """

    /// Notes revoked ids, each under a new number, and forgets what has expired, and the first of too many.
    ///
    /// KEYS: counter, records, index. ARGV: now in microseconds, how many may be there, then id and record in turn; a record begins with when it expires.
    /// All of it is gone when the last has expired.
    static let revoke = """
        local last = redis.call('PTTL', KEYS[3]) + math.floor(ARGV[1] / 1000)
        for i = 3, #ARGV, 2 do
            local number = redis.call('INCR', KEYS[1])
            redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
            redis.call('ZADD', KEYS[3], number, ARGV[i])
            last = math.max(last, math.floor(string.match(ARGV[i + 1], '^%d+') / 1000))
        end
        local life = string.format('%.0f', last - math.floor(ARGV[1] / 1000) + 1)
        redis.call('PEXPIRE', KEYS[2], life)
        redis.call('PEXPIRE', KEYS[3], life)
        for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, 99)) do
            local record = redis.call('HGET', KEYS[2], id)
            if not record or tonumber(string.match(record, '^%d+')) <= tonumber(ARGV[1]) then
                redis.call('HDEL', KEYS[2], id)
                redis.call('ZREM', KEYS[3], id)
            end
        end
        local over = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[2])
        while over > 0 do
            local first = redis.call('ZRANGE', KEYS[3], 0, math.min(over, 1000) - 1)
            redis.call('HDEL', KEYS[2], unpack(first))
            redis.call('ZREM', KEYS[3], unpack(first))
            over = over - #first
        end
        return redis.call('GET', KEYS[1])
        """
}
#endif
