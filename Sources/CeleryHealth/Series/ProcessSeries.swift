//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CCeleryPlatform

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says of this process, under the names that all Prometheus clients use. Not of a pool's children.
enum ProcessSeries {
    static func families() -> [MetricFamily] {
        var usage = [Int64](repeating: 0, count: 16)
        celery_usage(&usage)
        var families = [
            MetricFamily(
                "process_cpu_seconds_total",
                .counter,
                "CPU time of this process, its children's excluded.",
                Double(usage[0] + usage[1]) / 1e6
            )
        ]
        let resident = celery_resident_kib(0)
        if resident >= 0 {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes",
                    .gauge,
                    "Memory of this process, its children's excluded.",
                    Double(resident) * 1024
                )
            )
        }
        if let start = startTime {
            families.append(
                MetricFamily("process_start_time_seconds", .gauge, "When it was started, as Unix time.", start)
            )
        }
        if let count = openDescriptors() {
            families.append(MetricFamily("process_open_fds", .gauge, "Open file descriptors.", Double(count)))
        }
        return families
    }

    /// Never changes.
    private static let startTime: Double? = {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The name, in parentheses, may contain anything; what follows are numbers from the third field on.
        let fields = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        let boot = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
        guard ticks > 0, fields.count > 19, let start = Double(fields[19]), let boot = boot.flatMap({ Double($0) })
        else { return nil }
        return boot + start / ticks
    }()

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without the two dots and the folder itself.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count < 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
#endif
