//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import Testing

@testable import CeleryHealth

@Suite struct PrometheusTextTests {
    @Test func aPageHasHelpTypeAndSamplesOfEachFamily() {
        let text = PrometheusText.write([
            MetricFamily("a_total", .counter, "What it is.", 3),
            MetricFamily(
                "b",
                .gauge,
                samples: [
                    MetricFamily.Sample(
                        labels: [MetricFamily.Label("x", "1"), MetricFamily.Label("y", "")],
                        value: 0.5
                    ),
                    MetricFamily.Sample(labels: [MetricFamily.Label("x", "2")], value: -1),
                ]
            ),
        ])
        #expect(
            text == """
                # HELP a_total What it is.
                # TYPE a_total counter
                a_total 3
                # TYPE b gauge
                b{x="1",y=""} 0.5
                b{x="2"} -1

                """
        )
    }

    @Test func whatMeansSomethingInItIsEscaped() {
        let label = MetricFamily.Label("x", "a\"b\\c\nd\r\u{7}é")
        let family = MetricFamily("n", .gauge, "back\\slash \"and\"\nline", samples: [.init(labels: [label], value: 1)])
        #expect(
            PrometheusText.write([family])
                == "# HELP n back\\\\slash \"and\"\\nline\n# TYPE n gauge\nn{x=\"a\\\"b\\\\c\\nd\r\u{7}é\"} 1\n"
        )
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "0"), (12, "12"), (0.25, "0.25"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (9_007_199_254_740_992, "9007199254740992.0"), (1e300, "1e+300"), (1e-7, "1e-07"),
        ] as [(Double, String)]
    )
    func numbersAreWrittenAsPrometheusReadsThem(number: Double, text: String) {
        #expect(PrometheusText.number(number) == text)
    }

    @Test func ofTwoFamiliesWithOneNameOnlyTheFirstIsWrittenAndOfAnEmptyOneNothing() {
        let text = PrometheusText.write([
            MetricFamily("a", .gauge, samples: []), MetricFamily("a", .gauge, "", 1),
            MetricFamily("a", .counter, "", 2),
        ])
        #expect(text == "# TYPE a gauge\na 1\n")
    }

    @Test(
        arguments: [
            ("http.requests", "http_requests_total"), ("jobs_total", "jobs_total"), ("9 lives", "_9_lives_total"),
            ("größe", "gr____e_total"), ("", "__total"), ("ns:jobs", "ns:jobs_total"),
        ]
    )
    func namesBecomePrometheuss(label: String, name: String) {
        #expect(MetricName.of(label, ending: .total) == name)
    }

    @Test func labelsAreSortedAndUnique() {
        let labels = MetricName.labels(
            [("b", "1"), ("a.b", "2"), ("a-b", "3"), ("le", "4"), ("__name__", "5"), ("1", "6")],
            reserved: "le"
        )
        #expect(labels.map(\.name) == ["_1", "a_b", "b", "exported_le", "exported_name__"])
        #expect(labels.map(\.value) == ["6", "2", "1", "4", "5"])
    }
}
#endif
