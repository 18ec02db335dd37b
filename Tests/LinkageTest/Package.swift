// swift-tools-version: 6.2
import PackageDescription

/// Users without any trait: one who sends tasks and wants nothing else, and one with the whole command line but no broker.
/// scripts/linkage.sh builds both and looks at what they cost.
let package = Package(
    name: "LinkageTest",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-celery", path: "../..", traits: [])],
    targets: [
        .executableTarget(name: "LinkageTest", dependencies: [.product(name: "CeleryKit", package: "swift-celery")]),
        .executableTarget(name: "NoBrokerTest", dependencies: [.product(name: "Celery", package: "swift-celery")]),
    ]
)
