//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Python's `repr` of values, for `argsrepr`, `kwargsrepr`, events and log lines.
public enum PythonRepr {
    /// The whole value.
    public static func describe(_ value: CeleryValue) -> String { fatalError("codec") }

    /// `(2, 3)`, shortened as Celery's `saferepr` does (about 1024 characters, three levels).
    public static func arguments(_ values: [EncodedValue], maxLength: Int = 1024) -> String { fatalError("codec") }

    /// `{'a': 1}`, shortened likewise.
    public static func keywords(_ values: [TaskBody.Keyword], maxLength: Int = 1024) -> String { fatalError("codec") }
}
