#!/usr/bin/env bash
# All tests under Thread Sanitizer, the programs that they start included: part of `make nightly`.
# Writes docs/evidence/thread-sanitizer.md.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
find_swift
CELERY_TEST_PYTHON=$(scripts/interop.sh) || exit 1
CELERY_TEST_PYTHON_56=$(scripts/interop.sh 5.6) || exit 1
export CELERY_TEST_PYTHON CELERY_TEST_PYTHON_56
# Processes that tests start write their reports here as well; the sanitizer appends its process id.
logs="$root/.build/tsan-logs"
rm -rf "$logs"
mkdir -p "$logs"
# A program that dies of a signal dies of it as it would without: no handler of the sanitizer's, and no backtrace, for which Swift's
# library clones a process, which the sanitizer does not survive.
export TSAN_OPTIONS="log_path=$logs/report handle_segv=0 handle_abort=0 handle_sigill=0 handle_sigbus=0 handle_sigfpe=0"
export SWIFT_BACKTRACE=enable=no

# What Swift's Mutex does in the kernel, told to the sanitizer: see scripts/thread-sanitizer.c.
object="$root/.build/thread-sanitizer.o"
"$(dirname "$(type -P swift)")/clang" -c -O1 -fPIC scripts/thread-sanitizer.c -o "$object" || exit 1
options=(--sanitize=thread --scratch-path .build/tsan "${swift_options[@]}" -Xlinker "$object")
swift build --build-tests "${options[@]}" || exit 1

status=0
test_program "${options[@]}"
# tests NAME OPTION…
tests() {
    local log=$logs/$1.log
    shift
    timeout --kill-after=30 3600 "${run[@]}" "$@" </dev/null >"$log" 2>&1 && grep -q '^✔ Test run with' "$log"
}
# Two at a time: under more load children do not start within the worker's own limits.
# The sanitizer's own thread wakes ten times a second, so whether a worker sleeps cannot be told; and a program that a SIGSEGV from
# outside hits, with a handler of its own, ends otherwise than without the sanitizer.
names=(parallel)
running=()
tests parallel --skip FuzzTests --skip "$timed" --skip 'EventsScreenProcessTests/endings' || status=1
for group in "${timed_groups[@]}"; do
    names+=("${group//[^A-Za-z]/_}")
    [ "$(jobs -pr | wc -l)" -lt 2 ] || wait -n
    tests "${names[-1]}" --no-parallel --filter "$group" --skip 'an idle worker sleeps' &
    running+=($!)
done
for job in "${running[@]}"; do wait "$job" || status=1; done
summary=()
for name in "${names[@]}"; do
    grep -hE '^✘' "$logs/$name.log" | head -n 20
    summary+=("| $name | $(sed -n 's/.*Test run with \([0-9]* tests*\) in .* \(passed\|failed\) after \(.*\)\./\1, \2, \3/p' "$logs/$name.log" | head -n 1) |")
done

reports=$(cat "$logs"/report.* 2>/dev/null | grep -c "WARNING: ThreadSanitizer")
[ "$reports" -eq 0 ] || status=1
{
    say "# Tests under Thread Sanitizer"
    say
    say "Written by \`scripts/sanitize.sh\` on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD 2>/dev/null || say unknown)," \
        "$(nproc) cores, $(swift --version 2>/dev/null | sed -n 's/.*\(Swift version [0-9.]*\).*/\1/p' | head -n 1)."
    say "Workers and other programs that the tests start run under it as well."
    say
    say "| tests | outcome |"
    say "|---|---|"
    printf '%s\n' "${summary[@]}"
    say "| reports of the sanitizer | $reports |"
} >docs/evidence/thread-sanitizer.md
exit "$status"
