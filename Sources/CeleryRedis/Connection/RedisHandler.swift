//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import DequeModule
import NIOCore

/// Sends batches, gives each its replies in order, and ends the connection when one is overdue.
///
/// All of it happens on the channel's event loop. What is sent in one turn of the loop leaves in one write; and shortly after
/// one that is not answered yet, what comes gathers for the next, so that many callers share few system calls, here and at the
/// server.
final class RedisHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<[RESPValue], TransportError>) -> Void

    private struct Pending {
        var missing: Int
        /// Commands that only pushes answer, unless they are refused.
        var unanswered: Int
        var replies: [RESPValue] = []
        var deadline: NIODeadline
        var completion: Completion
        /// The last of its write.
        var endsWrite = false

        /// Whether that was the last reply.
        mutating func add(_ reply: RESPValue) -> Bool {
            if replies.isEmpty { replies.reserveCapacity(missing) }
            replies.append(reply)
            missing -= 1
            return missing == 0
        }
    }

    /// So long the next write waits for the answer to one, unless much has gathered. Longer than a server on the same machine
    /// takes, and short beside the way to one that is far.
    private static let gathering = TimeAmount.microseconds(200)
    private static let gatheredBytes = 16 << 10

    private let location: String
    private var context: ChannelHandlerContext?
    private var parser = RESPParser()
    private var received = ByteBuffer()
    private var pending: Deque<Pending> = []
    private var failure: TransportError?
    /// An error that answers nothing: why the server is about to close, as when it has no room for another connection.
    private var lastWord: RESPError?
    private var isFlushScheduled = false
    /// Written with the next flush.
    private var gathered = ByteBuffer()
    private var writesUnderWay = 0
    private var lastWrite = NIODeadline.uptimeNanoseconds(0)
    private var watch: Scheduled<Void>?
    private var watchedDeadline = NIODeadline.distantFuture
    /// Stands before the error when a command was refused that only pushes answer.
    static let refused = RESPValue.text("refused")

    /// Told of what the server says unasked.
    var onPush: (([RESPValue]) -> Void)?
    /// Told once, with the reason, when the connection is over.
    var onClose: ((TransportError) -> Void)?

    init(location: String) { self.location = location }

    var isOpen: Bool { failure == nil && context != nil }

    /// Sends a batch; completes with its replies, errors among them, or with why there are none.
    func send(_ commands: RedisCommands, deadline: NIODeadline, _ completion: @escaping Completion) {
        if let failure { return completion(.failure(failure)) }
        guard let context else { return completion(.failure(unavailable("is not connected"))) }
        guard commands.count > 0 else { return completion(.success([])) }
        pending.append(
            Pending(
                missing: commands.count,
                unanswered: commands.unanswered,
                deadline: deadline,
                completion: completion
            )
        )
        if gathered.readableBytes == 0 {
            gathered = commands.buffer
        } else {
            gathered.writeImmutableBuffer(commands.buffer)
        }
        if !isFlushScheduled {
            isFlushScheduled = true
            context.eventLoop.assumeIsolated().execute { [self] in flush() }
        }
        if deadline < watchedDeadline { watchDeadline() }
    }

    private func flush() {
        isFlushScheduled = false
        guard let context, gathered.readableBytes > 0, !pending.isEmpty else { return }
        let now = NIODeadline.now()
        guard writesUnderWay == 0 || gathered.readableBytes >= Self.gatheredBytes || now - lastWrite >= Self.gathering
        else { return }
        lastWrite = now
        writesUnderWay += 1
        pending[pending.count - 1].endsWrite = true
        let bytes = gathered
        gathered = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Ends the connection; everything pending fails with the reason.
    func close(_ reason: TransportError) {
        guard failure == nil else { return }
        failure = reason
        watch?.cancel()
        watch = nil
        let failed = pending
        pending = []
        gathered = ByteBuffer()
        context?.close(promise: nil)
        for entry in failed { entry.completion(.failure(reason)) }
        let told = onClose
        (onClose, onPush) = (nil, nil)
        told?(reason)
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        // In variables of this function, for each access to those of an object is checked.
        var (parser, buffer) = (parser, received)
        (self.parser, received) = (RESPParser(), ByteBuffer())
        do throws(RESPParser.Failure) {
            while let value = try parser.next(&buffer) { take(value) }
        } catch {
            close(unavailable("sent what is no Redis reply: \(error.message)"))
        }
        // What is read out goes back to the channel, which reads into it again.
        if buffer.readableBytes == 0 { buffer = ByteBuffer() } else { buffer.discardReadBytes() }
        (self.parser, received) = (parser, buffer)
        if !isFlushScheduled { flush() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(lastWord.map { RedisFailure.error($0, at: location) } ?? unavailable("closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(TLSFailure.error(error, at: location) ?? unavailable("connection failed", error))
    }

    private func take(_ value: RESPValue) {
        if case .push(let elements) = value {
            onPush?(elements)
            return
        }
        guard !pending.isEmpty else {
            if let error = value.error {
                lastWord = error
                return
            }
            // RESP2 has no pushes: what comes unasked looks like a reply.
            onPush?(value.elements)
            return
        }
        if pending[0].unanswered > 0, value.error != nil {
            pending[0].unanswered -= 1
            onPush?([Self.refused, value])
            return
        }
        guard pending[0].add(value) else { return }
        let done = pending.removeFirst()
        if done.endsWrite { writesUnderWay -= 1 }
        done.completion(.success(done.replies))
    }

    // MARK: - Deadlines

    /// Looks again when the first deadline is over. Replies come in order: when one is overdue, so is all before it, and a
    /// connection that owes it is of no more use.
    private func watchDeadline() {
        watch?.cancel()
        watch = nil
        watchedDeadline = pending.lazy.map(\.deadline).min() ?? .distantFuture
        guard !pending.isEmpty, let context else { return }
        watch = context.eventLoop.assumeIsolated()
            .scheduleTask(deadline: watchedDeadline) { [self] in
                guard pending.contains(where: { $0.deadline <= .now() }) else { return watchDeadline() }
                close(
                    TransportError(.timedOut, "\(location) did not answer in time; whether it took effect is not known")
                )
            }
    }

    private func unavailable(_ what: String, _ cause: (any Error)? = nil) -> TransportError {
        TransportError(.unavailable, "\(location) \(what)", cause: cause)
    }
}
#endif
