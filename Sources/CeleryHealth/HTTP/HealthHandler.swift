//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, on its event loop.
final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Nobody has anything to send here: a body beyond this ends the connection.
    private static let bodyLimit = 64 << 10

    private let pages: HealthPages
    private let connections: HealthConnections
    private var request: HTTPRequestHead?
    private var bodySize = 0

    init(_ pages: HealthPages, _ connections: HealthConnections) {
        (self.pages, self.connections) = (pages, connections)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (request, bodySize) = (head, 0)
        case .body(let bytes):
            bodySize += bytes.readableBytes
            if bodySize > Self.bodyLimit { context.close(promise: nil) }
        case .end:
            guard let head = request else { return }
            request = nil
            connections.used(context.channel)
            answer(head, context)
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let answer = pages.answer(request.method.rawValue, request.uri)
        let body = context.channel.allocator.buffer(string: answer.body)
        var headers = HTTPHeaders([
            ("Content-Type", answer.contentType), ("Content-Length", "\(body.readableBytes)"),
            ("Cache-Control", "no-store"),
        ])
        if let allow = answer.allow { headers.add(name: "Allow", value: allow) }
        let isLast = !request.isKeepAlive
        headers.add(name: "Connection", value: isLast ? "close" : "keep-alive")
        let head = HTTPResponseHead(
            version: request.version,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil)))
            .whenComplete { _ in
                if isLast { channel.close(promise: nil) }
            }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
#endif
