//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Logging
import ServiceTestSupport
import Testing

/// A Python client and a Swift result backend that count parts of the same chords.
private struct ChordSite {
    let version: PythonVersion
    let client: PythonClient
    let backend: any ResultBackend
    let chords: any ChordStore
    let queue = RedisServer.uniquePrefix() + "bodies"

    /// - Parameter format: What both sides write; JSON when nil.
    static func with(
        _ version: PythonVersion,
        _ format: ResultFormatInteropTests.Format? = nil,
        _ body: (ChordSite) async throws -> Void
    ) async throws {
        var codec = WireCodec(serializers: PluginRegistry.bundled.serializers)
        codec.compressions += PluginRegistry.bundled.compressions
        var client: PythonClient?
        if let format {
            (codec.resultSerializer, codec.resultCompression) = (format.serializer, format.compression)
            codec.acceptContent = ["json", "msgpack", "yaml"]
            client = try await RedisInterop.peer(version, format.settings).client()
        }
        let url = try await RedisServer.shared.url(database: RedisInterop.resultDatabase)
        let context = PluginContext(
            url: try BrokerURL(url),
            codec: codec,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let backend = try await PluginRegistry.bundled.backend(context)
        let ownClient: PythonClient
        if let client { ownClient = client } else { ownClient = try await RedisInterop.of(version).client() }
        let site = ChordSite(
            version: version,
            client: ownClient,
            backend: backend,
            chords: try #require(backend.chords)
        )
        try await body(site)
        await client?.end()
        await backend.shutdown()
    }

    func startInPython(_ group: String, _ size: Int) async throws {
        try await client.request("chord_start", ["group": .string(group), "size": .int(size)])
    }

    func startInSwift(_ group: String, _ size: Int) async throws {
        let start = ChordStart(groupID: group, size: size, expires: .seconds(600))
        try await chords.start([start], timeout: .seconds(10))
    }

    /// Parts are named for their group and index; their value is the index times ten.
    func countInPython(_ group: String, _ index: Int, error: String? = nil) async throws {
        try await countInPython([part(group, index, error: error)])
    }

    func part(_ group: String, _ index: Int, error: String? = nil) -> CeleryValue {
        var part: CeleryObject = [
            "id": .string("\(group)-\(index)"), "group": .string(group), "index": .int(index),
            "body": .string("\(group)-body"), "value": .int(index * 10),
        ]
        if let error { part["error"] = .string(error) }
        return .object(part)
    }

    func countInPython(_ parts: [CeleryValue]) async throws {
        try await client.request("chord_parts", ["queue": .string(queue), "parts": .array(parts)])
    }

    func countInSwift(_ group: String, _ index: Int, error: ExceptionInfo? = nil) async throws -> ChordProgress {
        let part = ChordPart(
            groupID: group,
            index: index,
            taskID: "\(group)-\(index)",
            state: error == nil ? .success : .failure,
            value: EncodedValue(error.map { .object($0.object) } ?? .int(index * 10)),
            expires: .seconds(600),
            claimant: "swift-\(group)-\(index)"
        )
        let answers = try await chords.count([part], timeout: .seconds(10))
        return try #require(answers.first)
    }

    /// Bodies that Python has sent since the last look: the task's id and its arguments.
    func bodies() async throws -> [CeleryValue] {
        guard case .array(let taken)? = try await client.request("take", ["queue": .string(queue)])["taken"] else {
            throw ServiceError("no bodies")
        }
        return taken
    }
}

@Suite("Chords whose parts Python and Swift count", .needsPythonAndRedis)
struct ChordCounterInteropTests {
    @Test("whoever counts the last part gets the chord, once", arguments: PythonVersion.available)
    func last(version: PythonVersion) async throws {
        try await ChordSite.with(version) { site in
            for (number, isPythonFirst) in [true, false, true, false].enumerated() {
                let group = RedisServer.uniquePrefix() + "last"
                let results: CeleryValue = [0, 10, 20, 30]
                try await number < 2 ? site.startInPython(group, 4) : site.startInSwift(group, 4)
                // From the last index to the first, turn by turn.
                var claim: ChordClaim?
                for index in [3, 2, 1, 0] {
                    guard (index % 2 == 1) != isPythonFirst else {
                        try await site.countInPython(group, index)
                        continue
                    }
                    let progress = try await site.countInSwift(group, index)
                    if case .complete(let given) = progress { claim = given } else { #expect(progress == .waiting) }
                }
                let bodies = try await site.bodies()
                if isPythonFirst {
                    let given = try #require(claim)
                    #expect(bodies == [])
                    #expect(given.members.map(\.taskID) == (0..<4).map { "\(group)-\($0)" })
                    #expect(.array(try given.members.map { try $0.value.value() }) == results)
                    try await site.chords.finish([given], timeout: .seconds(10))
                } else {
                    #expect(claim == nil)
                    #expect(bodies == [["id": .string("\(group)-body"), "args": [results]]])
                }
                // What comes again, to whom it may, sends nothing more.
                try await site.countInPython(group, 3)
                let again = try await site.countInSwift(group, 0)
                #expect(again == (isPythonFirst || version == .current ? .over : .waiting))
                #expect(try await site.bodies() == [])
            }
        }
    }

    @Test("a part that both count, counts once", arguments: PythonVersion.available)
    func twice(version: PythonVersion) async throws { try await ChordSite.with(version) { try await twice($0) } }

    @Test("parts and groups in other serializers and compressions", arguments: ResultFormatInteropTests.formats)
    func formats(format: ResultFormatInteropTests.Format) async throws {
        try await ChordSite.with(format.version, format) { site in
            // What 5.6 has counted is told by its beginning, which YAML and compressions hide.
            if format.version == .current || format.serializer == "msgpack" { try await twice(site) }
            let ours = RedisServer.uniquePrefix() + "ours"
            try await site.startInSwift(ours, 2)
            #expect(try await site.countInSwift(ours, 0) == .waiting)
            try await site.countInPython(ours, 1)
            #expect(try await site.bodies() == [["id": .string("\(ours)-body"), "args": [[0, 10]]]])
            try await groups(site)
        }
    }

    private func twice(_ site: ChordSite) async throws {
        let group = RedisServer.uniquePrefix() + "twice"
        try await site.startInSwift(group, 3)
        try await site.countInPython(group, 0)
        #expect(try await site.countInSwift(group, 0) == .waiting)
        #expect(try await site.countInSwift(group, 1) == .waiting)
        try await site.countInPython(group, 1)
        #expect(try await site.bodies() == [])
        let last = try await site.countInSwift(group, 2)
        guard case .complete(let claim) = last else { throw ServiceError("\(last)") }
        #expect(claim.members.count == 3)
        // Celery 5.6 knows nothing of claims.
        guard site.version == .current else { return }
        try await site.countInPython(group, 2)
        #expect(try await site.bodies() == [])
    }

    @Test("a failure that one side counts fails the chord of the other", arguments: PythonVersion.available)
    func failures(version: PythonVersion) async throws {
        try await ChordSite.with(version) { site in
            let theirs = RedisServer.uniquePrefix() + "theirs"
            try await site.startInPython(theirs, 2)
            try await site.countInPython(theirs, 1, error: "went wrong")
            let last = try await site.countInSwift(theirs, 0)
            guard case .complete(let claim) = last else { throw ServiceError("\(last)") }
            #expect(claim.members.map(\.state) == [.success, .failure])
            guard case .object(let object) = try claim.members[1].value.value() else { throw ServiceError("no object") }
            let expected = ExceptionInfo(type: "ValueError", arguments: ["went wrong"], module: "builtins")
            #expect(ExceptionInfo(object) == expected)

            let ours = RedisServer.uniquePrefix() + "ours"
            try await site.startInSwift(ours, 2)
            #expect(try await site.countInSwift(ours, 0, error: expected) == .waiting)
            try await site.countInPython(ours, 1)
            #expect(try await site.bodies() == [])
            let body = try await site.client.get("\(ours)-body")
            #expect(body.state == "FAILURE")
            #expect(body.exception?.type == "ChordError")
            #expect(body.exception?.text.contains("\(ours)-0 raised ValueError('went wrong')") == true)
        }
    }

    @Test(
        "of parts counted on both sides at the same time each chord is completed once",
        arguments: PythonVersion.available
    )
    func race(version: PythonVersion) async throws {
        try await ChordSite.with(version) { site in
            let base = RedisServer.uniquePrefix()
            let groups = (0..<30).map { "\(base)race\($0)" }
            for group in groups { try await site.startInSwift(group, 6) }
            let theirs = groups.flatMap { group in [0, 2, 4].map { site.part(group, $0) } }
            async let counted: Void = site.countInPython(theirs)
            var claims: [String] = []
            for group in groups {
                for index in [1, 3, 5] {
                    if case .complete(let claim) = try await site.countInSwift(group, index) {
                        claims.append(claim.groupID + "-body")
                        try await site.chords.finish([claim], timeout: .seconds(10))
                    }
                }
            }
            try await counted
            let bodies = try await site.bodies()
            let sent = bodies.compactMap { body -> String? in
                guard case .object(let object) = body, case .string(let id)? = object["id"] else { return nil }
                return id
            }
            #expect((claims + sent).sorted() == groups.map { $0 + "-body" }.sorted())
        }
    }

    @Test("groups that one side saves are restored by the other", arguments: PythonVersion.available)
    func groups(version: PythonVersion) async throws { try await ChordSite.with(version) { try await groups($0) } }

    private func groups(_ site: ChordSite) async throws {
        let id = RedisServer.uniquePrefix() + "group"
        let tuple: CeleryValue = [[.string(id), nil], [[["a", nil], nil], [["b", nil], nil]]]
        try await site.client.request("save_group", ["id": .string(id), "members": ["a", "b"]])
        #expect(try await site.backend.fetchGroup(id) == tuple)
        try await site.backend.forgetGroup(id)
        let forgotten = try await site.client.request("restore_group", ["id": .string(id)])
        #expect(forgotten["members"] == .null)
        try await site.backend.storeGroup(id, tuple, expires: .seconds(600))
        let restored = try await site.client.request("restore_group", ["id": .string(id)])
        #expect(restored["members"] == ["a", "b"])
    }
}
