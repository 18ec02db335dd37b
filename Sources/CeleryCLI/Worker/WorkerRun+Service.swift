//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWorker

extension WorkerRun {
    /// What the worker is as a service; with the settings once they are read.
    func service(_ settings: CelerySettings? = nil) -> ServiceProcess {
        ServiceProcess(
            command: "worker",
            arguments: command.service,
            flags: "EB",
            defaults: ServiceProcess.Defaults(
                logfile: settings?.workerLogFile,
                pidfile: settings?.workerPIDFile,
                uid: settings?.workerUID,
                gid: settings?.workerGID,
                umask: settings?.workerUmask
            )
        )
    }

    /// Takes on user, group and mask. The command line's before anything else, the settings' once they are read.
    func becomeUser(_ settings: CelerySettings? = nil) throws(CommandFailure) {
        // A child of the pool has what its parent took on.
        guard !PreforkChild.isChild else { return }
        try service(settings).becomeUser()
    }
}
