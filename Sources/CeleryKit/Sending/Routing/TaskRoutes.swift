//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Where tasks go by name; see `task_routes`. The first router that has an answer decides.
///
/// ```swift
/// settings.taskRoutes = ["video.*": "video", "feed.import": TaskRoute(queue: "feeds", priority: 6)]
/// ```
public struct TaskRoutes: Sendable {
    /// Decides by code: the task's name, its arguments and what the caller has said; nil leaves it to the next router.
    public typealias Function =
        @Sendable (_ name: String, _ args: [EncodedValue], _ kwargs: [TaskBody.Keyword], _ options: TaskRoute) ->
        TaskRoute?

    enum Router: Sendable {
        case rules([(pattern: RoutePattern, route: TaskRoute)])
        case function(Function)
    }

    var routers: [Router]

    public init() { routers = [] }

    /// Rules in order. A rule for exactly the task's name is found before any pattern, wherever it stands.
    public init(_ rules: [(RoutePattern, TaskRoute)]) { routers = [.rules(rules.map { ($0.0, $0.1) })] }

    /// A function.
    public init(_ function: @escaping Function) { routers = [.function(function)] }

    /// Several routers, asked in order.
    public init(_ parts: [TaskRoutes]) { routers = parts.flatMap(\.routers) }

    public var isEmpty: Bool { routers.isEmpty }

    /// What the first router that knows the task says; nil when none does.
    public func route(
        _ name: String,
        args: [EncodedValue] = [],
        kwargs: [TaskBody.Keyword] = [],
        options: TaskRoute = TaskRoute()
    ) -> TaskRoute? {
        for router in routers {
            switch router {
            case .rules(let rules):
                let rule =
                    rules.last { $0.pattern.isName && $0.pattern.matches(name) }
                    ?? rules.first { !$0.pattern.isName && $0.pattern.matches(name) }
                if let rule { return rule.route }
            case .function(let function):
                if let route = function(name, args, kwargs, options) { return route }
            }
        }
        return nil
    }
}

extension TaskRoutes: ExpressibleByDictionaryLiteral {
    /// Rules in order.
    public init(dictionaryLiteral rules: (RoutePattern, TaskRoute)...) { self.init(rules) }
}

extension TaskRoutes: ExpressibleByArrayLiteral {
    /// Several routers.
    public init(arrayLiteral parts: TaskRoutes...) { self.init(parts) }
}
