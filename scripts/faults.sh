#!/usr/bin/env bash
# The kill loop on the embedded broker and on a redis-server of its own.
#   scripts/faults.sh short              a few blows with a short lease: part of `make test`, about a minute
#   scripts/faults.sh nightly [BROKER]   hundreds of blows with the default lease, of which a thousand kill workers; writes
#                                          docs/evidence/faults-BROKER.md
#   scripts/faults.sh tests                the fault tests, long: docs/evidence/fault-tests-redis.md
#   scripts/faults.sh canvas               workers killed inside of random workflows: docs/evidence/canvas-kills.md
#   scripts/faults.sh rolling              six workers of both languages, restarted one by one: docs/evidence/rolling.md
#   scripts/faults.sh soak [MINUTES]       a steady load on Redis while connections come and go, release build:
#                                          docs/evidence/soak-redis.md
#   scripts/faults.sh run …     one campaign with options of your own; see --help
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
find_swift
# The same settings as in scripts/test.sh, so that nothing is built twice.
export CELERY_STRICT=1

build() {
    if [ "${FAULTS_BUILT:-}" != 1 ]; then
        swift build --product FaultHarness "${swift_options[@]}" || exit 1
    fi
    harness="$(swift build "${swift_options[@]}" --show-bin-path)/FaultHarness"
}

# When the harness itself is interrupted, its workers, each in a process group of its own, are still there.
folder=
end_workers() {
    [ -f "$folder/groups.txt" ] || return 0
    ps -eo pid=,pgid=,comm= | while read -r pid group name; do
        if [ "$name" = FaultHarness ] && grep -qx "$group" "$folder/groups.txt"; then kill -KILL "$pid" 2>/dev/null; fi
    done
}
trap end_workers EXIT
trap 'exit 130' INT TERM

# campaign OPTION…: in a folder of its own, which stays when a promise was broken.
campaign() {
    local status=0
    folder=$(mktemp -d "${TMPDIR:-/tmp}/celery-faults.XXXXXX")
    "$harness" run --folder "$folder" "$@" </dev/null || status=1
    if [ "$status" -eq 0 ]; then rm -rf "$folder"; fi
    return "$status"
}

# worker_kills REPORT: the SIGKILLs of workers and their children in all campaigns of a page, as each counted its own.
worker_kills() {
    awk -F '|' '/^\| SIGKILLs of workers and their children \|/ { sum += $3 } END { print sum + 0 }' "$1"
}

# nightly BROKER: both contracts in a pool of processes and in one without. Unless FAULTS_KILLS says otherwise, there are so many
# blows that well over a thousand of them kill workers or their children: on Redis five of eight do.
nightly() {
    local broker=$1 kills report status=0 place contract total
    report="$root/docs/evidence/faults-$broker.md"
    case "$broker" in
        sqlite)
            kills=${FAULTS_KILLS:-400}
            place="one SQLite file"
            ;;
        redis)
            kills=${FAULTS_KILLS:-450}
            place="one redis-server with \`appendfsync always\`, which is killed and closes connections too"
            ;;
        *) fail "no such broker: $broker" ;;
    esac
    {
        say "# Kill loop, $broker"
        say
        say "Written by \`make nightly\` on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD 2>/dev/null || say unknown)," \
            "$(nproc) cores, $(swift --version 2>/dev/null | sed -n 's/.*\(Swift version [0-9.]*\).*/\1/p' | head -n 1), debug build."
        say "Two workers on $place, restarted as soon as they die, while a client"
        say "sends; \`Faults/Plan.swift\` says what is done to them, \`Faults/Verdict.swift\` what counts as a broken promise. Times are measured at"
        say "the tasks themselves."
    } >"$report"
    for contract in late early; do
        campaign --broker "$broker" --contract "$contract" --pool prefork --kills "$kills" --report "$report" || status=1
        campaign --broker "$broker" --contract "$contract" --pool async --concurrency 8 --rate 40 --kills "$kills" \
            --report "$report" || status=1
    done
    total=$(worker_kills "$report")
    {
        say
        say "## All campaigns together"
        say
        say "$total SIGKILLs of workers and their children."
    } >>"$report"
    if [ -z "${FAULTS_KILLS:-}" ] && [ "$total" -lt 1000 ]; then
        say "These are fewer than the 1000 that are asked for." | tee -a "$report"
        status=1
    fi
    return "$status"
}

# written: when and where a page of evidence was made.
written() {
    say "Written by \`$1\` on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD 2>/dev/null || say unknown)," \
        "$(nproc) cores, $(swift --version 2>/dev/null | sed -n 's/.*\(Swift version [0-9.]*\).*/\1/p' | head -n 1), $2 build."
}

# The tests of Tests/FaultTests with as many blows as a night has time for.
fault_tests() {
    local report="$root/docs/evidence/fault-tests-redis.md" python
    python=$(scripts/interop.sh) || return 1
    swift build --build-tests "${swift_options[@]}" || return 1
    {
        say "# Fault tests, redis"
        say
        written "scripts/faults.sh tests" debug
        say "Real workers, clients and servers; each figure is counted from what the tasks wrote down themselves, outside the system. Where"
        say "a process dies, a task that is acknowledged late and had begun runs twice, and an early one that had begun fails with"
        say "\`WorkerLostError\`; nothing else may. \`Tests/FaultTests\` has the tests."
    } >"$report"
    local status=0
    FAULTS_LONG=1 FAULTS_REPORT="$report" CELERY_TEST_PYTHON="$python" timeout --kill-after=30 5400 swift test --skip-build \
        --disable-xctest "${swift_options[@]}" --no-parallel --filter FaultTests --skip RollingRestartTests </dev/null || status=1
    {
        say
        say "A server that is killed loses only what it had not handed to its system yet; no test cuts the power."
        [ "$status" -eq 0 ] || say "Not all of these tests passed."
    } >>"$report"
    return "$status"
}

# canvas: workflows whose workers are killed.
canvas_kills() {
    local report="$root/docs/evidence/canvas-kills.md" python previous status=0 seed
    python=$(scripts/interop.sh) || return 1
    previous=$(scripts/interop.sh 5.6) || return 1
    swift build --build-tests "${swift_options[@]}" || return 1
    {
        say "# Workflows whose workers are killed"
        say
        written "scripts/faults.sh canvas" debug
        say "Random nested workflows, twelve at a time, whose tasks have \`acks_late\` and \`reject_on_worker_lost\`; every few that end a"
        say "worker, its main process or one of its children gets SIGKILL and is started again. Each has to come to the value or the"
        say "error that a reference interpreter says, or, where tasks are acknowledged early instead, to the \`WorkerLostError\` of what ran at a"
        say "blow; \`Tests/CanvasTests/KilledWorkflowTests.swift\`. A Python worker is killed only while both its children are inside of a task:"
        say "elsewhere it loses what kombu has fetched and not filed, or a chord that it has claimed. *Run again*: tasks, bodies among them, that"
        say "ran to their end and then once more although no blow had struck the first run, or the second after it."
        say
        say "| where | workflows | right value | right error | wrong or not ended | run again | kills | time |"
        say "|---|---|---|---|---|---|---|---|"
    } >"$report"
    for seed in 1000 2000 3000; do
        CANVAS_KILLED="${CANVAS_KILLED:-400}" CANVAS_SEED="$seed" CANVAS_REPORT="$report" CELERY_TEST_PYTHON="$python" \
            CELERY_TEST_PYTHON_56="$previous" timeout --kill-after=30 3600 swift test --skip-build --disable-xctest \
            "${swift_options[@]}" --no-parallel --filter KilledWorkflowTests </dev/null || status=1
    done
    [ "$status" -eq 0 ] || say "Not all of these tests passed." >>"$report"
    return "$status"
}

# rolling: workers of both languages, restarted one after another under load.
rolling() {
    local report="$root/docs/evidence/rolling.md" python status=0
    python=$(scripts/interop.sh) || return 1
    swift build --build-tests "${swift_options[@]}" || return 1
    {
        say "# Rolling restarts, redis"
        say
        written "scripts/faults.sh rolling" debug
        say "Six workers on one redis-server, stopped with SIGTERM and started again one after another, ten rounds, while two clients send"
        say "sixty tasks a second, half of them acknowledged late, and two others ask all the time who is there. What began and ended is"
        say "counted from what the tasks wrote down themselves; \`Tests/FaultTests/Redis/RollingRestartTests.swift\`. A command waits for"
        say "replies for a second. The Python workers are Celery 5.7 with all that they do by themselves: one that is stopped puts back what it"
        say "has not acknowledged, and says how many messages those are; of these some may have begun, and run twice then. That is its doing"
        say "in any fleet. \`worker_deduplicate_successful_tasks\` keeps those that are acknowledged late from it: the last table."
    } >"$report"
    FAULTS_LONG=1 FAULTS_REPORT="$report" CELERY_TEST_PYTHON="$python" timeout --kill-after=30 7200 swift test --skip-build \
        --disable-xctest "${swift_options[@]}" --no-parallel --filter RollingRestartTests </dev/null || status=1
    [ "$status" -eq 0 ] || say "Not all of these tests passed." >>"$report"
    return "$status"
}

# soak MINUTES
soak() {
    local report="$root/docs/evidence/soak-redis.md" status=0
    # In a folder of its own, as the sanitizer's build is.
    local options=(-c release --scratch-path .build/release-soak "${swift_options[@]}")
    swift build --product FaultHarness "${options[@]}" || return 1
    harness="$(swift build "${options[@]}" --show-bin-path)/FaultHarness"
    folder=$(mktemp -d "${TMPDIR:-/tmp}/celery-soak.XXXXXX")
    {
        say "# Soak, redis"
        say
        written "scripts/faults.sh soak $1" release
        say "One worker, one client and one redis-server on one machine. Results expire early, so that what the server keeps reaches its level."
        say "Every three seconds one of the worker's connections, drawn at random, is closed by the server, and a client of its own process"
        say "comes, sends ten tasks and leaves. Nothing may grow: by more than a tenth, and the slack that \`Faults/Soak/SoakVerdict.swift\` says."
    } >"$report"
    "$harness" soak --folder "$folder" --minutes "$1" --report "$report" </dev/null || status=1
    if [ "$status" -eq 0 ]; then rm -rf "$folder"; fi
    return "$status"
}

mode=${1:-short}
shift || true
status=0
case "$mode" in
    short)
        build
        for broker in sqlite redis; do
            campaign --broker "$broker" --contract late --pool prefork --kills "${FAULTS_KILLS:-12}" --lease 2 || status=1
            campaign --broker "$broker" --contract early --pool async --concurrency 8 --kills "${FAULTS_KILLS:-8}" --lease 2 || status=1
        done
        ;;
    nightly)
        build
        mkdir -p "$root/docs/evidence"
        for broker in ${1:-sqlite redis}; do nightly "$broker" || status=1; done
        ;;
    tests) fault_tests || status=1 ;;
    canvas) canvas_kills || status=1 ;;
    rolling) rolling || status=1 ;;
    soak) soak "${1:-30}" || status=1 ;;
    run)
        build
        campaign "$@" || status=1
        ;;
    *) fail "usage: scripts/faults.sh [short | nightly | tests | canvas | rolling | soak [MINUTES] | run …]" ;;
esac
exit "$status"
