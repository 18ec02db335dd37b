//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

#if canImport(Glibc)
import Glibc
private let streamType = Int32(SOCK_STREAM.rawValue)
private let noSignal = Int32(MSG_NOSIGNAL)
#elseif canImport(Musl)
import Musl
private let streamType = SOCK_STREAM
private let noSignal = Int32(MSG_NOSIGNAL)
#else
import Darwin
private let streamType = SOCK_STREAM
private let noSignal: Int32 = 0
#endif

/// Plain sockets on this machine, for tests.
package enum LoopbackSocket {
    /// A TCP port that nobody listens on. Somebody may take it before it is used: be ready to try another.
    package static func freePort() throws -> Int {
        let socket = try listener(on: 0)
        defer { close(socket) }
        return try port(of: socket)
    }

    /// A socket that listens on a port, or on any for 0. Accepting from it does not block.
    package static func listener(on port: Int) throws -> Int32 {
        let socket = try make(AF_INET)
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withAddress(port: port) { bind(socket, $0, $1) }
        guard bound == 0, listen(socket, 128) == 0, fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else {
            throw failure("listening on port \(port)", closing: socket)
        }
        return socket
    }

    /// A connection to a port.
    package static func connection(to port: Int) throws -> Int32 {
        let socket = try make(AF_INET)
        guard withAddress(port: port, { connect(socket, $0, $1) }) == 0 else {
            throw failure("connecting to port \(port)", closing: socket)
        }
        return socket
    }

    /// A connection to a Unix socket.
    package static func connection(toPath path: String) throws -> Int32 {
        let socket = try make(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw failure("connecting to \(path), which is too long", closing: socket)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw failure("connecting to \(path)", closing: socket) }
        return socket
    }

    /// The port that a listening socket has been given.
    package static func port(of socket: Int32) throws -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        guard result == 0 else { throw failure("asking for a port", closing: nil) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Bounds how long one read or write may take.
    package static func setTimeouts(_ socket: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private static func make(_ family: Int32) throws -> Int32 {
        let created = socket(family, streamType, 0)
        guard created >= 0 else { throw failure("making a socket", closing: nil) }
        // Programs that are started do not keep it open.
        _ = fcntl(created, F_SETFD, FD_CLOEXEC)
        #if canImport(Darwin)
        var yes: Int32 = 1
        setsockopt(created, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
        return created
    }

    private static func withAddress(
        port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func failure(_ what: String, closing socket: Int32?) -> ServiceError {
        let reason = String(cString: strerror(errno))
        if let socket { close(socket) }
        return ServiceError("\(what): \(reason)")
    }

    /// Writes all of it; false when the other side is gone.
    package static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, noSignal) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Reads what there is, waiting for the first byte; empty at the end and after an error.
    package static func read(from socket: Int32, upTo limit: Int = 65536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(socket, buffer.baseAddress, limit, 0))
        }
    }
}
