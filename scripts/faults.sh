#!/usr/bin/env bash
# The kill loop on the embedded broker and on a redis-server of its own.
#   scripts/faults.sh short              a few blows with a short lease: part of `make test`, about a minute
#   scripts/faults.sh nightly [BROKER]   hundreds of blows with the default lease; writes docs/evidence/faults-BROKER.md
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

# nightly BROKER: both contracts in a pool of processes and in one without.
nightly() {
    local broker=$1 kills report status=0 place contract
    report="$root/docs/evidence/faults-$broker.md"
    case "$broker" in
        sqlite)
            kills=${FAULTS_KILLS:-200}
            place="one SQLite file"
            ;;
        redis)
            kills=${FAULTS_KILLS:-300}
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
    run)
        build
        campaign "$@" || status=1
        ;;
    *) fail "usage: scripts/faults.sh [short | nightly | run …]" ;;
esac
exit "$status"
