//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension CelerySettings {
    /// Both acknowledgements at once, as the older setting has it; true when both are.
    var taskAcksOnFailureOrTimeout: Bool {
        get { taskAcksOnFailure && taskAcksOnTimeout }
        set {
            taskAcksOnFailure = newValue
            taskAcksOnTimeout = newValue
        }
    }
}

extension Duration {
    /// The same in milliseconds, for the settings that end in `_ms`.
    var milliseconds: Int {
        get {
            let (seconds, attoseconds) = components
            return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        }
        set { self = .milliseconds(newValue) }
    }
}

extension Duration? {
    /// The same, with zero for "none", as Celery has it for expiry.
    var zeroIsNone: Duration? {
        get { self }
        set { self = newValue == .zero ? nil : newValue }
    }
}
