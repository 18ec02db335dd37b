// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode comes with the tools version.
/// `make test` sets CELERY_STRICT, so that warnings are errors there and nowhere else.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (Context.environment["CELERY_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "swift-celery",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Celery", targets: ["Celery"]),
        .library(name: "CeleryKit", targets: ["CeleryKit"]),
        .library(name: "CeleryWorker", targets: ["CeleryWorker"]),
        .library(name: "CeleryHealth", targets: ["CeleryHealth"]),
        .library(name: "CeleryCLI", targets: ["CeleryCLI"]),
        .library(name: "CelerySQLite", targets: ["CelerySQLite"]),
        .library(name: "CeleryRedis", targets: ["CeleryRedis"]),
        .library(name: "CeleryTesting", targets: ["CeleryTesting"]),
        .executable(name: "celery", targets: ["CeleryTool"]),
    ],
    traits: [
        .trait(name: "SQLite", description: "The embedded broker and result backend, one SQLite file."),
        .trait(name: "Redis", description: "Redis as broker and result backend."),
        .trait(name: "Health", description: "Health checks and Prometheus metrics of workers, over HTTP."),
        .trait(name: "YAML", description: "The yaml serializer."),
        .trait(name: "Compression", description: "bzip2, xz, zstd and brotli bodies; needs their -dev packages."),
        .default(enabledTraits: ["SQLite", "Redis", "Health", "YAML"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.97.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // System libraries and platform calls that Swift cannot make.
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CLzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CBrotli", providers: [.apt(["libbrotli-dev"])]),
        .target(name: "CCeleryPlatform"),

        // L0: bytes <-> values.
        .target(name: "CeleryWire", dependencies: ["CZlib"], swiftSettings: strict),
        .target(
            name: "CeleryYAML",
            dependencies: ["CeleryWire", .product(name: "Yams", package: "Yams", condition: .when(traits: ["YAML"]))],
            swiftSettings: strict
        ),
        .target(
            name: "CeleryCompression",
            dependencies: [
                "CeleryWire",
                .target(name: "CBzip2", condition: .when(traits: ["Compression"])),
                .target(name: "CLzma", condition: .when(traits: ["Compression"])),
                .target(name: "CZstd", condition: .when(traits: ["Compression"])),
                .target(name: "CBrotli", condition: .when(traits: ["Compression"])),
            ],
            swiftSettings: strict
        ),

        // L1: what a plug-in sees.
        .target(
            name: "CeleryCore",
            dependencies: ["CeleryWire", "CCeleryPlatform", log, collections],
            swiftSettings: strict
        ),
        .target(
            name: "CelerySQLite",
            dependencies: [
                "CeleryCore", "CCeleryPlatform", log,
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "CeleryRedis",
            dependencies: [
                "CeleryCore", log, collections,
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Redis"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Redis"])),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["Redis"])),
            ],
            swiftSettings: strict
        ),
        .target(name: "CeleryTesting", dependencies: ["CeleryCore", log], swiftSettings: strict),

        // L2: what a user sees.
        .target(
            name: "CeleryKit",
            dependencies: ["CeleryCore", log, metrics, tracing],
            swiftSettings: strict
        ),

        // L3: the worker.
        .target(
            name: "CeleryWorker",
            dependencies: ["CeleryKit", "CCeleryPlatform", log, metrics, tracing, lifecycle, collections],
            swiftSettings: strict
        ),

        // L4: the command line, and what watches over workers.
        .target(
            name: "CeleryHealth",
            dependencies: [
                "CeleryKit", "CeleryWorker", "CCeleryPlatform", log, coreMetrics, lifecycle,
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Health"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Health"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Health"])),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "CeleryCLI",
            dependencies: [
                "CeleryKit", "CeleryWorker", "CCeleryPlatform", log, lifecycle,
                .target(name: "CeleryHealth", condition: .when(traits: ["Health"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: strict
        ),

        // L5: the one import, and the tool.
        .target(
            name: "Celery",
            dependencies: [
                "CeleryKit", "CeleryWorker", "CeleryCLI", "CeleryCore", "CeleryWire", lifecycle,
                .target(name: "CelerySQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "CeleryRedis", condition: .when(traits: ["Redis"])),
                .target(name: "CeleryHealth", condition: .when(traits: ["Health"])),
                .target(name: "CeleryYAML", condition: .when(traits: ["YAML"])),
                .target(name: "CeleryCompression", condition: .when(traits: ["Compression"])),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "CeleryTool", dependencies: ["Celery"], swiftSettings: strict),

        // Kills workers while tasks flow and counts what became of them; scripts/faults.sh. No product.
        .executableTarget(
            name: "FaultHarness",
            dependencies: [
                "Celery", "CeleryCore", "CeleryKit", "CeleryWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Faults",
            swiftSettings: strict
        ),

        // Tests.
        .target(
            name: "ServiceTestSupport",
            dependencies: ["CeleryWire"],
            path: "Tests/ServiceTestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "FaultHarness", "Celery", "CeleryCore", "CeleryKit", "CeleryWire", "ServiceTestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "FaultHarnessTests", dependencies: ["FaultHarness", "CeleryWire"], swiftSettings: strict),
        .testTarget(
            name: "CeleryWireTests",
            dependencies: ["CeleryWire", "CeleryYAML", "CeleryCompression"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CeleryCoreTests",
            dependencies: ["CeleryCore", "CeleryTesting", log],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "CelerySQLiteTestWorker",
            dependencies: ["CelerySQLite"],
            path: "Tests/CelerySQLiteTestWorker",
            swiftSettings: strict
        ),
        .testTarget(
            name: "CelerySQLiteTests",
            dependencies: [
                "CelerySQLite", "CelerySQLiteTestWorker", "CeleryTesting", "ServiceTestSupport", log,
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CeleryRedisTests",
            dependencies: ["CeleryRedis", "CeleryTesting", "ServiceTestSupport", log],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(name: "CeleryKitTests", dependencies: ["CeleryKit", "CeleryTesting", log], swiftSettings: strict),
        .executableTarget(
            name: "PoolTestApp",
            dependencies: ["CeleryWorker", log],
            path: "Tests/PoolTestApp",
            swiftSettings: strict
        ),
        .testTarget(
            name: "CeleryWorkerTests",
            dependencies: [
                "CeleryWorker", "CeleryTesting", "CCeleryPlatform", "PoolTestApp", lifecycle, log, metrics, tracing,
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CeleryHealthTests",
            dependencies: [
                "CeleryHealth", "CeleryWorker", "CeleryTesting", "ServiceTestSupport", log, coreMetrics,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "CLITestApp",
            dependencies: ["Celery", log],
            path: "Tests/CLITestApp",
            swiftSettings: strict
        ),
        .target(name: "CTestTerminal", path: "Tests/CTestTerminal"),
        .testTarget(
            name: "CeleryCLITests",
            dependencies: [
                "CeleryCLI", "Celery", "CeleryTool", "CLITestApp", "CTestTerminal", "ServiceTestSupport", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "EndToEndApp",
            dependencies: ["Celery", log],
            path: "Tests/EndToEndApp",
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Celery", "CeleryCore", "EndToEndApp", "ServiceTestSupport"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "CanvasTestApp",
            dependencies: ["Celery", log],
            path: "Tests/CanvasTestApp",
            swiftSettings: strict
        ),
        .testTarget(
            name: "CanvasTests",
            dependencies: ["CanvasTestApp", "Celery", "CeleryWire", "ServiceTestSupport", log],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "Celery", "CeleryHealth", "CeleryWire", "CeleryWorker", "CeleryTool", "CeleryYAML", "CeleryCompression",
                "ServiceTestSupport", log, coreMetrics,
            ],
            exclude: ["python"],
            swiftSettings: strict
        ),
    ]
)
