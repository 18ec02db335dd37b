//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CoreMetrics
import Synchronization

/// A number that many threads change without waiting for each other.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double {
        get { Double(bitPattern: bits.load(ordering: .relaxed)) }
        set { bits.store(newValue.bitPattern, ordering: .relaxed) }
    }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, found) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = found
        }
    }
}

/// A whole number, likewise.
final class AtomicCount: Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 {
        get { count.load(ordering: .relaxed) }
        set { count.store(newValue, ordering: .relaxed) }
    }

    func add(_ amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
}

/// Something that can be written down.
protocol MetricSeries: AnyObject, Sendable {
    /// Where it is kept; nil for one that there was no room for.
    var place: MetricPlace? { get }
    /// Its samples, with these labels.
    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample]
}

/// Names one series.
struct MetricPlace: Sendable, Hashable {
    var family: String
    var labels: [MetricFamily.Label]
}

/// A number that only grows.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    let place: MetricPlace?
    private let count = AtomicCount()
    private let fraction = AtomicDouble()

    init(_ place: MetricPlace?) { self.place = place }

    func increment(by amount: Int64) {
        if amount > 0 { count.add(amount) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { fraction.add(amount) }
    }

    func reset() { (count.value, fraction.value) = (0, 0) }

    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        [MetricFamily.Sample(labels: labels, value: Double(count.value) + fraction.value)]
    }
}

/// A number that goes up and down.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    let place: MetricPlace?
    private let number = AtomicDouble()

    init(_ place: MetricPlace?) { self.place = place }

    func set(_ value: Int64) { number.value = Double(value) }
    func set(_ value: Double) { number.value = value }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        [MetricFamily.Sample(labels: labels, value: number.value)]
    }
}

/// How often values were of which size.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    let place: MetricPlace?
    /// Upper ends of all buckets but the last, ascending.
    private let bounds: [Double]
    private let counts: [AtomicCount]
    private let sum = AtomicDouble()

    init(_ place: MetricPlace?, bounds: [Double]) {
        (self.place, self.bounds) = (place, bounds)
        counts = (0...bounds.count).map { _ in AtomicCount() }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].add(1)
        sum.add(value)
    }

    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        var total = 0.0
        var samples: [MetricFamily.Sample] = []
        for (count, bound) in zip(counts, bounds + [.infinity]) {
            total += Double(count.value)
            let bucket = labels + [MetricFamily.Label("le", PrometheusText.number(bound))]
            samples.append(MetricFamily.Sample(suffix: "_bucket", labels: bucket, value: total))
        }
        samples.append(MetricFamily.Sample(suffix: "_sum", labels: labels, value: sum.value))
        samples.append(MetricFamily.Sample(suffix: "_count", labels: labels, value: total))
        return samples
    }
}
#endif
