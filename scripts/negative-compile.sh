#!/usr/bin/env bash
# Type-checks Tests/NegativeCompile/*.swift, or the files named, against the built modules: see the README there.
# The programs in README.md must compile too, and the benchmarks, which a package of their own holds and nobody else builds.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
modules || fail "build first (swift build)"
flags=(-typecheck -swift-version 6 "${module_flags[@]}")
failed=0
check() {
    local file=$1 output
    output=$(swiftc "${flags[@]}" "$file" 2>&1 || true)
    local errors
    errors=$(grep -E "^[^ ].*${file##*/}:[0-9]+:[0-9]+: error:" <<<"$output" || true)
    local line text
    while IFS=: read -r line text; do
        text=${text##*// error: }
        if ! grep -E ":$line:[0-9]+: error:" <<<"$errors" | grep -qF -- "$text"; then
            echo "$file:$line: expected an error containing: $text"; failed=1
        fi
        errors=$(grep -vE ":$line:[0-9]+: error:" <<<"$errors" || true)
    done < <(grep -n '// error: ' "$file" || true)
    if [ -n "$errors" ]; then echo "$file: unexpected errors:"; echo "$errors"; failed=1; fi
    if ! grep -q '// error: ' "$file" && grep -q 'error:' <<<"$output"; then
        echo "$file: must compile:"; grep 'error:' <<<"$output" | head -5; failed=1
    fi
}
files=("$@")
if [ $# -eq 0 ]; then
    # A block of README.md that begins with an import is a whole program.
    mkdir -p .build/readme
    awk '/^```swift/ { block = ""; inside = 1; next } /^```/ && inside { inside = 0; if (block ~ /^import /) printf "%s", block; next }
        inside { block = block $0 "\n" }' README.md >.build/readme/main.swift
    files=(Tests/NegativeCompile/*.swift .build/readme/main.swift)
fi
for file in "${files[@]}"; do check "$file"; done

# whole NAME FILE…: all files of a target together, warnings being errors.
whole() {
    local name=$1 output
    shift
    if ! output=$(swiftc "${flags[@]}" -warnings-as-errors -I .build/benchmark-modules -module-name "${name//-/_}" "$@" 2>&1); then
        echo "$name: must compile:"
        grep 'error:' <<<"$output" | head -5
        failed=1
    fi
}
if [ $# -eq 0 ]; then
    mkdir -p .build/benchmark-modules
    swiftc -swift-version 6 -package-name benchmarks -emit-module -module-name BenchSupport -o .build/benchmark-modules/BenchSupport.swiftmodule \
        Benchmarks/Sources/BenchSupport/*.swift
    flags+=(-package-name benchmarks)
    for folder in Benchmarks/Sources/*Bench; do whole "${folder##*/}" "$folder"/*.swift; done
fi
[ $failed = 0 ] && echo "negative-compile: every program was accepted or refused as it must be"
exit $failed
