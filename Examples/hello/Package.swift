// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "hello",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-celery", path: "../..")],
    targets: [
        .executableTarget(name: "hello", dependencies: [.product(name: "Celery", package: "swift-celery")])
    ]
)
