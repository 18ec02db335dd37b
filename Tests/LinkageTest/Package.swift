// swift-tools-version: 6.2
import PackageDescription

/// A user who sends tasks and wants nothing else. scripts/linkage.sh builds this and looks at what it cost.
let package = Package(
    name: "LinkageTest",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-celery", path: "../..", traits: [])],
    targets: [
        .executableTarget(name: "LinkageTest", dependencies: [.product(name: "CeleryKit", package: "swift-celery")])
    ]
)
