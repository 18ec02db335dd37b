//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
public import CoreMetrics
import Synchronization

/// Keeps what swift-metrics is told, for Prometheus to fetch: the `/metrics` of ``HealthService``.
///
/// Counters and gauges are one atomic number, histograms one for each bucket: threads do not wait for each other. Bounded: a
/// name that comes with too many different labels keeps those it has, and what there is no room for is counted in
/// `celery_health_dropped_series_total`.
///
/// A counter's name gets `_total` and a timer's `_seconds` where they lack it; what Prometheus does not allow in names becomes
/// an underscore. Timers and aggregating recorders are histograms.
public final class PrometheusMetrics: MetricsFactory {
    /// What is kept, and how.
    public struct Configuration: Sendable {
        /// Different names.
        public var nameLimit = 1000
        /// Different labels of one name: more than a worker has, which tells of 2,000 tasks and the states that each ends in.
        public var labelLimit = 20_000
        /// Upper ends of timers' buckets, in seconds, ascending.
        public var timerBuckets: [Double] = [
            0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
        ]
        /// Of recorders', in whatever they record.
        public var recorderBuckets: [Double] = [0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
        /// What is written beside a name, by the name.
        public var help: [String: String] = [:]

        public init() {}
    }

    private struct Family {
        var kind: MetricFamily.Kind
        var series: [[MetricFamily.Label]: any MetricSeries] = [:]
    }

    private let configuration: Configuration
    private let families = Mutex<[String: Family]>([:])
    private let dropped = AtomicCount()

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return histogram(MetricName.of(label), dimensions, bounds: configuration.recorderBuckets)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(MetricName.of(label, ending: .seconds), dimensions, bounds: configuration.timerBuckets)
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(MetricName.of(label, ending: .total), .counter, MetricName.labels(dimensions)) { CounterSeries($0) }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(MetricName.of(label), .gauge, MetricName.labels(dimensions)) { GaugeSeries($0) }
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)], bounds: [Double]) -> HistogramSeries {
        series(name, .histogram, MetricName.labels(dimensions, reserved: "le")) { HistogramSeries($0, bounds: bounds) }
    }

    /// The series that there is, or a new one. One that there is no room for works as well, but nobody sees it.
    private func series<Series: MetricSeries>(
        _ name: String,
        _ kind: MetricFamily.Kind,
        _ labels: [MetricFamily.Label],
        _ make: (MetricPlace?) -> Series
    ) -> Series {
        let kept = families.withLock { families -> Series? in
            // One name for two kinds of things would spoil the page.
            let isOther = families[name].map { $0.kind != kind } ?? false
            let name = isOther ? "\(name)_\(kind.rawValue)" : name
            if let found = families[name]?.series[labels] { return found as? Series }
            guard families[name] != nil || families.count < configuration.nameLimit,
                families[name].map({ $0.kind == kind && $0.series.count < configuration.labelLimit }) ?? true
            else { return nil }
            let new = make(MetricPlace(family: name, labels: labels))
            families[name, default: Family(kind: kind)].series[labels] = new
            return new
        }
        if kept == nil { dropped.add(1) }
        return kept ?? make(nil)
    }

    private func remove(_ handler: AnyObject) {
        guard let series = handler as? any MetricSeries, let place = series.place else { return }
        families.withLock { families in
            guard families[place.family]?.series[place.labels] === series else { return }
            families[place.family]?.series[place.labels] = nil
            if families[place.family]?.series.isEmpty == true { families[place.family] = nil }
        }
    }

    /// Everything, by name and labels.
    func snapshot() -> [MetricFamily] {
        let families = self.families.withLock { $0 }
        var snapshot = families.sorted { $0.key < $1.key }
            .map { name, family in
                let series = family.series.sorted { a, b in
                    a.key.lexicographicallyPrecedes(b.key) { ($0.name, $0.value) < ($1.name, $1.value) }
                }
                let samples = series.flatMap { $0.value.samples($0.key) }
                return MetricFamily(name, family.kind, configuration.help[name] ?? "", samples: samples)
            }
        if dropped.value > 0 {
            snapshot.append(
                MetricFamily(
                    "celery_health_dropped_series_total",
                    .counter,
                    "Times that there was no room for another name or another set of labels.",
                    Double(dropped.value)
                )
            )
        }
        return snapshot
    }
}
#endif
