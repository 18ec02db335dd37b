//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore

extension Queue {
    /// The queue that only one worker consumes from, with `worker_direct` on: `w1@example.com.dq2`.
    ///
    /// It hangs on the exchange `C.dq2` with the worker's name as routing key, so that a task is sent to a worker by
    /// exchange and routing key, or by this queue's name. Celery's guide calls it `.dq`; its code and so its brokers have
    /// `.dq2`. Source: `celery/utils/nodenames.py`.
    ///
    /// - Parameter hostname: The worker's full node name.
    public static func workerDirect(_ hostname: String) -> Queue {
        Queue("\(hostname).dq2", exchange: Exchange("C.dq2"), routingKey: hostname)
    }
}
