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

@Suite("Annotations of tasks")
struct TaskAnnotationsTests {
    private func annotated(_ json: String, _ declared: TaskOptions = TaskOptions()) throws -> TaskOptions {
        var settings = CelerySettings()
        #expect(try settings.set("task_annotations", text: json, origin: .code) == nil)
        return settings.taskAnnotations.apply(to: declared, of: "proj.add")
    }

    private func refusal(_ json: String) throws -> String {
        var settings = CelerySettings()
        let error = #expect(throws: SettingsError.self) {
            try settings.set("task_annotations", text: json, origin: .file("celery.json"))
        }
        #expect(settings.taskAnnotations.isEmpty)
        return try #require(error).message
    }

    @Test("Every attribute changes its option")
    func everyAttribute() throws {
        let options = try annotated(
            """
            {"proj.add": {"queue": "q", "exchange": "e", "routing_key": "r", "priority": 7, "serializer": "yaml",
             "compression": "zlib", "expires": 60, "ignore_result": true, "store_errors_even_if_ignored": true,
             "track_started": true, "time_limit": 9.5, "soft_time_limit": 8, "acks_late": true,
             "acks_on_failure_or_timeout": false, "acks_on_timeout": true, "reject_on_worker_lost": true, "retry_on_worker_lost": true,
             "rate_limit": "10/m", "max_retries": 5, "default_retry_delay": 3, "retry_backoff": 2,
             "retry_backoff_max": 30, "retry_jitter": false}}
            """
        )
        #expect(options.queue == "q" && options.exchange == "e" && options.routingKey == "r")
        #expect(options.priority == 7 && options.serializer == "yaml" && options.compression == "zlib")
        #expect(options.expires == .seconds(60) && options.ignoreResult == true && options.trackStarted == true)
        #expect(options.storeErrorsEvenIfIgnored == true && options.acksLate == true)
        #expect(options.timeLimit == .seconds(9.5) && options.softTimeLimit == .seconds(8))
        #expect(options.acksOnFailure == false && options.acksOnTimeout == true && options.rejectOnWorkerLost == true)
        #expect(options.retryOnWorkerLost == true)
        #expect(options.rateLimit == "10/m" && options.retry.limit == 5 && !options.retry.jitter)
        #expect(options.retry.delay == .exponential(base: .seconds(2), limit: .seconds(30)))
    }

    @Test("An annotation wins over the task, and the one for all tasks over the one by name")
    func precedence() throws {
        let declared = TaskOptions(queue: "own", priority: 1, rateLimit: "1/h")
        let options = try annotated(
            #"{"*": {"priority": 9}, "proj.add": {"priority": 5, "rate_limit": null}, "other": {"queue": "x"}}"#,
            declared
        )
        #expect(options.queue == "own")
        #expect(options.priority == 9)
        #expect(options.rateLimit == nil)
    }

    @Test("Of several maps the first with an answer counts, by name and for all apart")
    func severalMaps() throws {
        let options = try annotated(
            #"[{"proj.add": {"queue": "a"}}, {"*": {"priority": 3}}, {"proj.add": {"queue": "b"}, "*": {"priority": 4}}]"#
        )
        #expect(options.queue == "a")
        #expect(options.priority == 3)
    }

    @Test("An attribute that does not exist is refused with the nearest")
    func unknownAttribute() throws {
        let near = try refusal(#"{"proj.add": {"rate_limt": "10/s"}}"#)
        #expect(near.contains("task_annotations in celery.json"))
        #expect(near.contains("the annotation of proj.add has an attribute rate_limt"))
        #expect(near.contains("did you mean rate_limit?"))
        let far = try refusal(#"[{"*": {"on_failure": "x"}}]"#)
        #expect(far.contains("the annotation of * has an attribute on_failure") && far.contains("there are: queue, "))
    }

    @Test(
        "A value that an attribute cannot have is refused with what it has to be",
        arguments: [
            (#"{"t": {"rate_limit": "10/d"}}"#, #"rate_limit = "10/d"; it has to be a number of starts"#),
            (#"{"t": {"max_retries": -1}}"#, "max_retries = -1; it has to be a whole number, 0 or more"),
            (#"{"t": {"acks_late": "perhaps"}}"#, "it has to be true or false"),
            (#"{"t": {"retry_backoff": 0}}"#, "it has to be true, false, or the first delay"),
            (#"{"t": "fast"}"#, #"the annotation of t is "fast"; it has to be an object"#),
        ]
    )
    func wrongValues(json: String, text: String) throws {
        #expect(try refusal(json).contains(text))
    }

    @Test("What concerns Python only is accepted, with a warning that names it")
    func withoutMeaning() throws {
        var settings = CelerySettings()
        let warning = try settings.set(
            "task_annotations",
            to: ["proj.add": ["typing": false, "queue": "q"]],
            origin: .code
        )
        #expect(warning?.description.contains("typing of proj.add has no effect") == true)
        #expect(settings.taskAnnotations.apply(to: TaskOptions(), of: "proj.add").queue == "q")
        #expect(settings.describe()["task_annotations"] == ["proj.add": ["typing": false, "queue": "q"]])
    }

    @Test("They hold for what is sent, through a handle, by name and as a signature; not for tasks that live elsewhere")
    func sending() throws {
        var settings = CelerySettings()
        settings.taskAnnotations = [
            "proj.add": TaskAnnotation { $0.queue = "sums" }, "*": TaskAnnotation { $0.priority = 4 },
        ]
        let app = CeleryApp("test", registry: PluginRegistry(), settings: settings)
        app.task("proj.add") { (x: Int) in x }
        func message(_ task: String) throws -> Message {
            try app.sender
                .build(
                    task: task,
                    body: TaskBody(arguments: [EncodedValue(1)]),
                    taskOptions: app.options(of: task),
                    options: SendOptions()
                )
                .message
        }
        let known = try message("proj.add")
        #expect(known.properties.routingKey == "sums" && known.properties.priority == 4)
        let foreign = try message("python.add")
        #expect(foreign.properties.routingKey == "celery" && foreign.properties.priority == 0)
        #expect(try app.signature("proj.add").linkable().options["queue"] == "sums")
    }
}
