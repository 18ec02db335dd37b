//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// The cameras of an app by name.
final class CameraRegistry: Sendable {
    private let cameras = Mutex<[String: any SnapshotCamera]>([:])

    subscript(name: String) -> (any SnapshotCamera)? { cameras.withLock { $0[name] } }

    /// Sorted.
    var names: [String] { cameras.withLock { $0.keys.sorted() } }

    func register(_ name: String, _ camera: any SnapshotCamera) { cameras.withLock { $0[name] = camera } }
}

/// A camera that is a closure.
private struct ClosureCamera: SnapshotCamera {
    let clearsAfter: Bool
    let shutter: @Sendable (ClusterState) async throws -> Void

    func onShutter(_ state: ClusterState) async throws { try await shutter(state) }
}

extension CeleryApp {
    /// Gives a camera a name, under which `celery events --camera NAME` takes pictures with it. A later one of the same name takes
    /// its place.
    public func camera(_ name: String, _ camera: some SnapshotCamera) { cameras.register(name, camera) }

    /// The same with a closure, which is handed the pictures.
    ///
    /// - Parameters:
    ///   - name: What `--camera` calls it.
    ///   - clearsAfter: Whether what has ended is forgotten after each picture.
    ///   - onShutter: Handed each picture; what it throws ends the taking.
    public func camera(
        _ name: String,
        clearsAfter: Bool = false,
        _ onShutter: @escaping @Sendable (ClusterState) async throws -> Void
    ) { cameras.register(name, ClosureCamera(clearsAfter: clearsAfter, shutter: onShutter)) }

    /// Names of the cameras, sorted.
    public var cameraNames: [String] { cameras.names }

    /// The camera of a name.
    package func camera(named name: String) -> (any SnapshotCamera)? { cameras[name] }
}
