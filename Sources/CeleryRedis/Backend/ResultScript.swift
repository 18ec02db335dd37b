//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryWire

extension RedisScript {
    /// Looks at results, of which it tells only what its own eyes cannot: the state of what is compressed, or neither JSON
    /// nor msgpack.
    ///
    /// - KEYS: Where the results are.
    /// - Returns: For each nothing, or its bytes and their SHA-1.
    static let unclearResults = RedisScript(
        text: tell + #"""

            local found = {}
            for i, key in ipairs(KEYS) do
              local _, value = tell(key)
              found[i] = value and {value, redis.sha1hex(value)} or false
            end
            return found
            """#,
        digest: "4d8d8cc15d4077d62ae3eed9393d9db9890db5f7"
    )

    /// Stores results and announces them, but for those whose task is stored as SUCCESS, and of an attempt that still runs those
    /// whose task ended after it had begun.
    ///
    /// Python reads before it writes; here nothing can come in between. What the script cannot tell is judged by whoever
    /// sends it, who has seen it before: ``ResultVerdict``.
    ///
    /// - KEYS: Where each result goes, in order; also the channel of its announcement.
    /// - ARGV: For each its bytes, its life in milliseconds (0: for ever), and the verdict on what is there.
    /// - Returns: What was not stored because it has yet to be judged: its place, what is there, and the SHA-1 of that.
    static let storeResults = RedisScript(
        text: storing + #"""

            return store(KEYS, ARGV)
            """#,
        digest: "9c41fc2fed8d0dea804c4ec4438204b55087ac72"
    )

    /// The function that ``storeResults`` is, for other scripts.
    static let storing =
        tell + #"""

            local function ended(key, status, since)
              if status ~= 'FAILURE' and status ~= 'REVOKED' then return false end
              local meta = decoded(redis.call('GET', key))
              local done = meta and meta['date_done']
              if type(done) ~= 'string' then return true end
              local zone = string.match(done, '[+-]%d%d:%d%d$')
              if zone and zone ~= '+00:00' then return true end
              local digits = string.sub(done, 20, 20) == '.' and 26 or 19
              return string.sub(done, 1, digits) >= string.sub(since, 1, digits)
            end
            local function store(KEYS, ARGV)
              local unclear = {}
              for i, key in ipairs(KEYS) do
                local value, life, verdict = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
                local since = string.match(verdict, '^<(.*)')
                local status, old = tell(key)
                if status and not (since and ended(key, status, since)) and status ~= 'SUCCESS'
                  or old and (verdict == '*' or verdict == redis.sha1hex(old)) then
                  if life == '0' then
                    redis.call('SET', key, value)
                  else
                    redis.call('SET', key, value, 'PX', life)
                  end
                  redis.call('PUBLISH', key, value)
                elseif old and (since or verdict == '?') then
                  unclear[#unclear + 1] = {i - 1, old, redis.sha1hex(old)}
                end
              end
              return unclear
            end
            """#

    /// The state of a stored result: told by the first bytes, which is where Python and we write it, in JSON and in msgpack;
    /// what begins otherwise is decoded. Nothing, and the value, when that cannot be done here.
    private static let tell = #"""
        local function decoded(value)
          local fine, meta = pcall(function()
            local first = string.byte(value)
            if first == 123 then return cjson.decode(value) end
            if first > 128 then return cmsgpack.unpack(value) end
          end)
          return fine and type(meta) == 'table' and meta or nil
        end
        local function tell(key)
          local head = redis.pcall('GETRANGE', key, 0, 47)
          if type(head) ~= 'string' or head == '' then return '' end
          local found = string.match(head, '^{%s*"status"%s*:%s*"([^"\\]*)"')
            or string.match(head, '^[\128-\143]\166status[\160-\191]([%w_]*)')
          if found then return found end
          local value = redis.call('GET', key)
          local meta = decoded(value)
          if meta and type(meta['status']) == 'string' then return meta['status'] end
          return nil, value
        end
        """#
}

/// What to do with a stored result whose state the server cannot tell.
enum ResultVerdict: Hashable, Sendable {
    /// Nobody has looked at it: it stays, and the script returns it.
    case open
    /// It stays.
    case keep
    /// It gives way, whatever it is.
    case replace
    /// It gives way if it is still what was judged, by its SHA-1.
    case replaceIf(String)
    /// It stays if it is an end that came after that; nobody has looked at it.
    case since(Timestamp)

    var argument: String {
        switch self {
        case .open: "?"
        case .keep: ""
        case .replace: "*"
        case .replaceIf(let digest): digest
        case .since(let time): "<" + time.iso8601
        }
    }
}
#endif
