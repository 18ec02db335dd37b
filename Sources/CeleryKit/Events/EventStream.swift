//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging

/// Events as they come. It goes on over outages of the broker, whose events are lost; it ends when its task is cancelled.
///
/// For one reader at a time: each event is heard once.
public struct EventStream: AsyncSequence, Sendable {
    /// What comes.
    public typealias Element = CeleryEvent
    /// A broker that is of no more use.
    public typealias Failure = any Error

    private static let patience: Duration = .seconds(60)

    let app: CeleryApp
    let listener: any BroadcastListener

    /// How many messages were lost because they were not taken in time.
    public var dropped: Int { listener.dropped }

    /// All that has come since the last call; waits for something to come, for so long at most. That may be very much at once,
    /// when workers were not listened to for a while: whoever goes through the stream gets it little by little.
    ///
    /// - Throws: ``CeleryError`` when waiting longer is of no use.
    public func next(within timeout: Duration) async throws -> [CeleryEvent] {
        let messages = try await hear(within: timeout)
        let now = Timestamp.now
        return messages.flatMap { events(in: $0, received: now) }
    }

    private func hear(within timeout: Duration) async throws -> [HeardBroadcast] {
        do throws(TransportError) {
            return try await listener.receive(timeout: timeout)
        } catch {
            throw SendingErrors.broker(error)
        }
    }

    private func events(in heard: HeardBroadcast, received: Timestamp) -> [CeleryEvent] {
        do throws(WireError) {
            let events = CeleryEvent.all(in: try app.codec.decodeValue(of: heard.get()), received: received)
            if let clock = events.map(\.clock).max() { app.clock.adjust(clock) }
            return events
        } catch {
            app.logger.debug("an event was dropped: \(error)")
            return []
        }
    }

    /// Stops listening.
    public func close() async { await listener.close() }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }

    /// One reader. It decodes a message when its turn comes: thousands may wait, of a hundred events each.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: EventStream
        /// Those that wait, the next one last.
        private var messages: [HeardBroadcast] = []
        private var received = Timestamp.now
        /// Of the message before them, the next one last.
        private var events: [CeleryEvent] = []

        init(stream: EventStream) { self.stream = stream }

        public mutating func next() async throws -> CeleryEvent? {
            while true {
                if let event = events.popLast() { return event }
                if let message = messages.popLast() {
                    events = stream.events(in: message, received: received).reversed()
                    continue
                }
                guard !Task.isCancelled else {
                    await stream.close()
                    return nil
                }
                messages = try await stream.hear(within: EventStream.patience).reversed()
                received = .now
            }
        }
    }
}
