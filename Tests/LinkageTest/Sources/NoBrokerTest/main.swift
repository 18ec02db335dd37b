//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery

// The command line of an app in a build without the embedded broker: it has to say so, rather than fail in some way.
let app = CeleryApp("nobroker")
app.task("nobroker.add") { (x: Int, y: Int) in x + y }
await CeleryCommand.main(app)
