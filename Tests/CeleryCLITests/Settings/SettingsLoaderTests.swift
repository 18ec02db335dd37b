//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import CeleryKit
import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryCLI

@Suite struct SettingsLoaderTests {
    /// All five sources say something about one setting; each is left out in turn.
    @Test(arguments: [
        (true, true, true, "line"), (false, true, true, "environment"), (false, false, true, "file"),
        (false, false, false, "code"),
    ])
    func theCommandLineWinsOverEnvironmentOverFileOverCode(
        line: Bool,
        environment: Bool,
        file: Bool,
        winner: String
    ) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(#"{"task_default_queue": "file", "task_acks_late": true}"#, to: "settings.json")
        var settings = CelerySettings()
        settings.taskDefaultQueue = "code"
        settings.taskSerializer = "msgpack"
        var loader = SettingsLoader(environment: environment ? ["CELERY_TASK_DEFAULT_QUEUE": "environment"] : [:])
        if file { loader.file = directory.path("settings.json") }
        if line { loader.overrides = [("task_default_queue", "line")] }
        #expect(try await loader.load(into: &settings) == [])
        #expect(settings.taskDefaultQueue == winner)
        #expect(settings.taskAcksLate == file)
        #expect(settings.taskSerializer == "msgpack")
    }

    @Test func variablesOfWhatIsNotHereHaveNoEffectAndThatIsSaid() async throws {
        let environment = [
            "CELERY_IMPORTS": "proj.tasks", "CELERY_INCLUDE": "proj.tasks", "CELERY_DATABASE_ENGINE_OPTIONS": "{}",
            "CELERY_SKIP_CHECKS": "1", "CELERY_MONGODB_BACKEND_SETTINGS": "{}", "CELERY_INCLUDED": "of another program",
        ]
        var settings = CelerySettings()
        let warnings = try await SettingsLoader(environment: environment).load(into: &settings)
        #expect(
            warnings.map(\.name) == [
                "database_engine_options", "imports", "include", "mongodb_backend_settings", "CELERY_SKIP_CHECKS",
            ]
        )
        for warning in warnings { #expect(warning.description.contains(" has no effect: "), "\(warning)") }
        #expect(settings.describe().isEmpty)
    }

    @Test func nestedValuesOfAFileKeepTheirOrder() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            #"{"task_routes": {"z.*": "first", "a.*": "second", "z.y*": "third"}, "task_queues": ["first", "second"]}"#,
            to: "settings.json"
        )
        var settings = CelerySettings()
        _ = try await SettingsLoader(environment: [:], file: directory.path("settings.json")).load(into: &settings)
        #expect(settings.taskRoutes.route("z.y1")?.queue == "first")
        #expect(settings.taskQueues.map(\.name) == ["first", "second"])
    }

    @Test func yamlIsReadWhereItsPlugInIs() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("task_acks_late: true\ntask_routes:\n  a.*: {queue: q, priority: 3}\n", to: "settings.yaml")
        var settings = CelerySettings()
        var loader = SettingsLoader(environment: [:], file: directory.path("settings.yaml"))
        await #expect(throws: CommandFailure.self) { try await loader.load(into: &settings) }
        loader.serializers = PluginRegistry.bundled.serializers
        _ = try await loader.load(into: &settings)
        #expect(settings.taskAcksLate)
        #expect(settings.taskRoutes.route("a.b")?.priority == 3)
    }

    @Test(arguments: [
        ("{", "settings.json: it is not JSON"), ("[1]", "settings.json: it has to be one object of settings"),
        (#"{"task_acks_late": 1}"#, "it has to be true or false"),
        (#"{"CELERYD_CONCURRENCY": 1}"#, "write worker_concurrency"),
        (#"{"task_serialiser": "json"}"#, "did you mean task_serializer?"),
    ])
    func aWrongFileSaysWhatIsWrong(text: String, message: String) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, to: "settings.json")
        var settings = CelerySettings()
        do {
            _ = try await SettingsLoader(environment: [:], file: directory.path("settings.json")).load(into: &settings)
            Issue.record("it was taken")
        } catch {
            #expect(ErrorText.describe(error).message.contains(message), "\(error)")
            #expect(ErrorText.describe(error).code == .usage)
        }
    }

    @Test(arguments: [
        ("worker.prefetch_multiplier=1", "worker_prefetch_multiplier", "1"),
        (".concurrency=4", "worker_concurrency", "4"),
        ("task_acks_late=true", "task_acks_late", "true"), ("Worker.Concurrency=(int)4", "worker_concurrency", "4"),
        ("broker_url=redis://h/0?a=b", "broker_url", "redis://h/0?a=b"), ("timezone=", "timezone", ""),
    ])
    func anOverrideIsANameAndAText(argument: String, name: String, text: String) throws {
        let override = try SettingsOverride.parse(argument, namespace: "worker")
        #expect(override.name == name)
        #expect(override.text == text)
    }

    @Test(arguments: ["concurrency", "=4", ""])
    func anythingElseIsNoOverride(argument: String) {
        #expect(throws: CommandFailure.self) { try SettingsOverride.parse(argument, namespace: "worker") }
    }
}
