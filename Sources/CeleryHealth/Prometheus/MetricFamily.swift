//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
/// All series of one name, as Prometheus reads them.
struct MetricFamily: Sendable, Hashable {
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    struct Label: Sendable, Hashable {
        var name: String
        var value: String

        init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    struct Sample: Sendable, Hashable {
        /// `_bucket`, `_sum` and `_count` of histograms.
        var suffix = ""
        var labels: [Label] = []
        var value: Double
    }

    var name: String
    /// What it is, in one sentence; empty for none.
    var help = ""
    var kind: Kind
    var samples: [Sample]

    init(_ name: String, _ kind: Kind, _ help: String = "", samples: [Sample]) {
        (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
    }

    /// One series without labels.
    init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.init(name, kind, help, samples: [Sample(value: value)])
    }
}
#endif
