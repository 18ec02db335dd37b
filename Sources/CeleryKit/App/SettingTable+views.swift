//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

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

extension CelerySettings {
    /// How long a result in that state is kept; nil for ever.
    package func resultExpires(in state: TaskState) -> Duration? {
        guard state == .failure, let failures = resultFailureExpires else { return resultExpires }
        return failures == .zero ? nil : failures
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

extension String? {
    /// A user or group as files have it: 1000 is the same as "1000".
    var asNumberOrName: CeleryValue {
        get { settingValue }
        set { self = newValue.numberOrText { String($0) } }
    }

    /// A mask as files have it: a number is the mask itself, as Python's 0o22 comes out as 18.
    var asMask: CeleryValue {
        get { settingValue }
        set { self = newValue.numberOrText { "0" + String($0, radix: 8) } }
    }
}

extension CeleryValue {
    fileprivate func numberOrText(_ text: (Int) -> String) -> String? {
        switch self {
        case .int(let number): text(number)
        case .string(let string) where !string.isEmpty: string
        default: nil
        }
    }
}
