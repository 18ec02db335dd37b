#!/usr/bin/env bash
# Measures what it costs to watch and to steer workers, on a redis-server that it starts, and prints the figures; writes them to
# Benchmarks/results/fleet.md as well. Takes about ten minutes after the build; a minute with --quick.
#
#   scripts/bench-fleet.sh [--quick] [--rate N] [--seconds N] [--calls N] [--revokes N] [--only WHAT] [--output FILE]
#
# WHAT is one of status, revoke, events and revocations. With --quick or --only nothing is written unless asked for.
# Benchmarks/README.md says what the figures mean.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
scripts/setup.sh
find_swift
build=(swift build -c release --package-path Benchmarks --scratch-path .build/benchmarks)
"${build[@]}" --product fleet-bench
bench="$("${build[@]}" --show-bin-path)/fleet-bench"
output=(--output Benchmarks/results/fleet.md)
for argument in "$@"; do
    case "$argument" in --quick | --only | --output) output=() ;; esac
done
BENCH_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || say unknown)
if [ -n "$(git status --porcelain --untracked-files=no 2>/dev/null)" ]; then BENCH_COMMIT+=" with changes"; fi
export BENCH_COMMIT
heading "fleet-bench"
exec "$bench" "${output[@]}" "$@"
