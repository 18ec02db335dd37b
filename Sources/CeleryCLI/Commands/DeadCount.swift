//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// How many dead letters a command has dealt with.
struct DeadCount {
    /// Of the JSON object.
    var key: String
    /// Of the sentence.
    var verb: String
    var count: Int

    /// For people or for scripts; to both it is a failure that ids were named and none was found.
    func say(asJSON: Bool, wanted ids: [String], _ context: CommandContext) throws(CommandFailure) {
        guard asJSON, count > 0 || ids.isEmpty else {
            return try DeadLetterText.report(count, verb, wanted: ids, context)
        }
        Terminal.say(CeleryValue.object([key: .int(count)]).settingJSON)
    }
}
