//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryKit

@Suite("task_repr_maxlevels")
struct ReprLevelsTests {
    @Test(
        "argsrepr and kwargsrepr show so many levels",
        arguments: [
            ("1", "([...],)", "{'k': {...}}"), ("3", "([1, [2, [...]]],)", "{'k': {'a': {'b': {...}}}}"),
            ("0", "([1, [2, [3, [4]]]],)", "{'k': {'a': {'b': {'c': 1}}}}"),
            ("null", "([1, [2, [3, [4]]]],)", "{'k': {'a': {'b': {'c': 1}}}}"),
        ]
    )
    func levels(text: String, args: String, kwargs: String) throws {
        var settings = CelerySettings()
        #expect(try settings.set("task_repr_maxlevels", text: text, origin: .code) == nil)
        let app = CeleryApp("test", registry: PluginRegistry(), settings: settings)
        let body = TaskBody(
            arguments: [EncodedValue([1, [2, [3, [4]]]])],
            keywords: [TaskBody.Keyword("k", EncodedValue(["a": ["b": ["c": 1]]]))]
        )
        let sent = try app.sender.build(task: "t", body: body, taskOptions: TaskOptions(), options: SendOptions())
        #expect(sent.message.headers.argsRepr == args)
        #expect(sent.message.headers.kwargsRepr == kwargs)
    }
}
