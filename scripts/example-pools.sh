#!/usr/bin/env bash
# Starts Examples/hello's worker in every pool and size, by `celery -A hello` and by itself, and compares: the same banner, the
# same result, a clean end. Then it asks for what must go wrong, and looks at how that reads.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
mkdir -p .build/logs

hello_package=(--package-path "$root/Examples/hello" --scratch-path "$root/.build/hello")
build() {
    swift build --product celery "${swift_options[@]}" && swift build "${hello_package[@]}"
}
if ! build >.build/logs/example-pools.log 2>&1; then
    grep -E 'error:' .build/logs/example-pools.log || tail -n 40 .build/logs/example-pools.log
    exit 1
fi
celery="$(swift build "${swift_options[@]}" --show-bin-path)/celery"
hello="$(swift build "${hello_package[@]}" --show-bin-path)/hello"

# A package in which hello is built, as `swift build` leaves it: what `celery -A hello --no-build` looks for.
folder=$(mktemp -d)
mkdir -p "$folder/.build/debug"
cp Examples/hello/Package.swift "$folder"
ln -s "$hello" "$folder/.build/debug/hello"

worker=
cleanup() {
    if [ -n "$worker" ]; then kill -KILL "$worker" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$folder"

show_log() {
    say "$1; the worker's output:"
    tail -n 40 banner worker.log
    exit 1
}

# run PROGRAM…: one worker's life; leaves its banner in `banner` and the result in `result`.
run() {
    rm -rf celery.sqlite*
    : >worker.log
    "$@" </dev/null >banner 2>worker.log &
    worker=$!
    for _ in $(seq 300); do
        if grep -q ' ready\.' worker.log || ! kill -0 "$worker" 2>/dev/null; then break; fi
        sleep 0.1
    done
    grep -q ' ready\.' worker.log || show_log "not ready within 30 seconds: $*"
    id=$("$celery" call hello.add -a '[2, 3]') || show_log "hello.add could not be sent"
    # Returns as soon as there is a result.
    "$celery" result --timeout 30 "$id" >result || show_log "hello.add has no result"
    kill -TERM "$worker"
    for _ in $(seq 300); do
        if ! kill -0 "$worker" 2>/dev/null; then break; fi
        sleep 0.1
    done
    if kill -0 "$worker" 2>/dev/null; then show_log "still running 30 seconds after SIGTERM: $*"; fi
    local status=0
    wait "$worker" || status=$?
    worker=
    [ "$status" -eq 0 ] || show_log "exit code $status instead of 0: $*"
}

# The banner without the time of day.
plain() { sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/' "$1"; }

cores=$(getconf _NPROCESSORS_ONLN)
by_itself=("$hello")
# OPTION, and what the banner says of it.
compare() {
    local option=$1 expected=$2
    run "$celery" -A hello --no-build worker -l INFO "$option"
    plain banner >banner.tool
    cp result result.tool
    run "${by_itself[@]}" worker -l INFO "$option"
    plain banner >banner.own
    diff banner.tool banner.own || fail "$option: the banners differ, see above"
    diff result.tool result || fail "$option: the results differ, see above"
    [ "$(cat result)" = 5 ] || fail "$option: hello.add(2, 3) is $(cat result) instead of 5"
    grep -q -F -- ".> concurrency: $expected" banner.own || show_log "$option: the banner does not say \"$expected\""
    say "ok      $option: $expected"
}

heading "Every pool and size, by celery -A hello and by hello itself"
compare --pool=threads "$cores (threads)"
compare --pool=async "100 (async)"
compare --pool=solo "1 (solo)"
compare --pool=prefork "$cores (prefork)"
compare --concurrency=6 "6 (prefork)"
# The program itself, which becomes hello: a shell function in the background would stand between it and the signal.
by_itself=("$(type -P swift)" run "${hello_package[@]}" --skip-build hello)
compare --autoscale=6,2 "{min=2, max=6} (prefork)"

# expect CODE TEXT PROGRAM…: the exit code, and that the text is said, on standard error when it is an error.
expect() {
    local code=$1 text=$2 status=0
    shift 2
    timeout 30 "$@" </dev/null >output 2>errors || status=$?
    local place=errors
    if [ "$code" -eq 0 ]; then place=output; fi
    if [ "$status" -ne "$code" ] || ! grep -q -F -- "$text" "$place"; then
        say "${*##*/}"
        say "exit code $status (expected: $code), expected to say: $text"
        cat output errors
        exit 1
    fi
    if [ "$code" -ne 0 ]; then
        [ "$(wc -l <errors)" -le 3 ] || { cat errors; fail "more than three lines for: ${*##*/}"; }
        if grep -E 'Optional\(|Fatal error|CommandFailure|CeleryCLI\.' errors; then fail "not for people, see above"; fi
    fi
    say "ok      $code  $(grep -m 1 -F -- "$text" "$place" | cut -c1-140)"
}

heading "Help, and what must go wrong"
here=("$celery" -A hello --no-build)
expect 0 "USAGE: celery" "$celery" --help
expect 0 "--concurrency <n>" "${here[@]}" worker --help
expect 0 "swift-celery" "$celery" --version
expect 64 "--concurency" "${here[@]}" worker --concurency=6
expect 64 "--concurrency is 0; it has to be 1 or more" "${here[@]}" worker --concurrency=0
expect 64 "there is no pool 'fibers'" "${here[@]}" worker --pool=fibers
expect 64 "there is no command 'wroker'" "${here[@]}" wroker
expect 64 "a worker needs an app: celery -A NAME worker" "$celery" worker
expect 64 "-A goodbye: it is not built" "$celery" -A goodbye --no-build worker
expect 64 "-A ./goodbye: there is no such program" "$celery" -A ./goodbye worker
expect 64 'no broker is registered for "carrot://"' "${here[@]}" -b carrot://guest:guest@localhost worker
expect 64 "is not a broker URL: write scheme://" "${here[@]}" -b localhost worker
expect 64 "/no/such/folder/celery.sqlite cannot be created" "${here[@]}" -b sqlite:////no/such/folder/celery.sqlite worker
expect 69 "there is no result of task no-such-task" "$celery" result --timeout 0.1 no-such-task
say "Done."
