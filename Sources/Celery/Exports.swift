//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

@_exported public import CeleryCLI
@_exported public import CeleryCore
@_exported public import CeleryKit
@_exported public import CeleryWire
@_exported public import CeleryWorker
@_exported public import ServiceLifecycle

#if Health
@_exported public import CeleryHealth
#endif
