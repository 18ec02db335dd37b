//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if DEBUG
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the environment asks of ``CutPoint``: which step, at the how-manieth time, and a file to note the death in.
///
/// The file, named by `CELERY_CUT_NOTE`, tells that the process died of the step, and keeps its children and successors from dying
/// of it too.
@usableFromInline
final class CutPlan: Sendable {
    @usableFromInline static let current = CutPlan()

    private let name: String
    private let countdown: Atomic<Int>
    private let note: String?

    private init?() {
        guard let request = Self.variable("CELERY_CUT_POINT") else { return nil }
        let parts = request.split(separator: ":", maxSplits: 1)
        name = parts.first.map(String.init) ?? ""
        countdown = Atomic(parts.dropFirst().first.flatMap { Int($0) } ?? 1)
        note = Self.variable("CELERY_CUT_NOTE")
    }

    @usableFromInline
    func pass(_ point: CutPoint) {
        guard point.rawValue == name, countdown.subtract(1, ordering: .relaxed).newValue == 0, isFirst() else { return }
        kill(getpid(), SIGKILL)
    }

    private func isFirst() -> Bool {
        guard let note else { return true }
        let file = open(note, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let line = Array("\(name) \(getpid())\n".utf8)
        _ = write(file, line, line.count)
        close(file)
        return true
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
#endif
