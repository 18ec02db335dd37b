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
benchmark fleet-bench Benchmarks/results/fleet.md "$@"
heading "fleet-bench"
exec "$bench" "${output[@]}" "$@"
