//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// What the package in the working directory offers.
enum PackageProducts {
    /// Names of its executable products, sorted.
    static func executables() throws(CommandFailure) -> [String] {
        let text = try Execution.output(of: "swift", ["package", "describe", "--type", "json"])
        guard let start = text.firstIndex(of: "{"),
            case .object(let description)? = CeleryValue(settingJSON: String(text[start...]))
        else { throw CommandFailure("swift package describe failed here (\(Execution.workingDirectory))") }
        guard case .array(let products)? = description["products"] else { return [] }
        return
            products.compactMap { product in
                guard case .object(let product) = product, case .string(let name)? = product["name"],
                    case .object(let type)? = product["type"], type["executable"] != nil
                else { return nil }
                return name
            }
            .sorted()
    }
}
