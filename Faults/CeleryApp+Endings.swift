//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import CeleryKit
import CeleryWire

extension CeleryApp {
    /// How those among the tasks have ended that have.
    func endings(of ids: some Collection<String>) async throws -> [String: Ending] {
        var endings: [String: Ending] = [:]
        for (id, meta) in try await resultBackend().fetch(Array(ids), timeout: .seconds(10)) where meta.state.isReady {
            switch meta.outcome {
            case .value: endings[id] = .success
            case .exception(let exception):
                let at = meta.dateDone.flatMap { Timestamp(iso8601: $0) }
                endings[id] = .failure(type: exception.type, at: at)
            }
        }
        for letter in try await transport().deadLetters.list(.all, limit: 10000) {
            if let id = letter.taskID { endings[id] = .deadLetter }
        }
        return endings
    }
}
