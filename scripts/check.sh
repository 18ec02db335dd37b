#!/usr/bin/env bash
# Every gate that needs no build. Each can fail: `scripts/check.sh --self-test` plants one violation of each
# in a copy and expects that very gate, and no other, to find it.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

swift_files() { project_files | grep '\.swift$' || true; }
source_files() { swift_files | grep -E '^(Sources|Faults)/' || true; }
test_files() { swift_files | grep -E '^Tests/' || true; }
page_files() { project_files | grep '\.md$' || true; }

# A gate prints what it found, one finding a line, and nothing when all is well.

# swift format knows the style: .swift-format at the root.
gate_format() {
    swift_files | tr '\n' '\0' |
        xargs -0 -r swift format lint --strict --parallel --configuration .swift-format 2>&1
}

# Every public type says what it is. (The rule is off in .swift-format, for initialisers and witnesses speak for
# themselves; here it is on, and only its findings about types count: their names begin with a capital.)
gate_documented() {
    local configuration
    configuration=$(sed 's/"AllPublicDeclarationsHaveDocumentation" : false/"AllPublicDeclarationsHaveDocumentation" : true/' .swift-format)
    source_files | grep '^Sources/' | tr '\n' '\0' |
        xargs -0 -r swift format lint --parallel --configuration "$configuration" 2>&1 |
        grep "AllPublicDeclarationsHaveDocumentation.*'[A-Z][A-Za-z]*'"
}

# The six-line header; manifests begin with the tools version instead.
gate_headers() {
    local rule='//===----------------------------------------------------------------------===//'
    local wanted file
    wanted="$rule
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
$rule"
    swift_files | grep -v '\(^\|/\)Package\.swift$' | while IFS= read -r file; do
        [ "$(head -n 6 "$file")" = "$wanted" ] || say "$file:1: the six-line header is missing or different"
    done
}

# Full Foundation costs 48 MB of static binary: library targets import FoundationEssentials, with Foundation only in
# the #else of its canImport. A comment on the previous line that begins "// Foundation:" says why not.
# Glibc, Musl and Darwin stand behind canImport or os(…).
gate_imports() {
    source_files | grep '^Sources/' | while IFS= read -r file; do
        awk -v file="$file" '
            /^[ \t]*#if/ { depth++; condition[depth] = $0 }
            /^[ \t]*#endif/ { depth-- }
            /^[ \t]*([a-z@]+(\([a-z]+\))? +)*import +(Foundation|Glibc|Musl|Darwin)([ .\t]|$)/ {
                guarded = 0
                for (level = 1; level <= depth; level++)
                    if (condition[level] ~ /canImport|os\(/) guarded = 1
                if (!guarded && previous !~ /\/\/ Foundation: ./)
                    printf "%s:%d: bare %s\n", file, NR, $0
            }
            { previous = $0 }' "$file"
    done
}

# Traps, escapes from the checker, and notes to self. The last group is allowed under a comment that proves it.
gate_constructs() {
    source_files | while IFS= read -r file; do
        awk -v file="$file" '
            /^[ \t]*\/\// { previous = $0; next }
            { code = $0; sub(/[ \t]\/\/ .*/, "", code) }
            code ~ /try!|fatalError\(|[ (]as! |Task\.detached|Thread\.sleep/ {
                printf "%s:%d: forbidden: %s\n", file, NR, $0
            }
            code ~ /[ ({[]\.seconds\([^0-9]|Duration\.seconds\([^0-9]|number[?]?\.map \{ U?Int[0-9]*\(/ && file !~ /BoundedNumbers/ {
                printf "%s:%d: traps on what it cannot hold, use bounded(seconds:) or Int(whole:): %s\n", file, NR, $0
            }
            code ~ /@unchecked Sendable|nonisolated\(unsafe\)/ && previous !~ /^[ \t]*\/\// {
                printf "%s:%d: needs a comment before it that proves it: %s\n", file, NR, $0
            }
            { previous = $0 }' "$file"
        grep -n -E '\b(TODO|FIXME|XXX)\b' "$file" /dev/null
    done
}

# Tests wait for a condition with a deadline, or drive a clock; nobody sleeps in the hope that something will have
# happened by then. Under 100 ms is a step of polling, 10 s and more a task that is there to be cancelled, and whatever
# else must sleep says "// sleeps: why" above. Programs under test (Tests/…App) may do as they like.
gate_sleeping() {
    test_files | grep -v -E '^Tests/[A-Za-z]*App/' | while IFS= read -r file; do
        awk -v file="$file" '
            /^[ \t]*\/\// { previous = $0; next }
            /func sleep|\.milliseconds\([0-9][0-9]?\)|\.seconds\([0-9][0-9]+\)/ { previous = $0; next }
            /(Task|Thread)\.sleep|[^A-Za-z.]u?sleep\(|nanosleep/ && previous !~ /\/\/ sleeps: ./ {
                printf "%s:%d: sleeps: %s\n", file, NR, $0
            }
            { previous = $0 }' "$file"
    done
}

# Past 400 lines the first comment after the header says "// Long because …".
gate_size() {
    swift_files | grep -v '+generated\.swift$' | tr '\n' '\0' | xargs -0 -r wc -l |
        awk '$2 != "total" && $1 > 400 { print $1, $2 }' | while read -r lines file; do
        sed -n '7,14p' "$file" | grep -q '^// Long because .' ||
            say "$file: $lines lines; find the seam, or begin it with // Long because …"
    done
}

# Nothing that is true on one machine only. The brackets keep this file from finding itself.
gate_machine() {
    project_files | grep -v -E '\.(resolved|png|sqlite)$' | tr '\n' '\0' |
        xargs -0 -r grep -n -I -E \
            '(^|[^A-Za-z0-9_.])/(wor[k]|roo[t]|home/[a-z]+)/|\.\./share[d]|/opt/(wheel[s]|swift-package[s])|(pyp[i]|pythonhoste[d]|debia[n]|npmj[s])\.org|\.pyen[v]/' /dev/null |
        cut -c1-160
}

# A path in backticks or a relative link names a file that is there; commands and wildcards are not paths.
gate_documents() {
    page_files | while IFS= read -r page; do
        {
            grep -n -o -E '`(Sources|Tests|Benchmarks|Examples|Faults|scripts|docs|\.ci)/[A-Za-z0-9_./+-]*`' "$page" | tr -d '`'
            # In diagrams too, where there are no backticks.
            grep -n -o -E '(^|[ (])(Sources|Tests|Faults|scripts)/[A-Za-z0-9_./+-]+\.(swift|sh)' "$page" | sed 's/:[ (]/:/'
            grep -n -o -E '\]\([^)#: ]+[)#]' "$page" | sed -e 's/\](//' -e 's/[)#]$//' |
                while IFS=: read -r line target; do
                    case "$target" in
                        /*) say "$line:${target#/}" ;;
                        *) say "$line:$(dirname "$page")/$target" ;;
                    esac
                done
        } | while IFS=: read -r line target; do
            [ -e "$target" ] || say "$page:$line: names $target, which does not exist"
        done
    done
}

# A test that docs/reliability.md names in quotes exists.
gate_promises() {
    [ -f docs/reliability.md ] || return
    tr '\n' ' ' <docs/reliability.md | tr -s ' ' | grep -o '"[^"]*"' | grep ' .* ' | while IFS= read -r name; do
        # A test is named by a text, or by a function in backticks.
        grep -r -q -F --include='*.swift' -e "$name" -e "\`${name//\"/}\`" Tests Sources ||
            say "docs/reliability.md: there is no test $name"
    done
}

gate_readme() {
    local lines
    [ -f README.md ] || { say "README.md is missing"; return; }
    lines=$(wc -l <README.md)
    [ "$lines" -le 120 ] || say "README.md has $lines lines; 120 are the limit"
}

gate_changelog() {
    grep -q '^## \[Unreleased\]' CHANGELOG.md 2>/dev/null || say "CHANGELOG.md has no \"## [Unreleased]\""
}

# Scripts parse, and can be run as they stand.
gate_scripts() {
    project_files | grep -E '^(scripts/.*\.sh|\.ci/run)$' | while IFS= read -r file; do
        bash -n "$file" 2>&1
        [ "$file" = scripts/lib.sh ] || [ -x "$file" ] || say "$file is not executable"
    done
}

gates=(format documented headers imports constructs sleeping size machine documents promises readme changelog scripts)

run_gates() {
    local gate findings count failed=0
    for gate in "${gates[@]}"; do
        findings=$("gate_$gate" 2>&1)
        if [ -z "$findings" ]; then
            printf 'ok      %s\n' "$gate"
        else
            count=$(printf '%s\n' "$findings" | wc -l)
            printf 'FAILED  %s (%d)\n' "$gate" "$count"
            printf '%s\n' "$findings" | head -n 25 | sed 's/^/        /'
            failed=1
        fi
    done
    return "$failed"
}

# Lets every gate find what it is for, in a small project made for the purpose.
self_test() {
    local folder gate name result failed=0
    folder=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    mkdir -p "$folder/clean/Sources/Lib" "$folder/clean/Tests/LibTests" "$folder/clean/scripts"
    cp .swift-format "$folder/clean/"
    cd "$folder/clean" || return 1
    {
        printf '//===%s===//\n' '----------------------------------------------------------------------'
        say '// This source file is part of the swift-celery open source project'
        say '// Copyright (c) 2026 the swift-celery authors'
        say '// See LICENSE for license information'
        say '// SPDX-License-Identifier: Apache-2.0'
        printf '//===%s===//\n\n' '----------------------------------------------------------------------'
    } >header
    { cat header; say 'let one = 1'; } >Sources/Lib/One.swift
    cp Sources/Lib/One.swift Tests/LibTests/OneTests.swift
    rm header
    say 'See `Sources/Lib/One.swift` and [the log](CHANGELOG.md).' >README.md
    say '## [Unreleased]' >CHANGELOG.md
    printf '#!/bin/sh\ntrue\n' >scripts/ok.sh
    chmod +x scripts/ok.sh
    run_gates >/dev/null || { say "the clean project does not pass:"; run_gates; return 1; }

    # plant NAME GATE: standard input is the shell text that spoils a copy.
    plant() {
        rm -rf "$folder/spoilt"
        cp -R "$folder/clean" "$folder/spoilt"
        cd "$folder/spoilt" || return 1
        eval "$3"
        result=$(run_gates | sed -n 's/^FAILED  \([a-z]*\).*/\1/p' | tr '\n' ' ')
        if [ "$result" = "$2 " ]; then
            printf 'ok      %-11s finds %s\n' "$2" "$1"
        else
            printf 'FAILED  %-11s should alone find %s; found by: %s\n' "$2" "$1" "${result:-nothing}"
            failed=1
        fi
    }
    local library=Sources/Lib/One.swift tests=Tests/LibTests/OneTests.swift
    plant "three spaces" format "printf 'func f() {\n   one\n}\n' >>$library"
    plant "a public type without a comment" documented "printf 'public struct A {}\n' >>$library"
    plant "a missing header" headers "sed -i 1d $library"
    plant "another holder" headers "sed -i 's/2026 the/2026 somebody,/' $library"
    plant "import Foundation" imports "sed -i '7a import Foundation' $library"
    plant "public import Glibc" imports "sed -i '7a public import Glibc' $library"
    for name in 'let a = try! f()' 'func f() { fatalError("x") }' 'let a = b as! Int' 'let t = Task.detached {}' \
        'func f() { Thread.sleep(1) }' 'extension A: @unchecked Sendable {}' 'nonisolated(unsafe) var a = 1' '// TODO: x' \
        'let a = f(.seconds(b))' 'let a = b.number.map { Int($0) }'; do
        plant "$name" constructs "printf '%s\n' '$name' >>$library; gate_format() { :; }"
    done
    unset -f gate_format
    eval "$(sed -n '/^gate_format() {/,/^}/p' "$root/scripts/check.sh")"
    plant "a sleeping test" sleeping "printf 'let a = Task.sleep\n' >>$tests"
    plant "401 lines" size "for i in \$(seq 400); do say \"let a\$i = 1\"; done >>$library"
    plant "a folder of one machine" machine "say '/wor''k/x' >>README.md"
    plant "a registry's host" machine "say 'https://pyp''i.org' >>README.md"
    plant "a path to nowhere" documents "say '\`Sources/Lib/Two.swift\`' >>README.md"
    plant "a link to nowhere" documents "say '[two](Two.md)' >>README.md"
    plant "a promise without its test" promises "mkdir docs; say 'Test: \"it is never lost\"' >docs/reliability.md"
    plant "a long README" readme "seq 121 >>README.md"
    plant "no Unreleased" changelog "say '## 1.0' >CHANGELOG.md"
    plant "a script that is not executable" scripts "chmod -x scripts/ok.sh"
    plant "a script that does not parse" scripts "say 'if' >>scripts/ok.sh"
    return "$failed"
}

cd "$root" || exit 1
find_swift
case "${1:-}" in
    --self-test) self_test ;;
    '') run_gates ;;
    *) fail "usage: scripts/check.sh [--self-test]" ;;
esac
