//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `--generate-completion-script`, read by the shell that it is for.
@Suite("Completion", .timeLimit(.minutes(2)))
struct CompletionProcessTests {
    /// Completes words as bash does when the key is pressed behind the last of them, and prints what it would offer.
    private static let press = #"""
        source ./completion
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
        COMP_POINT=${#COMP_LINE}
        [[ $(complete -p "$1") =~ -F\ ([^ ]+) ]] || exit 3
        "${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
        """#

    @Test(
        "Bash completes commands and options of the program by the name that it is called by",
        .enabled(if: TestPrograms.find("bash") != nil),
        arguments: ["celery", "CLITestApp"]
    )
    func bash(program: String) async throws {
        let bash = try #require(TestPrograms.find("bash"))
        let directory = try TemporaryDirectory()
        let script = try await ToolProcess.run(program, ["--generate-completion-script", "bash"])
        #expect(script.code == 0 && script.errors == "")
        try directory.write(script.output, to: "completion")
        for (words, offers) in [
            (["wor"], "worker"), (["worker", "--conc"], "--concurrency"), (["worker", "--log-format", "js"], "json"),
            (["-b", "memory://", "dead", "rep"], "replay"),
        ] {
            let outcome = try await ToolProcess.run(
                bash,
                ["--norc", "-c", Self.press, "bash", program] + words,
                directory: directory.url
            )
            #expect(outcome.code == 0 && outcome.errors == "", "\(words): \(outcome.errors)")
            #expect(outcome.output == offers + "\n", "\(words)")
        }
    }

    @Test("The scripts of the other shells are for the program's name too", arguments: ["zsh", "fish"])
    func otherShells(shell: String) async throws {
        let script = try await ToolProcess.run("CLITestApp", ["--generate-completion-script", shell])
        #expect(script.output.contains(shell == "zsh" ? "#compdef CLITestApp" : "complete -c 'CLITestApp'"))
    }
}
