//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore

/// What a task in a child process needs from the process that talks to the broker.
public struct PoolServices: Sendable {
    public var transport: any Transport
    public var backend: any ResultBackend

    public init(transport: any Transport, backend: any ResultBackend) {
        self.transport = transport
        self.backend = backend
    }
}
