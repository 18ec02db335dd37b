//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// Hears what is published to fanout and topic exchanges.
final class RedisListener: BroadcastListener {
    private let ear: NIOLoopBoundBox<BroadcastEar?>
    private let buffer: BroadcastBuffer

    private init(_ loop: any EventLoop, _ buffer: BroadcastBuffer) {
        ear = .makeEmptyBox(valueType: BroadcastEar.self, eventLoop: loop)
        self.buffer = buffer
    }

    deinit {
        let ear = ear
        ear.eventLoop.execute { ear.value?.end() }
    }

    /// Returns once the server has confirmed the subscription.
    static func open(
        _ store: RedisStore,
        _ addresses: [BroadcastAddress],
        timeout: Duration
    ) async throws(TransportError) -> RedisListener {
        let buffer = BroadcastBuffer(time: store.time)
        let listener = RedisListener(RedisLoops.next(), buffer)
        let patterns = addresses.map { address in
            let key = address.exchange.kind == .fanout ? "" : address.routingKey.replacing("#", with: "*")
            return store.router.channel(address.exchange.name, key)
        }
        let (box, limits) = (listener.ear, store.codec.limits)
        let error = await withCheckedContinuation { continuation in
            box.eventLoop.execute {
                let ear = BroadcastEar(store.configuration, box.eventLoop, logger: store.logger) { message in
                    guard let bytes = message.last?.bytes else { return }
                    buffer.put([
                        HeardBroadcast { () throws(WireError) in try BroadcastMessage(envelope: bytes, limits: limits) }
                    ])
                }
                box.value = ear
                let answer = Once(continuation)
                ear.onFirstAnswer = { answer.resume($0) }
                let late = TransportError(
                    .unavailable,
                    "\(store.configuration.location) did not confirm a subscription in time"
                )
                box.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { answer.resume(late) }
                // Addresses may share a channel.
                ear.listen(to: Set(patterns).sorted())
            }
        }
        guard let error else { return listener }
        await listener.close()
        throw error
    }

    /// The first of an answer and a deadline; both come on one event loop.
    private final class Once {
        private var continuation: CheckedContinuation<TransportError?, Never>?

        init(_ continuation: CheckedContinuation<TransportError?, Never>) { self.continuation = continuation }

        func resume(_ error: TransportError?) {
            continuation?.resume(returning: error)
            continuation = nil
        }
    }

    var dropped: Int { buffer.dropped }

    func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
        await buffer.take(timeout: timeout)
    }

    func close() async {
        buffer.close()
        let ear = ear
        ear.eventLoop.execute {
            ear.value?.end()
            ear.value = nil
        }
    }
}
#endif
