//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Testing

@Suite("A broker's URL")
struct BrokerURLTests {
    @Test(
        "Its password is masked in whatever form it was written",
        arguments: [
            ("redis://h:6379/0", "redis://h:6379/0"), ("redis://user@h/0", "redis://user@h/0"),
            ("redis://user:s3cret@h:6379/0", "redis://user:**@h:6379/0"), ("redis://:s3cret@h", "redis://:**@h"),
            ("redis://user:s3/cret@h/0", "redis://user:**@h/0"), ("redis://user:s3@cret@h/0", "redis://user:**@h/0"),
            ("redis://a:s3cret@h;redis://b:s3cret@i", "redis://a:**@i"), ("user:s3cret@h", "user:**@h"),
            ("redis:/user:s3cret@h", "redis:**@h"), ("--brokr=redis://u:s3cret@h", "--brokr=redis://u:**@h"),
            ("redis://h?password=s3cret&db=1", "redis://h?password=**&db=1"),
            ("redis://h?ssl_key=s3cret", "redis://h?ssl_key=**"),
            (
                "sqlite:///home/me@there/celery.sqlite?synchronous=full",
                "sqlite:///home/me@there/celery.sqlite?synchronous=full"
            ),
        ]
    )
    func masked(text: String, shown: String) {
        #expect(BrokerURL.mask(text) == shown)
    }

    @Test("Printed, it has no password and no query")
    func description() throws {
        let url = try BrokerURL("redis://user:s3%40cret@h:6379/0?password=s3cret")
        #expect(url.password == "s3@cret")
        #expect("\(url)" == "redis://user:**@h:6379/0")
    }

    @Test("An error about it has none either", arguments: ["user:s3cret@h", "://u:s3cret@h", "redis://u:s3/cret@h"])
    func errors(text: String) {
        let error = #expect(throws: TransportError.self) { try BrokerURL(text) }
        #expect(error?.description.contains("cret@") == false, "\(error?.description ?? "")")
    }
}
