#!/usr/bin/env bash
# What `make test` runs. Every step has a heading and its time; a failed step does not hide the later ones,
# except a failed build, after which there is nothing to test.
#
#   SWIFT_TEST_OPTIONS   more options for the tests, for example "--filter CeleryWireTests"
#   CI=true              nothing may be skipped because a service is absent
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1

mkdir -p .build/logs
if [ "${CI:-}" = true ]; then export CELERY_REQUIRE_SERVICES=1; fi
# The manifest turns warnings in our own targets into errors; dependencies keep theirs.
export CELERY_STRICT=1

# What failed, for the end of a long log.
failures=.build/logs/failures.log
: >"$failures"
summary=()
status=0

# step NAME COMMAND…
step() {
    local name=$1 start result=ok
    shift
    start=$(date +%s)
    heading "$name"
    if ! "$@" </dev/null; then
        result=FAILED
        status=1
    fi
    summary+=("$(printf '%-6s %7s  %s' "$result" "$(elapsed "$start")" "$name")")
    [ "$result" = ok ]
}

finish() {
    heading "Summary"
    printf '%s\n' "${summary[@]}"
    if [ -s "$failures" ]; then
        heading "Tests that failed, or may not be skipped"
        cut -c 1-400 "$failures"
    fi
    exit "$status"
}

build() {
    swift build --build-tests "${swift_options[@]}" 2>&1 | tee .build/logs/build.log || return 1
    # Warnings that the manifest's setting does not reach: C targets, the manifest itself, files outside any target.
    if grep -E "^$root/[^.][^:]*:[0-9:]* warning: |^warning: '($(basename "$root")|swift-celery)'" .build/logs/build.log \
        >.build/logs/warnings.log; then
        say "warnings in the build log:"
        cat .build/logs/warnings.log
        return 1
    fi
}

# tests LOG OPTION…: with a limit, so that a hanging test cannot hold up everything for ever.
tests() {
    local log=.build/logs/$1.log result
    shift
    CELERY_TEST_PYTHON=$(scripts/interop.sh) || return 1
    CELERY_TEST_PYTHON_56=$(scripts/interop.sh 5.6) || return 1
    export CELERY_TEST_PYTHON CELERY_TEST_PYTHON_56
    # shellcheck disable=SC2086
    timeout --kill-after=30 900 "${run[@]}" "$@" ${SWIFT_TEST_OPTIONS:-} 2>&1 | tee "$log"
    result=$?
    [ "$result" -ne 124 ] || say "the tests were still running after 15 minutes" | tee -a "$failures"
    if [ "$result" -ne 0 ]; then
        grep -E '^✘ .* recorded an issue|[Ff]atal error|unexpected signal' "$log" | head -n 10 >>"$failures"
    fi
    # Two tests exclude each other: one needs root, the other needs not to be root. A longer run is asked for by hand.
    if [ "${CELERY_REQUIRE_SERVICES:-}" = 1 ] &&
        grep -E '^➜ +(Test|Suite) .* skipped' "$log" | grep -vE '(change the user|only in the long run)"$' >>"$failures"; then
        say "skipped, see the end: under CI nothing may be"
        return 1
    fi
    return "$result"
}

# lane GROUP…: one after the other.
lane() {
    local group result=0
    for group in "$@"; do
        heading "Tests that take their time: $group"
        tests "timed-${group//[^A-Za-z]/_}" --no-parallel --filter "$group" || result=1
    done
    return "$result"
}

# Two groups at a time: each waits more than it computes. All of them at once run in scripts/repeat.sh.
timed_tests() {
    local group other=0 first=() second=() pids=() pid result=0
    for group in "${timed_groups[@]}"; do
        if [ "$other" -eq 0 ]; then first+=("$group"); else second+=("$group"); fi
        other=$((1 - other))
    done
    lane "${first[@]}" &
    pids+=($!)
    lane "${second[@]}" &
    pids+=($!)
    for pid in "${pids[@]}"; do wait "$pid" || result=1; done
    return "$result"
}

step "Setup" scripts/setup.sh || finish
find_swift
step "Build, debug, with tests; warnings are errors" build || finish
test_program "${swift_options[@]}"
# The fuzz run, which takes both cores for a minute or two, stands apart.
step "Tests" tests test --skip FuzzTests --skip "$timed"
step "Tests that take their time, two groups at a time" timed_tests
step "Fuzz, a million inputs" tests fuzz --filter FuzzTests
step "Programs that must not compile, and README.md's and the benchmarks, which must" scripts/negative-compile.sh
step "Kill loop, short" env FAULTS_BUILT=1 scripts/faults.sh short
step "Documentation comments" scripts/docs-check.sh
step "Gates" scripts/check.sh
step "Files for deploying" scripts/deploy-check.sh
step "Example: hello" scripts/demo.sh
step "Example: hello in every pool, and errors that read well" scripts/example-pools.sh
step "Linkage: a light user stays light" scripts/linkage.sh
finish
