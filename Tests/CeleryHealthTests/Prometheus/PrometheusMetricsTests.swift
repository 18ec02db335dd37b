//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CoreMetrics
import Testing

@testable import CeleryHealth

@Suite struct PrometheusMetricsTests {
    private func value(_ metrics: PrometheusMetrics, _ name: String) -> [Double] {
        metrics.snapshot().filter { $0.name == name }.flatMap { $0.samples.map(\.value) }
    }

    @Test func aCounterOnlyGrows() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "jobs", dimensions: [("a", "1")], factory: metrics)
        counter.increment()
        counter.increment(by: 4)
        counter.increment(by: -3)
        FloatingPointCounter(label: "jobs", dimensions: [("a", "1")], factory: metrics).increment(by: 0.5)
        #expect(value(metrics, "jobs_total") == [5.5])
        counter.reset()
        #expect(value(metrics, "jobs_total") == [0])
    }

    @Test func oneNameAndTheSameLabelsInAnyOrderAreOneSeries() {
        let metrics = PrometheusMetrics()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: metrics).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: metrics).increment()
        Counter(label: "c", dimensions: [("a", "2"), ("b", "1")], factory: metrics).increment()
        #expect(value(metrics, "c_total") == [2, 1])
    }

    @Test func gaugesGoUpAndDown() {
        let metrics = PrometheusMetrics()
        let meter = Meter(label: "m", factory: metrics)
        meter.set(3)
        meter.increment(by: 1.5)
        meter.decrement()
        Recorder(label: "r", aggregate: false, factory: metrics).record(7)
        #expect(value(metrics, "m") == [3.5])
        #expect(value(metrics, "r") == [7])
    }

    @Test func aTimerIsAHistogramOfSeconds() throws {
        var configuration = PrometheusMetrics.Configuration()
        configuration.timerBuckets = [0.1, 1]
        let metrics = PrometheusMetrics(configuration)
        let timer = CoreMetrics.Timer(label: "t", dimensions: [("q", "a")], factory: metrics)
        for milliseconds in [50, 100, 125, 1000, 5000] { timer.recordMilliseconds(milliseconds) }
        let family = try #require(metrics.snapshot().first)
        #expect(family.name == "t_seconds" && family.kind == .histogram)
        #expect(
            PrometheusText.write([family]) == """
                # TYPE t_seconds histogram
                t_seconds_bucket{q="a",le="0.1"} 2
                t_seconds_bucket{q="a",le="1"} 4
                t_seconds_bucket{q="a",le="+Inf"} 5
                t_seconds_sum{q="a"} 6.275
                t_seconds_count{q="a"} 5

                """
        )
    }

    @Test func aNameOfAnotherKindGetsANameOfItsOwn() {
        let metrics = PrometheusMetrics()
        Meter(label: "x_total", factory: metrics).set(1)
        Counter(label: "x_total", factory: metrics).increment(by: 2)
        #expect(metrics.snapshot().map(\.name) == ["x_total", "x_total_counter"])
        #expect(value(metrics, "x_total_counter") == [2])
    }

    @Test func namesAndLabelsAreBoundedAndWhatIsDroppedIsCounted() {
        var configuration = PrometheusMetrics.Configuration()
        (configuration.nameLimit, configuration.labelLimit) = (2, 3)
        let metrics = PrometheusMetrics(configuration)
        for number in 0..<10 {
            Counter(label: "a", dimensions: [("n", "\(number)")], factory: metrics).increment()
        }
        Meter(label: "b", factory: metrics).set(1)
        Meter(label: "c", factory: metrics).set(1)
        #expect(value(metrics, "a_total") == [1, 1, 1])
        #expect(metrics.snapshot().map(\.name) == ["a_total", "b", "celery_health_dropped_series_total"])
        #expect(value(metrics, "celery_health_dropped_series_total") == [8])
    }

    @Test func whatIsDestroyedIsGoneAndMakesRoom() {
        var configuration = PrometheusMetrics.Configuration()
        configuration.nameLimit = 1
        let metrics = PrometheusMetrics(configuration)
        let counter = Counter(label: "a", factory: metrics)
        counter.increment()
        counter.destroy()
        #expect(metrics.snapshot() == [])
        Counter(label: "b", factory: metrics).increment()
        #expect(value(metrics, "b_total") == [1])
    }

    @Test func nothingIsLostWhenManyCountAtOnce() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "c", factory: metrics)
                    let timer = CoreMetrics.Timer(label: "t", factory: metrics)
                    let meter = Meter(label: "m", factory: metrics)
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordNanoseconds(Int64(500_000_000))
                        meter.increment()
                    }
                }
            }
        }
        #expect(value(metrics, "c_total") == [80_000])
        #expect(value(metrics, "m") == [80_000])
        #expect(Array(value(metrics, "t_seconds").suffix(2)) == [40_000, 80_000])
    }
}
#endif
