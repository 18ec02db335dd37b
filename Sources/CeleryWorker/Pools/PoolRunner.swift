//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryKit

/// Runs one task to its report: `TaskRunner(app: app).run`. Never throws; the control says why a cancellation came.
public typealias PoolRunner = @Sendable (TaskRequest, RunControl) async -> TaskReport
