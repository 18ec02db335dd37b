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

    /// All that has come since the last call; waits for something to come, for so long at most.
    ///
    /// - Throws: ``CeleryError`` when waiting longer is of no use.
    public func next(within timeout: Duration) async throws -> [CeleryEvent] {
        do throws(TransportError) {
            return events(in: try await listener.receive(timeout: timeout))
        } catch {
            throw SendingErrors.broker(error)
        }
    }

    private func events(in heard: [HeardBroadcast]) -> [CeleryEvent] {
        let now = Timestamp.now
        var events: [CeleryEvent] = []
        for heard in heard {
            do throws(WireError) {
                events += CeleryEvent.all(in: try app.codec.decodeValue(of: heard.get()), received: now)
            } catch {
                app.logger.debug("an event was dropped: \(error)")
            }
        }
        if let clock = events.map(\.clock).max() { app.clock.adjust(clock) }
        return events
    }

    /// Stops listening.
    public func close() async { await listener.close() }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }

    /// One reader.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: EventStream
        private var waiting: ArraySlice<CeleryEvent> = []

        init(stream: EventStream) { self.stream = stream }

        public mutating func next() async throws -> CeleryEvent? {
            while waiting.isEmpty {
                guard !Task.isCancelled else {
                    await stream.close()
                    return nil
                }
                waiting = ArraySlice(try await stream.next(within: EventStream.patience))
            }
            return waiting.popFirst()
        }
    }
}
