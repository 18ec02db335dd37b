//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// What a worker asks of its neighbours when it starts: which tasks are revoked, and what time it is.
///
/// It does so after it is ready: nobody waits for it.
struct Mingle {
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    func run() async {
        guard pipeline.configuration.mingles, pipeline.transport.capabilities.shared else { return }
        let app = pipeline.app
        let revoked = CeleryValue.array(pipeline.revocations.ids.map { .string($0) })
        let hostname = pipeline.configuration.hostname
        guard
            let replies = try? await app.control.request(
                "hello",
                ["from_node": .string(hostname), "revoked": revoked]
            )
        else { return }
        for reply in replies where reply.hostname != hostname && reply.error == nil {
            guard case .object(let object) = reply.value else { continue }
            if let clock = object["clock"]?.whole { app.clock.adjust(clock) }
            pipeline.revocations.learn(Self.ids(in: object["revoked"] ?? .null))
        }
    }

    /// A list of ids from Celery 5.7 and from here, an object by id from 5.6.
    static func ids(in value: CeleryValue) -> [String] {
        switch value {
        case .array(let values): values.compactMap(\.text)
        case .object(let object): object.keys
        default: []
        }
    }
}
