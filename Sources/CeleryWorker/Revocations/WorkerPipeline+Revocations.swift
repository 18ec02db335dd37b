//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit

extension WorkerPipeline {
    /// Writes the file of `--statedb`, when something is new and the last time is long enough ago.
    func saveRevocations() {
        do {
            try revocations.save(onlyIfDue: true)
        } catch {
            log.revocationsNotSaved(error)
        }
    }

    /// The last look at the store, and the file as it stays. Everything else has ended.
    func saveRevocationsAtLast() async {
        if let store = transport.revocations { _ = try? await revocations.refresh(from: store) }
        do {
            try revocations.save()
        } catch {
            log.revocationsNotSaved(error)
        }
    }
}
