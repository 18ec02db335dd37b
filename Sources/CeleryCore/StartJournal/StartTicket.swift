//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Leave to start one run, valid until it is taken or withdrawn: whoever of the two comes first has decided.
public struct StartTicket: Sendable, Hashable {
    /// Number of the cell in the journal's file.
    package var place: UInt32
    package var tag: DeliveryTag
    /// What the cell holds until then.
    package var offer: UInt64

    package init(place: UInt32, tag: DeliveryTag, offer: UInt64) {
        self.place = place
        self.tag = tag
        self.offer = offer
    }

    /// What the cell holds once the run has started.
    var started: UInt64 { JournalWord(rawValue: offer).started.rawValue }
}

/// What a cell of the journal says.
///
/// **Shape:** bit 0: sealed, nothing changes any more. Bits 1 and 2: free, offered or started. Bit 3: acknowledged late.
/// From bit 8: number of the run, so that no two offers look the same.
struct JournalWord: Equatable {
    enum Phase: UInt64 {
        case free = 0
        case offered = 1
        case started = 2
    }

    var rawValue: UInt64

    static let free = JournalWord(rawValue: 0)
    static let seal: UInt64 = 1

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ phase: Phase, _ mode: AcknowledgementMode, run: UInt64) {
        rawValue = phase.rawValue << 1 | (mode == .late ? 8 : 0) | run << 8
    }

    var phase: Phase? { Phase(rawValue: rawValue >> 1 & 3) }
    var mode: AcknowledgementMode { rawValue & 8 == 0 ? .early : .late }
    var started: JournalWord { JournalWord(.started, mode, run: rawValue >> 8) }
}
