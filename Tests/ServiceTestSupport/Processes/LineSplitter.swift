//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import Foundation
import Synchronization

/// Cuts what a pipe brings into lines.
package final class LineSplitter: Sendable {
    private let rest = Mutex<[UInt8]>([])
    private let lines: @Sendable (String?) -> Void

    /// - Parameter lines: Called with each line, and with nil at the end.
    package init(_ lines: @escaping @Sendable (String?) -> Void) { self.lines = lines }

    /// Takes what has come; nothing is the end.
    package func take(_ data: Data) {
        guard !data.isEmpty else { return lines(nil) }
        let whole = rest.withLock { rest in
            rest += data
            var whole: [String] = []
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                whole.append(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
            return whole
        }
        for line in whole { lines(line) }
    }
}
