// swift-tools-version: 6.2
import PackageDescription

/// Measurements, apart from the package so that they weigh on nobody.
let package = Package(
    name: "swift-celery-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-celery", path: "..", traits: ["SQLite", "Redis"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "pool-bench",
            dependencies: [
                .product(name: "CeleryWorker", package: "swift-celery"),
                .product(name: "CeleryKit", package: "swift-celery"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/PoolBench"
        ),
        .executableTarget(
            name: "codec-bench",
            dependencies: [.product(name: "CeleryKit", package: "swift-celery")],
            path: "Sources/CodecBench"
        ),
        .executableTarget(
            name: "sqlite-bench",
            dependencies: [
                .product(name: "CelerySQLite", package: "swift-celery"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/SQLiteBench"
        ),
        .executableTarget(
            name: "worker-bench",
            dependencies: ["BenchSupport", .product(name: "Celery", package: "swift-celery")],
            path: "Sources/WorkerBench"
        ),
        .executableTarget(
            name: "redis-bench",
            dependencies: ["BenchSupport", .product(name: "Celery", package: "swift-celery")],
            path: "Sources/RedisBench"
        ),
        .executableTarget(
            name: "fleet-bench",
            dependencies: ["BenchSupport", .product(name: "Celery", package: "swift-celery")],
            path: "Sources/FleetBench"
        ),
        // Processes to be measured, and how figures are put.
        .target(name: "BenchSupport"),
    ]
)
