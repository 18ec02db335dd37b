#!/usr/bin/env bash
# Shows it at work, without any server: builds Examples/hello, starts its worker on the embedded broker in a temporary
# folder, runs its client, and stops the worker. The exit code says whether everything was as it should be.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

heading "Building Examples/hello (debug; a few minutes the first time)"
scripts/setup.sh
find_swift
scratch="$root/.build/hello"
mkdir -p .build/logs
build=(swift build --package-path Examples/hello --scratch-path "$scratch")
if ! "${build[@]}" >.build/logs/hello.log 2>&1; then
    grep -E 'error:' .build/logs/hello.log || tail -n 40 .build/logs/hello.log
    exit 1
fi
hello="$("${build[@]}" --show-bin-path)/hello"

folder=$(mktemp -d)
worker=
cleanup() {
    if [ -n "$worker" ]; then kill -KILL "$worker" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$folder"

heading "Starting: hello worker -l INFO --concurrency=2"
: >worker.log
"$hello" worker -l INFO --concurrency=2 </dev/null >worker.log 2>&1 &
worker=$!
for _ in $(seq 100); do
    if grep -q 'ready' worker.log || ! kill -0 "$worker" 2>/dev/null; then break; fi
    sleep 0.1
done
if ! grep -q 'ready' worker.log; then
    say "the worker was not ready within 10 seconds:"
    cat worker.log
    exit 1
fi
sed 's/^/  | /' worker.log

heading "Running: hello demo"
if ! timeout 120 "$hello" demo </dev/null; then
    heading "That failed. The worker's log:"
    tail -n 60 worker.log
    exit 1
fi

heading "Stopping the worker with SIGTERM (warm: what runs is finished)"
kill -TERM "$worker"
status=0
for _ in $(seq 200); do
    if ! kill -0 "$worker" 2>/dev/null; then break; fi
    sleep 0.1
done
if kill -0 "$worker" 2>/dev/null; then
    say "it was still running 20 seconds later:"
    tail -n 20 worker.log
    exit 1
fi
wait "$worker" || status=$?
worker=
say "The worker's last lines:"
tail -n 6 worker.log | cut -c1-160 | sed 's/^/  | /'
[ "$status" -eq 0 ] || fail "the worker exited with $status instead of 0"
say
say "Done. The program is Examples/hello: about a hundred lines."
