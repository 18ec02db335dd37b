//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CCeleryPlatform
import CeleryCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that is locked for as long as its owner lives: the kernel lets go of it however the process ends.
final class LockFile: Sendable {
    private let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Creates and locks it.
    static func create(at path: String) throws(TransportError) -> LockFile {
        let descriptor = celery_lock_create(path)
        guard descriptor >= 0 else {
            throw TransportError(
                .misconfigured,
                "cannot lock \(path): \(String(cString: strerror(-descriptor))); the folder must be writable and local"
            )
        }
        return LockFile(descriptor: descriptor, path: path)
    }

    /// The lock of an owner that is gone; nil while it lives, or when the file says nothing.
    static func takeOver(at path: String) -> LockFile? {
        let descriptor = celery_lock_probe(path)
        return descriptor >= 0 ? LockFile(descriptor: descriptor, path: path) : nil
    }

    /// Deletes the file while it is still locked, so that nobody meets an unlocked one.
    func remove() { unlink(path) }

    deinit { close(descriptor) }
}
#endif
