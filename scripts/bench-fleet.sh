#!/usr/bin/env bash
# Measures what it costs to watch and to steer workers, on a redis-server that it starts, or with --embedded on the embedded broker, and
# prints the figures; writes them to Benchmarks/results/fleet.md (fleet-embedded.md) as well. Takes about ten minutes after the build; a minute with --quick.
#
#   scripts/bench-fleet.sh [--embedded] [--quick] [--rate N] [--seconds N] [--calls N] [--revokes N] [--only WHAT] [--output FILE]
#
# WHAT is one of status, revoke, events and revocations. With --quick or --only nothing is written unless asked for.
# Benchmarks/README.md says what the figures mean.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
scripts/setup.sh
find_swift
results=Benchmarks/results/fleet.md
[[ " $* " != *" --embedded "* ]] || results=Benchmarks/results/fleet-embedded.md
benchmark fleet-bench "$results" "$@"
heading "fleet-bench"
exec "$bench" "${output[@]}" "$@"
