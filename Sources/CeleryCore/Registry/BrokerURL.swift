//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A broker's or result store's URL. Printing it masks the password.
public struct BrokerURL: Sendable, Hashable, CustomStringConvertible {
    /// Lower-case scheme: `redis`, `sqlite`, `memory`.
    public var scheme: String
    public var user: String?
    public var password: String?
    public var host: String?
    public var port: Int?
    /// Everything after the authority, its leading slash included; percent-decoded.
    public var path: String
    public var query: [String: String]

    /// Reads `scheme://[user[:password]@][host][:port][/path][?key=value&…]`. A bare scheme (`memory://`) is enough.
    ///
    /// - Throws: ``TransportError`` `.misconfigured` that shows the URL masked and says what is wrong with it.
    public init(_ text: String) throws(TransportError) {
        guard let separator = text.firstRange(of: "://") else {
            throw TransportError(
                .misconfigured,
                "\"\(Self.mask(text))\" is not a broker URL: write scheme://…, for example sqlite:///celery.sqlite"
            )
        }
        scheme = text[..<separator.lowerBound].lowercased()
        guard !scheme.isEmpty else {
            throw TransportError(.misconfigured, "the broker URL \"\(Self.mask(text))\" has no scheme before \"://\"")
        }
        var rest = text[separator.upperBound...]
        query = [:]
        if let mark = rest.lastIndex(of: "?") {
            for pair in rest[rest.index(after: mark)...].split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                query[Self.decode(parts[0])] = parts.count > 1 ? Self.decode(parts[1]) : ""
            }
            rest = rest[..<mark]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = Self.decode(rest[slash...])
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") {
            let credentials = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = credentials[0].isEmpty ? nil : Self.decode(credentials[0])
            password = credentials.count > 1 ? Self.decode(credentials[1]) : nil
            authority = authority[authority.index(after: at)...]
        }
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            if !digits.isEmpty {
                guard let number = Int(digits), (0...65535).contains(number) else {
                    throw TransportError(
                        .misconfigured,
                        "the port in \"\(Self.mask(text))\" is not a number from 0 to 65535; a / in a password is written %2F"
                    )
                }
                port = number
            }
            authority = authority[..<colon]
        }
        host = authority.isEmpty ? nil : Self.decode(authority)
    }

    /// Reads one URL, or several of one store separated by semicolons; at least one.
    ///
    /// A semicolon within a URL is written `%3B`.
    public static func list(_ text: String) throws(TransportError) -> [BrokerURL] {
        var urls: [BrokerURL] = []
        for part in text.split(separator: ";") {
            urls.append(try BrokerURL(String(part.drop { $0 == " " })))
        }
        return urls.isEmpty ? [try BrokerURL(text)] : urls
    }

    /// The URL with its password as `**`, as Celery prints it.
    public var description: String {
        var text = "\(scheme)://"
        if user != nil || password != nil {
            text += (user ?? "") + (password == nil ? "" : ":**") + "@"
        }
        text += (host ?? "") + (port.map { ":\($0)" } ?? "") + path
        return text
    }

    /// Masks what may be a password in any text that looks like a URL, also a mistyped one: rather too much than too little.
    public static func mask(_ text: String) -> String {
        let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        var masked = text
        // A password may have a slash in it that should have been %2F, and there may be several URLs: up to the last @.
        if let at = text[start...].lastIndex(of: "@"), let colon = text[start..<at].firstIndex(of: ":") {
            masked = text[...colon] + "**" + text[at...]
        }
        guard let mark = masked.lastIndex(of: "?") else { return masked }
        let query = masked[masked.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
            .map { pair in
                guard let equals = pair.firstIndex(of: "="), isSecret(pair[..<equals]) else { return String(pair) }
                return pair[...equals] + "**"
            }
        return masked[...mark] + query.joined(separator: "&")
    }

    private static func isSecret(_ key: Substring) -> Bool {
        let key = key.lowercased()
        return ["pass", "secret", "token", "key", "signature", "credential"].contains { key.contains($0) }
    }

    private static func decode(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var scalars = text.utf8.makeIterator()
        while let byte = scalars.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = [scalars.next(), scalars.next()].compactMap { $0 }
            if digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
                bytes.append(value)
            } else {
                bytes.append(byte)
                bytes.append(contentsOf: digits)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
