//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// The text stored under `traceback`. Swift errors carry no stack, so it says where the task ran and what it threw.
enum Traceback {
    /// Shaped like Python's, so that tools which fold tracebacks do so here too.
    static func text(_ exception: ExceptionInfo, error: any Error, request: TaskRequest) -> String {
        let headers = request.message.headers
        return """
            Traceback (most recent call last):
              Task "\(headers.task)", id \(headers.id), worker \(request.hostname), queue \(request.queue), \
            attempt \(request.attempt), retries \(headers.retries)
            \(exception.line)
            """
    }
}
