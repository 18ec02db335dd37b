#!/usr/bin/env bash
# Runs the tests again and again, to find those that fail sometimes: scripts/repeat.sh [TIMES [FILTER]]; part of `make nightly`.
# Writes docs/evidence/repeated.md when it runs all of them twenty times or more.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
find_swift
times=${1:-20}
commit=$(git rev-parse --short HEAD 2>/dev/null || say unknown)
filter=${2:-}
CELERY_TEST_PYTHON=$(scripts/interop.sh) || exit 1
CELERY_TEST_PYTHON_56=$(scripts/interop.sh 5.6) || exit 1
export CELERY_TEST_PYTHON CELERY_TEST_PYTHON_56 CELERY_STRICT=1
swift build --build-tests "${swift_options[@]}" || exit 1
logs="$root/.build/repeat-logs"
rm -rf "$logs"
mkdir -p "$logs"

failed=0
test_program "${swift_options[@]}"

# tests ROUND-NAME OPTION…: says which tests failed, and keeps that round's log.
tests() {
    local log=$logs/$1.log
    shift
    if timeout --kill-after=30 900 "${run[@]}" "$@" </dev/null >"$log" 2>&1 && grep -q '^✔ Test run with' "$log"; then
        rm "$log"
    else
        say "failed, see $log:"
        grep -E '^✘' "$log" | head -n 20
        return 1
    fi
}

# round NAME: all tests but the fuzz, in groups side by side: those that take their time mostly wait.
round() {
    local group number=0 jobs=() bad=0 job
    tests "$1-parallel" --skip FuzzTests --skip "$timed" &
    jobs+=($!)
    for group in "${timed_groups[@]}"; do
        number=$((number + 1))
        tests "$1-timed-$number" --no-parallel --filter "$group" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || bad=1; done
    return "$bad"
}
start=$(date +%s)
for round in $(seq "$times"); do
    if [ -n "$filter" ]; then
        tests "$round" --no-parallel --filter "$filter" || failed=$((failed + 1))
    else
        round "$round" || failed=$((failed + 1))
    fi
    say "round $round of $times: $failed failed so far, $(elapsed "$start")"
done
if [ -z "$filter" ] && [ "$times" -ge 20 ]; then
    {
        say "# The tests again and again"
        say
        say "Written by \`scripts/repeat.sh\` on $(date -u +%Y-%m-%d) at commit $commit, $(nproc) cores:"
        say "$times runs of all tests but the fuzz, $failed of them with a failure, in $(elapsed "$start")." \
            "${#timed_groups[@]} groups of tests, and the rest, ran side by side in each."
    } >docs/evidence/repeated.md
fi
[ "$failed" -eq 0 ]
