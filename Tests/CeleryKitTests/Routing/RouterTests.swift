//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@Suite struct RouterTests {
    /// Settings with a topic queue, a direct one, and routes of every form.
    private var settings: CelerySettings {
        get throws {
            var settings = CelerySettings()
            settings.taskQueues = [
                Queue("celery"), Queue("video"),
                Queue("feeds", exchange: Exchange("news", .topic), routingKey: "feed.#"),
            ]
            settings.taskRoutes = [
                TaskRoutes { name, _, _, _ in name == "code.special" ? "video" : nil },
                [
                    "proj.video.*": "video",
                    "proj.video.tiny": TaskRoute(queue: "tiny", priority: 3),
                    "feed.*": TaskRoute(queue: "feeds", routingKey: "feed.import"),
                ],
                TaskRoutes([(try .regex(#"legacy\.\d+"#), TaskRoute(exchange: "old", exchangeKind: .topic))]),
            ]
            return settings
        }
    }

    @Test(
        arguments: [
            ("other.task", TaskRoute(), "celery", "", "celery", nil),
            ("proj.video.cut", TaskRoute(), "video", "", "video", nil),
            ("proj.video.tiny", TaskRoute(), "tiny", "", "tiny", 3),
            ("proj.video.tiny", TaskRoute(priority: 9), "tiny", "", "tiny", 9),
            ("proj.video.cut", "celery", "celery", "", "celery", nil),
            ("feed.now", TaskRoute(), "feeds", "news", "feed.import", nil),
            ("feed.now", TaskRoute(routingKey: "feed.later"), "feeds", "news", "feed.later", nil),
            ("code.special", TaskRoute(), "video", "", "video", nil),
            ("legacy.12", TaskRoute(), "celery", "old", "", nil),
            ("other.task", TaskRoute(queue: "made.up"), "made.up", "", "made.up", nil),
            ("other.task", TaskRoute(exchange: "ex", routingKey: "rk"), "celery", "ex", "rk", nil),
            ("other.task", TaskRoute(exchange: "ex"), "celery", "", "celery", nil),
            ("other.task", TaskRoute(queue: "feeds"), "feeds", "news", "feed.#", nil),
            ("other.task", TaskRoute(exchange: "", routingKey: "rk"), "celery", "", "celery", nil),
        ] as [(String, TaskRoute, String, String, String, Int?)]
    )
    func aTaskGoes(
        name: String,
        options: TaskRoute,
        queue: String,
        exchange: String,
        routingKey: String,
        priority: Int?
    ) throws {
        let destination = try Router(settings).route(name, options: options)
        #expect(destination.queue.name == queue)
        #expect(destination.exchange == exchange)
        #expect(destination.routingKey == routingKey)
        #expect(destination.priority == priority)
        #expect(destination.deliveryMode == 2)
    }

    @Test func theDefaultQueueFollowsItsSettings() throws {
        var settings = CelerySettings()
        settings.taskDefaultQueue = "main"
        settings.taskDefaultExchange = "tasks"
        settings.taskDefaultExchangeType = .topic
        settings.taskDefaultRoutingKey = "task.default"
        let destination = try Router(settings).route("a")
        #expect(destination.queue == Queue("main", exchange: Exchange("tasks", .topic), routingKey: "task.default"))
        #expect(destination.exchange == "tasks")
        #expect(destination.routingKey == "task.default")
    }

    @Test func aMissingQueueIsAnErrorWhenItIsNotToBeCreated() throws {
        var settings = try settings
        settings.taskCreateMissingQueues = false
        let router = Router(settings)
        let error = #expect(throws: RoutingError.self) { try router.route("proj.video.tiny") }
        #expect(error?.code == .queueNotFound)
        #expect(
            error?.message == """
                queue "tiny" for task proj.video.tiny is not among task_queues (there are: celery, feeds, video); \
                add it there, or set task_create_missing_queues to true
                """
        )
    }

    @Test func theWorkerConsumesWhatIsSelectedWithoutWhatIsExcluded() throws {
        let router = Router(try settings)
        #expect(try router.queues().map(\.name) == ["celery", "video", "feeds"])
        #expect(try router.queues(excluding: ["video", "none"]).map(\.name) == ["celery", "feeds"])
        #expect(try router.queues(only: ["video", "new", "video"]).map(\.name) == ["video", "new"])
        #expect(try router.queues(only: ["video", "new"], excluding: ["new"]).map(\.name) == ["video"])
        #expect(try Router(CelerySettings()).queues().map(\.name) == ["celery"])
    }

    @Test func theLastRuleForANameWinsAndTheFirstPattern() {
        let routes: TaskRoutes = ["a.*": "first", "a.b": "name", "a.b?": "second", "a.b": "last"]
        #expect(routes.route("a.b")?.queue == "last")
        #expect(routes.route("a.bc")?.queue == "first")
        #expect(routes.route("z") == nil)
    }

    @Test(
        arguments: [
            (["a.*": "q"], "a.x", "q"),
            (["a.*": ["queue": "q", "priority": 1]], "a.x", "q"),
            ([["a.x", "q1"], ["a.*", "q2"]], "a.y", "q2"),
            ([["a.*": "q1"], ["b.*": "q2"]], "b.y", "q2"),
            (["/a|b/": "q"], "bcd", "q"),
            ([[["a.*", ["queue": "q1"]], ["b.*", ["queue": "q2"]]]], "b.y", "q2"),
            ([[["a.*", "q1"], ["b.*", "q2"], ["c", "q3"]], ["d": "q4"]], "d", "q4"),
        ] as [(CeleryValue, String, String)]
    )
    func routesAreReadFromFiles(value: CeleryValue, name: String, queue: String) throws {
        var settings = CelerySettings()
        try settings.set("task_routes", to: value)
        #expect(try Router(settings).route(name).queue.name == queue)
    }

    @Test func routesMayLookAtArguments() throws {
        var settings = CelerySettings()
        settings.taskRoutes = TaskRoutes { _, args, kwargs, options in
            guard options.queue == nil else { return nil }
            return kwargs.contains { $0.name == "big" } || args.count > 2 ? "large" : "small"
        }
        let router = Router(settings)
        #expect(try router.route("t", kwargs: [TaskBody.Keyword("big", EncodedValue(1))]).queue.name == "large")
        #expect(try router.route("t", args: [EncodedValue(1)]).queue.name == "small")
        #expect(try router.route("t", options: "mine").queue.name == "mine")
    }
}
