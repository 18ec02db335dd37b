//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What was measured at one moment of a soak.
struct SoakSample {
    /// Since its start.
    var seconds: Double
    /// Tasks that have run so far.
    var runs: Int
    /// The worker's and its children's memory in MB: what is theirs of what they share, and all that they have mapped.
    var pss: Double
    var rss: Double
    /// The server's `used_memory` in MB, its number of keys, and how many tasks wait.
    var serverMemory: Double
    var keys: Int
    var waiting: Int
    /// Open file descriptors of the worker and its children, and the server's `connected_clients`.
    var descriptors: Int
    var clients: Int
    /// From sending a task to having its result, in milliseconds, since the sample before.
    var latencies: [Double]

    var medianLatency: Double { latencies.isEmpty ? 0 : latencies.sorted()[latencies.count / 2] }
    var worstLatency: Double { latencies.max() ?? 0 }
}

/// Open file descriptors of processes, from /proc.
enum DescriptorReading {
    /// Of these processes together.
    static func of(_ pids: [Int32]) -> Int {
        var sum = 0
        for pid in pids {
            guard let folder = opendir("/proc/\(pid)/fd") else { continue }
            defer { closedir(folder) }
            var entries = 0
            while readdir(folder) != nil { entries += 1 }
            // The folder itself and the one above it are listed too.
            sum += max(0, entries - 2)
        }
        return sum
    }
}

/// Memory of processes, from /proc.
enum MemoryReading {
    /// Megabytes of these processes together.
    static func of(_ pids: [Int32]) -> (pss: Double, rss: Double) {
        pids.reduce((0, 0)) { sum, pid in
            let text = TextFile.text(of: "/proc/\(pid)/smaps_rollup", from: 0)
            return (sum.0 + kilobytes("Pss:", text) / 1024, sum.1 + kilobytes("Rss:", text) / 1024)
        }
    }

    private static func kilobytes(_ name: String, _ text: String) -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return line.split(separator: " ").compactMap { Double($0) }.first ?? 0
    }
}
