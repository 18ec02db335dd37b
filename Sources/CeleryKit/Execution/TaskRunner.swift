//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire

/// Runs one task: decodes its arguments, calls it, and turns whatever comes of it into a report. Never throws.
///
/// Source: `celery/app/trace.py`.
public struct TaskRunner: Sendable {
    let app: CeleryApp

    public init(app: CeleryApp) { self.app = app }

    /// Runs the request in the current Swift task. `control` tells why a cancellation came.
    public func run(_ request: TaskRequest, control: RunControl) async -> TaskReport { fatalError("kit") }
}
