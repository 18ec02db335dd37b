//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Configuration

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Brings the settings of an app up to date: command line over environment over file over code over defaults.
struct SettingsLoader: Sendable {
    var environment: [String: String]
    /// Of `--config` or `CELERY_CONFIG`.
    var file: String?
    var globals: [(name: String, text: String)] = []
    /// `ns.key=value` of the worker's command line.
    var overrides: [(name: String, text: String)] = []
    /// Reads YAML, where its plug-in is there.
    var serializers: [any BodySerializer] = []

    /// - Throws: ``SettingsError``, or ``CommandFailure`` for a file that cannot be read.
    func load(into settings: inout CelerySettings) async throws -> [SettingsWarning] {
        var warnings: [SettingsWarning] = []
        if let file { warnings += try await loadFile(file, into: &settings) }
        warnings += try loadEnvironment(into: &settings)
        for (name, text) in globals + overrides {
            let warning = try settings.set(name, text: text, origin: .commandLine)
            if let warning { warnings.append(warning) }
        }
        return warnings
    }

    private func loadFile(_ path: String, into settings: inout CelerySettings) async throws -> [SettingsWarning] {
        // The error of the file provider would show the path again, and in a form of its own.
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("cannot read the settings file \(path): there is no such file", code: .usage)
        }
        let place = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
        let snapshot: any ConfigSnapshot
        do {
            snapshot = try await FileProvider<SettingsFileSnapshot>(
                parsingOptions: parsing(path),
                config: ConfigReader(provider: place)
            )
            .snapshot()
        } catch {
            let reason = (error as? CommandFailure)?.message ?? (error as? WireError)?.message ?? "\(error)"
            throw CommandFailure("cannot read the settings file \(path): \(reason)", code: .usage)
        }
        guard let file = snapshot as? SettingsFileSnapshot else { return [] }
        return try settings.set(file.settings, origin: .file(path))
    }

    private func parsing(_ path: String) throws(CommandFailure) -> SettingsFileSnapshot.ParsingOptions {
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else { return .default }
        guard let yaml = serializers.first(where: { $0.name == "yaml" }) else {
            throw CommandFailure("cannot read the settings file \(path): this program is built without YAML; use JSON")
        }
        return SettingsFileSnapshot.ParsingOptions { try yaml.decodeValue($0, limits: .standard) }
    }

    private func loadEnvironment(into settings: inout CelerySettings) throws -> [SettingsWarning] {
        var warnings = try SettingsEnvironment.check(environment)
        let provider = EnvironmentVariablesProvider(environmentVariables: environment)
        for setting in SettingTable.all {
            let found = try provider.value(forKey: AbsoluteConfigKey(["celery", setting.name]), type: .string)
            guard case .string(let text)? = found.value?.content else { continue }
            let origin = SettingsOrigin("of the environment (\(found.encodedKey))")
            if let warning = try settings.set(setting.name, text: text, origin: origin) { warnings.append(warning) }
        }
        return warnings
    }
}

/// Which environment variables are meant as settings.
enum SettingsEnvironment {
    private static let families = [
        "accept_", "beat_", "broker_", "control_", "dead_letter_", "event_", "redis_", "result_", "security_", "task_",
        "worker_", "timezone", "enable_utc",
        // Of result backends that are not here: said, as in a file.
        "arangodb_", "azureblockblob_", "cache_", "cassandra_", "cosmosdbsql_", "couchbase_", "database_", "dynamodb_",
        "elasticsearch_", "firestore_", "gcs_", "mongodb_", "s3_",
    ]

    /// Settings whose names begin no others.
    private static let single: Set<String> = ["imports", "include"]

    /// Celery's own variables that are no settings, and why they have no effect.
    private static let others: [String: String] = {
        let bound = "the bound is fixed here"
        return [
            "CELERY_WORKER_REVOKES_MAX": bound, "CELERY_WORKER_REVOKE_EXPIRES": bound,
            "CELERY_WORKER_SUCCESSFUL_MAX": bound, "CELERY_WORKER_SUCCESSFUL_EXPIRES": bound,
            "CELERY_CONFIG_MODULE":
                "it names a Python module; write the settings to a file, and name that in CELERY_CONFIG",
            "CELERY_LOADER": "a program brings its settings itself, without a loader",
            "CELERY_SKIP_CHECKS": "there are no checks of Django here",
            "CELERY_CUSTOM_WORKER_POOL": "it names a Python class; the pools are prefork, threads, async and solo",
        ]
    }()

    /// Refuses a mistyped setting; variables of other programs (`CELERYD_NODES`, `CELERY_BIN`) are left alone.
    static func check(_ environment: [String: String]) throws(SettingsError) -> [SettingsWarning] {
        var settings = CelerySettings()
        var warnings: [SettingsWarning] = []
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("CELERY_") {
            let name = variable.dropFirst("CELERY_".count).lowercased()
            if let reason = others[variable] {
                warnings.append(SettingsWarning(name: variable, "\(variable) has no effect: \(reason)"))
                continue
            }
            guard SettingTable[name] == nil, !OptionEnvironment.variables.contains(variable),
                single.contains(name) || families.contains(where: { name.hasPrefix($0) })
            else { continue }
            let origin = SettingsOrigin("of the environment (\(variable))")
            if let warning = try settings.set(name, text: value, origin: origin) { warnings.append(warning) }
        }
        return warnings
    }
}
