//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire
import Synchronization

/// A command that workers carry out when they are told over the broker: Celery's own, or one of an app.
public struct ControlCommand: Sendable {
    /// Whether it asks or changes something: `celery inspect` or `celery control`.
    public enum Kind: String, Sendable, Hashable {
        case inspect
        case control
    }

    /// What a command takes on the command line.
    public struct Parameter: Sendable, Hashable {
        /// How a word is read.
        public enum Form: Sendable, Hashable {
            case string
            case int
            case double
            /// `true`, `yes`, `on`, `1` and their opposites.
            case bool
        }

        public var name: String
        public var form: Form

        public init(_ name: String, _ form: Form = .string) {
            self.name = name
            self.form = form
        }
    }

    public var name: String
    public var kind: Kind
    /// What it does, in one line.
    public var help: String
    /// What follows the name on the command line, for people: `<queue> [exchange]`.
    public var signature: String
    /// The first words of the command line.
    public var parameters: [Parameter]
    /// The argument that takes the words that are left, as a list.
    public var variadic: String?
    /// Whether `--list` shows it.
    public var isVisible: Bool

    public init(
        _ name: String,
        _ kind: Kind = .inspect,
        help: String = "",
        signature: String = "",
        parameters: [Parameter] = [],
        variadic: String? = nil,
        isVisible: Bool = true
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.signature = signature
        self.parameters = parameters
        self.variadic = variadic
        self.isVisible = isVisible
    }
}

/// One call of a command, for its handler.
public struct ControlCall: Sendable {
    public let app: CeleryApp
    /// Node name of the worker that was called.
    public let hostname: String
    public let arguments: CeleryObject

    package init(app: CeleryApp, hostname: String, arguments: CeleryObject) {
        self.app = app
        self.hostname = hostname
        self.arguments = arguments
    }
}

/// What a handler throws to answer with an error; anything else that it throws is answered by its type and text.
public struct ControlRefusal: Error, Sendable, CustomStringConvertible {
    /// As Python would write an exception: `ValueError('Autoscale not enabled')`.
    public var description: String

    /// The answer as it is.
    public init(_ text: String) { description = text }

    /// An exception of a type, with a message.
    public init(_ type: String, _ message: String) { description = "\(type)(\(PythonRepr.describe(.string(message))))" }
}

package typealias ControlHandler = @Sendable (ControlCall) async throws -> CeleryValue

/// The commands of an app's own.
final class ControlCommands: Sendable {
    private let entries = Mutex<[String: (command: ControlCommand, handler: ControlHandler)]>([:])

    func register(_ command: ControlCommand, _ handler: @escaping ControlHandler) {
        entries.withLock { $0[command.name] = (command, handler) }
    }

    func handler(of name: String) -> ControlHandler? { entries.withLock { $0[name]?.handler } }

    var commands: [ControlCommand] { entries.withLock { $0.values.map(\.command).sorted { $0.name < $1.name } } }
}

extension CeleryApp {
    /// Adds a command that every worker of this app answers, Python's `celery inspect NAME` included. One under the name of a
    /// built-in command takes its place.
    ///
    /// The handler runs in the worker's own process, beside its other work, with up to fifteen others; what it returns is the
    /// reply, and what it throws becomes `{"error": …}`.
    public func controlCommand(
        _ name: String,
        _ kind: ControlCommand.Kind = .inspect,
        help: String = "",
        signature: String = "",
        parameters: [ControlCommand.Parameter] = [],
        variadic: String? = nil,
        _ handler: @escaping @Sendable (ControlCall) async throws -> CeleryValue
    ) {
        let command = ControlCommand(
            name,
            kind,
            help: help,
            signature: signature,
            parameters: parameters,
            variadic: variadic
        )
        controlCommands.register(command, handler)
    }

    /// All commands, the app's own among them, by name.
    package var allControlCommands: [ControlCommand] {
        let own = controlCommands.commands
        let names = Set(own.map(\.name))
        return (own + BuiltInCommands.all.filter { !names.contains($0.name) }).sorted { $0.name < $1.name }
    }

    /// The handler of a command of the app's own.
    package func controlHandler(_ name: String) -> ControlHandler? { controlCommands.handler(of: name) }
}
