//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
extension RedisScript {
    /// Stores results and announces them, but for those whose task is stored as SUCCESS.
    ///
    /// - KEYS: Where each result goes, in order; also the channel of its announcement.
    /// - ARGV: For each its bytes, and its life in milliseconds (0: for ever).
    /// - Returns: How many were stored.
    ///
    /// Python reads before it writes; here nothing can come in between. The state is told by the first bytes, which is where
    /// Python and we write it, in JSON and in msgpack; what begins otherwise is decoded. A compressed result is not
    /// understood and gives way.
    static let storeResults = RedisScript(
        text: #"""
            local function status(key)
              local head = redis.pcall('GETRANGE', key, 0, 47)
              if type(head) ~= 'string' or head == '' then return nil end
              local found = string.match(head, '^{%s*"status"%s*:%s*"([^"\\]*)"')
                or string.match(head, '^[\128-\143]\166status[\160-\191]([%w_]*)')
              if found then return found end
              local value = redis.call('GET', key)
              local fine, meta = pcall(function()
                local first = string.byte(value)
                if first == 123 then return cjson.decode(value) end
                if first >= 128 then return cmsgpack.unpack(value) end
              end)
              return fine and type(meta) == 'table' and meta['status']
            end
            local stored = 0
            for i, key in ipairs(KEYS) do
              if status(key) ~= 'SUCCESS' then
                local value, life = ARGV[2 * i - 1], ARGV[2 * i]
                if life == '0' then
                  redis.call('SET', key, value)
                else
                  redis.call('SET', key, value, 'PX', life)
                end
                redis.call('PUBLISH', key, value)
                stored = stored + 1
              end
            end
            return stored
            """#,
        digest: "0d376fcfac0fcc8274289ba01ae73356ffd88d71"
    )
}
#endif
