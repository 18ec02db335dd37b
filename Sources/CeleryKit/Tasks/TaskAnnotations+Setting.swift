//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

/// **Shape** in files: an object of task name or `*` → object of attributes, or a list of such objects.
extension TaskAnnotations: SettingConvertible {
    package static var settingExpectation: String {
        "an object of task name or * → object of attributes such as {\"rate_limit\": \"10/s\"}; or a list of such objects"
    }

    package init?(settingText: String) {
        guard let value = CeleryValue(settingJSON: settingText) else { return nil }
        self.init(settingValue: value)
    }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .null: self.init()
        case .object(let object):
            var map: [String: TaskAnnotation] = [:]
            for (name, value) in object.members {
                guard let annotation = TaskAnnotation(settingValue: value) else { return nil }
                map[name] = annotation
            }
            self.init(map)
        case .array(let items):
            let parts = items.compactMap { TaskAnnotations(settingValue: $0) }
            guard parts.count == items.count else { return nil }
            self.init(parts)
        default: return nil
        }
    }

    package var settingValue: CeleryValue {
        let shown = maps.map { map -> CeleryValue in
            let members = map.sorted { $0.key < $1.key }
            return .object(members.reduce(into: [:]) { $0[$1.key] = $1.value.settingValue })
        }
        return shown.isEmpty ? .null : shown.count == 1 ? shown[0] : .array(shown)
    }

    package static func settingProblem(_ value: CeleryValue) -> String? {
        switch value {
        case .array(let items): return items.lazy.compactMap { settingProblem($0) }.first
        case .object(let object):
            for (name, attributes) in object.members {
                if let problem = TaskAnnotation.problem(attributes) { return "the annotation of \(name) \(problem)" }
            }
            return nil
        default: return nil
        }
    }

    package var settingNote: String? {
        let ignored = maps.flatMap { $0.sorted { $0.key < $1.key } }
            .flatMap { name, annotation in annotation.ignored.map { "\($0) of \(name)" } }
        guard !ignored.isEmpty else { return nil }
        return "\(ignored.joined(separator: ", ")) has no effect: it concerns tasks in Python only, or a later version"
    }
}

extension TaskAnnotation {
    /// Nil unless it is an object of attributes that exist, with values that they can have.
    init?(settingValue: CeleryValue) {
        guard case .object(let object) = settingValue, Self.problem(settingValue) == nil else { return nil }
        let changes = TaskAttribute.all.compactMap { attribute in
            object[attribute.name].flatMap { attribute.change($0) }
        }
        self.init { options in
            for change in changes { change(&options) }
        }
        attributes = object
        ignored = object.members.map(\.key).filter { TaskAttribute.withoutMeaning.contains($0) }
    }

    var settingValue: CeleryValue { attributes.map { .object($0) } ?? "<function>" }

    /// What is wrong with it, as the end of a sentence.
    static func problem(_ value: CeleryValue) -> String? {
        guard case .object(let object) = value else {
            return "is \(value.settingJSON); it has to be an object of attributes such as {\"rate_limit\": \"10/s\"}"
        }
        for (name, value) in object.members where !TaskAttribute.withoutMeaning.contains(name) {
            guard let attribute = TaskAttribute.byName[name] else { return unknown(name) }
            if attribute.change(value) == nil {
                return "has \(name) = \(value.settingJSON); it has to be \(attribute.expectation)"
            }
        }
        return nil
    }

    private static func unknown(_ name: String) -> String {
        let names = TaskAttribute.all.map(\.name)
        if let nearest = NearestName.find(name, among: names) {
            return "has an attribute \(name), which does not exist; did you mean \(nearest)?"
        }
        return "has an attribute \(name), which cannot be set from outside; there are: \(names.joined(separator: ", "))"
    }
}

extension RateLimit: SettingConvertible {
    package static var settingExpectation: String { "a number of starts with its unit: 10/s, 100/m or 5/h" }

    package init?(settingText: String) { self.init(settingText) }

    package init?(settingValue: CeleryValue) {
        switch settingValue {
        case .string(let text): self.init(text)
        default:
            guard let number = Double(settingValue: settingValue) else { return nil }
            self.init(perSecond: number)
        }
    }

    package var settingValue: CeleryValue { .string(description) }
}
