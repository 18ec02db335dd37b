//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ServiceTestSupport

/// What a network does to all connections of those who reach their server through it.
enum NetworkFault: String, CaseIterable {
    case delayed = "everything comes a tenth of a second late"
    case cut = "all connections are cut"
    case refused = "all connections are cut, and nobody can connect"
    case stalled = "nothing passes, and all of it arrives in the end"
    case silent = "half-open: everything is taken and lost; what was open stays dead"
    case deaf = "half-open: requests arrive, answers are lost; what was open stays dead"
}

/// The way of workers to their server, with everything that can happen on it.
struct FaultyNetwork {
    private let proxy: FaultProxy
    private let relay: LossyRelay

    init(to server: RedisServer) throws {
        relay = try LossyRelay(to: server.port)
        proxy = try FaultProxy(to: relay.port)
    }

    /// Where workers connect to.
    var port: Int { proxy.port }

    /// Lasts until ``heal()``, but for a cut.
    func begin(_ fault: NetworkFault) {
        switch fault {
        case .delayed: proxy.mode = .delaying(.milliseconds(100))
        case .cut: proxy.cut()
        case .refused:
            proxy.refuse()
            proxy.cut()
        case .stalled: proxy.mode = .stalled
        case .silent: relay.loss = .everything
        case .deaf: relay.loss = .answers
        }
    }

    func heal() throws {
        relay.loss = .nothing
        try proxy.heal()
    }

    func end() {
        proxy.end()
        relay.end()
    }
}
