//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

extension TaskReport {
    /// What becomes of a run whose request or result does not fit into a frame.
    static func tooLarge(_ what: String, _ size: Int, limit: Int) -> TaskReport {
        let text = "a \(what) of \(size) bytes does not fit between pool and child (limit \(limit)); pass a reference"
        return TaskReport(
            outcome: .failure(
                TaskFailure(
                    exception: ExceptionInfo(
                        type: "EncodeError",
                        arguments: [.string(text)],
                        module: "kombu.exceptions"
                    )
                )
            )
        )
    }
}

extension TransportError {
    /// What becomes of a request or an answer that does not fit into a frame.
    static func tooLarge(_ what: String, _ size: Int, limit: Int) -> TransportError {
        TransportError(
            .unsupported,
            "the \(what) of \(size) bytes does not fit between pool and child (limit \(limit)); send it in parts"
        )
    }
}
