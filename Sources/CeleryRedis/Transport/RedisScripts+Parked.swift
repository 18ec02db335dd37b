//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
extension RedisScripts {
    /// A function that notes when the first of all parked messages is due, if that was later or never.
    ///
    /// The server tells a connection of the next change only if it has read since its own: so it is read again.
    static let lowering = """
        local function lower(KEYS, ARGV)
            local first = tonumber(redis.call('GET', KEYS[1]) or '') or -1
            if first < 0 or tonumber(ARGV[1]) < first then
                redis.call('SET', KEYS[1], ARGV[1])
                redis.call('GET', KEYS[1])
            end
            return 0
        end

        """

    /// Tells all workers of ours that something was parked.
    ///
    /// KEYS: where the next due time is kept. ARGV: when it is due, in microseconds.
    static let lowerDue =
        lowering + """
            return lower(KEYS, ARGV)
            """

    /// What ``take`` and ``move`` begin with.
    ///
    /// `due` are a queue's members whose time has come, `list` is where one belongs, `put` puts one in front there and returns the
    /// refusal, `isMoved` tells whether a message in front was put there, `rest` sets the next due time and returns it of each
    /// served queue and of the others, as text; -1 for never. It reads again what it has set, as ``lowering`` does.
    private static let parked = """
        local last = 4 + ARGV[4]
        local served, mine = {}, {}
        for i = 5, last do
            served[#served + 1] = ARGV[i]
            mine[ARGV[i]] = true
        end
        local function due(key, most, ...)
            return redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[2], 'LIMIT', 0, most, ...)
        end
        local function list(member, queue) return string.match(member, '^(%Z*)%z') or queue end
        local function put(list, member, key)
            local message = string.sub(member, #list + 2)
            local answer = redis.pcall('RPUSH', list, message)
            if type(answer) == 'table' and answer.err then
                redis.call('ZADD', key, ARGV[2] + 60000000, member)
                return answer.err
            end
            redis.call('ZREM', key, member)
            redis.call('ZADD', KEYS[3], ARGV[2], redis.sha1hex(message))
            return ''
        end
        local function isMoved(front)
            return type(front) == 'string' and redis.call('ZSCORE', KEYS[3], redis.sha1hex(front))
        end
        local function rest()
            local times, all, others = {}, -1, -1
            local function earlier(a, b) return (a >= 0 and (b < 0 or a < b)) and a or b end
            for _, queue in ipairs(redis.call('SMEMBERS', KEYS[1])) do
                local first = redis.call('ZRANGE', ARGV[1] .. queue, 0, 0, 'WITHSCORES')
                if first[2] then
                    local score = tonumber(first[2])
                    all = earlier(score, all)
                    if mine[queue] then times[queue] = score else others = earlier(score, others) end
                else
                    redis.call('SREM', KEYS[1], queue)
                end
            end
            local text = string.format('%.0f', all)
            if redis.call('GET', KEYS[2]) ~= text then
                redis.call('SET', KEYS[2], text)
                redis.call('GET', KEYS[2])
            end
            local texts = {}
            for i, queue in ipairs(served) do texts[i] = string.format('%.0f', times[queue] or -1) end
            return texts, string.format('%.0f', others)
        end

        """

    /// Takes what is due for an epoch, the earliest first; part of a round.
    ///
    /// KEYS: the set of queues with parked messages, where the next due time is kept, digests of what was put in front. ARGV: what
    /// precedes a queue's name in a key, now in microseconds, how many at most, the number of queues that are served and their
    /// names, then each of their lists with the one that holds what was taken from it. Returns when the next of each of these
    /// queues is due and of the others, the last refusal, and the messages of each list.
    static let take = RedisScript(
        text: parked + """
            local most = tonumber(ARGV[3])
            local lists, taken, names, refusal = {}, {}, {}, ''
            for i = last + 1, #ARGV, 2 do
                local messages = {}
                taken[#taken + 1] = messages
                lists[ARGV[i]] = messages
                names[#names + 1] = {ARGV[i], ARGV[i + 1], messages}
            end
            if redis.call('EXISTS', KEYS[3]) == 1 then
                for _, name in ipairs(names) do
                    local front = redis.pcall('LINDEX', name[1], -1)
                    while most > 0 and isMoved(front) do
                        table.insert(name[3], redis.call('LMOVE', name[1], name[2], 'RIGHT', 'LEFT'))
                        redis.call('ZREM', KEYS[3], redis.sha1hex(front))
                        most = most - 1
                        front = redis.pcall('LINDEX', name[1], -1)
                    end
                end
            end
            local all = {}
            for _, queue in ipairs(most > 0 and served or {}) do
                local found = due(ARGV[1] .. queue, most, 'WITHSCORES')
                for j = 1, #found, 2 do all[#all + 1] = {queue, found[j], tonumber(found[j + 1]), #all} end
            end
            if #served > 1 then
                table.sort(all, function(a, b) return a[3] < b[3] or (a[3] == b[3] and a[4] < b[4]) end)
            end
            local counts, fresh = {}, {}
            for i = 1, math.min(most, #all) do
                local queue, member = all[i][1], all[i][2]
                local name = list(member, queue)
                if lists[name] then
                    counts[queue] = (counts[queue] or 0) + 1
                    fresh[name] = fresh[name] or {}
                    table.insert(fresh[name], string.sub(member, #name + 2))
                else
                    local refused = put(name, member, ARGV[1] .. queue)
                    if refused ~= '' then refusal = refused end
                end
            end
            for _, name in ipairs(names) do
                local messages = fresh[name[1]]
                if messages then
                    redis.call('LPUSH', name[2], unpack(messages))
                    for _, message in ipairs(messages) do table.insert(name[3], message) end
                end
            end
            for queue, count in pairs(counts) do
                redis.call('ZREMRANGEBYRANK', ARGV[1] .. queue, 0, count - 1)
            end
            local times, others = rest()
            return {times, others, refusal, taken}
            """,
        digest: "f785d19bd9b8010f3c9f1179f7d4e9c8fa46a648"
    )

    /// Puts what is due in front of its list, the earliest foremost, where nothing lies in front that was put there before. What
    /// cannot be moved holds up nothing else. It runs on a full server too, which asks a script for memory only at its first change:
    /// that is one that removes.
    ///
    /// KEYS and ARGV as of ``take`` up to the queues that are served; then those that are left alone. Returns when the next of each
    /// of these queues is due and of the others, the last refusal, and each list with how many were put into it.
    static let move =
        parked + """
            local refusal, counts, alone = '', {}, {}
            for i = last + 1, #ARGV do alone[ARGV[i]] = true end
            redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[2] - 60000000)
            for _, queue in ipairs(redis.call('SMEMBERS', KEYS[1])) do
                local key, lists, members = ARGV[1] .. queue, {}, {}
                for _, member in ipairs(alone[queue] and {} or due(key, ARGV[3])) do
                    local name = list(member, queue)
                    if not members[name] then
                        members[name] = {}
                        lists[#lists + 1] = name
                    end
                    table.insert(members[name], member)
                end
                for _, name in ipairs(lists) do
                    local moved = 0
                    if not isMoved(redis.pcall('LINDEX', name, -1)) then
                        for i = #members[name], 1, -1 do
                            local refused = put(name, members[name][i], key)
                            if refused ~= '' then refusal = refused else moved = moved + 1 end
                        end
                    end
                    if moved > 0 then
                        counts[#counts + 1] = name
                        counts[#counts + 1] = moved
                    end
                end
            end
            local times, others = rest()
            return {times, others, refusal, counts}
            """

    /// Parks a message until its time when one of our workers is there to take it out again, and puts it on its list otherwise,
    /// for Python to hold.
    ///
    /// KEYS: epochs, the queue's parked messages, the set of queues with such, where the next due time is kept. ARGV: what
    /// precedes and follows an epoch's id in the key of its lease, queue, list, due time in microseconds, message.
    static let park =
        lowering + """
            for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
                if redis.call('EXISTS', ARGV[1] .. id .. ARGV[2]) == 1 then
                    redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4] .. '\\0' .. ARGV[6])
                    redis.call('SADD', KEYS[3], ARGV[3])
                    lower({KEYS[4]}, {ARGV[5]})
                    return 1
                end
            end
            redis.call('LPUSH', ARGV[4], ARGV[6])
            return 0
            """

    /// Puts parked messages back on their lists, behind all others, unless one of our workers is there to take them out in time.
    ///
    /// KEYS: epochs, the set of queues with parked messages. ARGV: what precedes and follows an epoch's id in the key of its
    /// lease, what precedes a queue's name in a key, how many at most for each queue. Returns how many.
    static let unpark = """
        for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
            if redis.call('EXISTS', ARGV[1] .. id .. ARGV[2]) == 1 then return 0 end
        end
        local moved = 0
        for _, queue in ipairs(redis.call('SMEMBERS', KEYS[2])) do
            local key = ARGV[3] .. queue
            local first = redis.call('ZRANGE', key, 0, ARGV[4] - 1)
            for _, member in ipairs(first) do
                local cut = string.find(member, '\\0', 1, true)
                redis.call('LPUSH', string.sub(member, 1, cut - 1), string.sub(member, cut + 1))
                redis.call('ZREM', key, member)
            end
            if #first == 0 then redis.call('SREM', KEYS[2], queue) end
            moved = moved + #first
        end
        return moved
        """
}
#endif
