//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryCore
import CeleryWire
import CeleryWorker
import Testing

@testable import CeleryHealth

@Suite struct WorkerSeriesTests {
    private func queues(_ queues: QueueStatus..., timesMessages: Bool = true) -> [String] {
        let now = Timestamp(unixSeconds: 1000)
        let families = WorkerSeries.families(queues: queues, timesMessages: timesMessages, now: now)
        let text = PrometheusText.write(families)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }

    @Test func aQueueIsCountedByStateAndItsOldestMessageDated() {
        let status = QueueStatus(name: "a", ready: 3, delayed: 2, held: 1, oldest: Timestamp(unixSeconds: 987.5))
        #expect(
            queues(status, QueueStatus(name: "b")) == [
                #"celery_queue_messages{queue="a",state="ready"} 3"#,
                #"celery_queue_messages{queue="a",state="delayed"} 2"#,
                #"celery_queue_messages{queue="a",state="held"} 1"#,
                #"celery_queue_messages{queue="b",state="ready"} 0"#,
                #"celery_queue_messages{queue="b",state="delayed"} 0"#,
                #"celery_queue_messages{queue="b",state="held"} 0"#,
                #"celery_queue_oldest_message_age_seconds{queue="a"} 12.5"#,
                #"celery_queue_oldest_message_age_seconds{queue="b"} 0"#,
            ]
        )
    }

    @Test func whereNoTimesAreKeptNoAgesAreInvented() {
        #expect(queues(QueueStatus(name: "a", ready: 3), QueueStatus(name: "b"), timesMessages: false).count == 6)
        // Python's messages on Redis.
        #expect(queues(QueueStatus(name: "a", ready: 3)).count == 3)
    }

    @Test func anEmptyQueueIsAsOldAsNothing() {
        #expect(
            queues(QueueStatus(name: "a", delayed: 2)).last == #"celery_queue_oldest_message_age_seconds{queue="a"} 0"#
        )
    }

    @Test func theProcessHasItsUsualSeries() throws {
        let families = ProcessSeries.families()
        func value(_ name: String) throws -> Double {
            try #require(families.first { $0.name == name }?.samples.first?.value, "\(name)")
        }
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_open_fds") > 2)
        let age = Timestamp.now.unixSeconds - (try value("process_start_time_seconds"))
        #expect(age > -2 && age < 86400, "\(age)")
    }
}
#endif
