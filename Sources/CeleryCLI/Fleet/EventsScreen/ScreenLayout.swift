//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Which lines the screen has room for, by its height.
struct ScreenLayout: Equatable {
    var hasTitle: Bool
    var hasHeader: Bool
    /// Of the list.
    var rows: Int
    var hasRule: Bool
    /// The selected task, the workers.
    var hasDetails: Bool
    /// Counts.
    var hasInfo: Bool
    var hasKeys: Bool

    init(height: Int) {
        hasTitle = height >= 12
        hasHeader = height >= 3
        hasRule = height >= 12
        hasDetails = height >= 8
        hasInfo = height >= 4
        hasKeys = height >= 8
        let others = [hasTitle, hasHeader, hasRule, hasDetails, hasDetails, hasInfo, hasKeys].filter { $0 }.count
        rows = max(0, height - others)
    }
}
