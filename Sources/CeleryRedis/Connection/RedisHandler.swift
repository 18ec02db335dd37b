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

/// Sends batches, gives each its replies in order, and ends the connection when the server has owed one for too long.
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
        /// Whether others go on using the connection when this one is overdue.
        var isShared: Bool
        /// Nil when its caller has been told that its time is over: its replies are passed by.
        var completion: Completion?
        /// The last of its write.
        var endsWrite = false

        /// Whether that was the last reply.
        mutating func add(_ reply: RESPValue) -> Bool {
            if completion != nil {
                if replies.isEmpty { replies.reserveCapacity(missing) }
                replies.append(reply)
            }
            missing -= 1
            return missing == 0
        }
    }

    /// So long the next write waits for the answer to one, unless much has gathered. Longer than a server on the same machine
    /// takes, and short beside the way to one that is far.
    private static let gathering = TimeAmount.microseconds(200)
    private static let gatheredBytes = 16 << 10

    private let location: String
    /// So long the server may owe the next reply once somebody's time is over.
    private let patience: TimeAmount
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
    /// How many of `pending` nobody waits for any more.
    private var abandoned = 0
    /// Since when the server has owed the first of `pending` without a word.
    private var owedSince = NIODeadline.uptimeNanoseconds(0)
    /// Stands before the error when a command was refused that only pushes answer.
    static let refused = RESPValue.text("refused")

    /// Told of what the server says unasked.
    var onPush: (([RESPValue]) -> Void)?
    /// Told once, with the reason, when the connection is over.
    var onClose: ((TransportError) -> Void)?

    init(location: String, patience: TimeAmount) { (self.location, self.patience) = (location, patience) }

    var isOpen: Bool { failure == nil && context != nil }

    /// Sends a batch; completes with its replies, errors among them, or with why there are none.
    ///
    /// - Parameter isShared: Whether it fails alone when it is overdue, for others use the connection too. Otherwise the connection
    ///   is over then.
    func send(
        _ commands: RedisCommands,
        deadline: NIODeadline,
        isShared: Bool = false,
        _ completion: @escaping Completion
    ) {
        if let failure { return completion(.failure(failure)) }
        guard let context else { return completion(.failure(unavailable("is not connected"))) }
        guard commands.count > 0 else { return completion(.success([])) }
        if pending.isEmpty { owedSince = .now() }
        pending.append(
            Pending(
                missing: commands.count,
                unanswered: commands.unanswered,
                deadline: deadline,
                isShared: isShared,
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
        abandoned = 0
        gathered = ByteBuffer()
        context?.close(promise: nil)
        for entry in failed { entry.completion?(.failure(reason)) }
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
        if !pending.isEmpty { owedSince = .now() }
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
        guard let completion = done.completion else {
            abandoned -= 1
            return
        }
        completion(.success(done.replies))
    }

    // MARK: - Deadlines

    /// Looks again when the first deadline is over, or the server has owed for too long what somebody waited for in vain.
    private func watchDeadline(notBefore first: NIODeadline = .uptimeNanoseconds(0)) {
        watch?.cancel()
        watch = nil
        watchedDeadline = .distantFuture
        guard !pending.isEmpty, let context else { return }
        var next = pending.lazy.filter { $0.completion != nil }.map(\.deadline).min() ?? .distantFuture
        if abandoned > 0 { next = min(next, owedSince + patience) }
        next = max(next, first)
        watchedDeadline = next
        watch = context.eventLoop.assumeIsolated()
            .scheduleTask(deadline: next) { [self] in overdue() }
    }

    /// One that is overdue fails alone: the others have time left, and the server may only be slow. A connection is of no more use when
    /// nothing has come for so long that a call without a time-out of its own would have ended, or when who is overdue has it alone.
    private func overdue() {
        let now = NIODeadline.now()
        let error = TransportError(
            .timedOut,
            "\(location) did not answer in time; whether it took effect is not known"
        )
        guard !pending.contains(where: { !$0.isShared && $0.deadline <= now }) else { return close(error) }
        var late: [Completion] = []
        for index in pending.indices where pending[index].deadline <= now {
            guard let completion = pending[index].completion else { continue }
            late.append(completion)
            (pending[index].completion, pending[index].replies) = (nil, [])
        }
        abandoned += late.count
        if abandoned > 0, owedSince + patience <= now {
            close(error)
        } else {
            // Looking at all takes its time: not again for each of many deadlines that lie close together.
            watchDeadline(notBefore: now + .microseconds(Int64(max(1000, 4 * pending.count))))
        }
        for completion in late { completion(.failure(error)) }
    }

    private func unavailable(_ what: String, _ cause: (any Error)? = nil) -> TransportError {
        TransportError(.unavailable, "\(location) \(what)", cause: cause)
    }
}
#endif
