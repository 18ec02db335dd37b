//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Names of log and PID files: `/var/log/celery/%n.log`.
enum FileName {
    /// Expands `%n` (name before the @), `%h` (host behind it), `%d` (domain), `%p` (whole node name), `%%`; `%i` and `%I`,
    /// the number of a pool's process, are 0 and nothing: one process writes for all.
    static func expand(_ pattern: String, node: String) -> String {
        let parts = node.split(separator: "@", maxSplits: 1).map(String.init)
        let host = parts.count > 1 ? parts[1] : node
        let domain = host.split(separator: ".", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        var result = ""
        var characters = pattern.makeIterator()
        while let character = characters.next() {
            guard character == "%", let code = characters.next() else {
                result.append(character)
                continue
            }
            switch code {
            case "n": result += parts.first ?? node
            case "h": result += host
            case "d": result += domain
            case "p": result += node
            case "i": result += "0"
            case "I": break
            case "%": result += "%"
            default: result += "%\(code)"
            }
        }
        return result
    }
}
