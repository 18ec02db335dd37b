#!/usr/bin/env bash
# Measures this package and Python Celery 5.7 against one redis-server that it starts, in turn, and prints the medians and
# their ratios; writes them to Benchmarks/results/redis.md as well. Takes about six minutes after the build; a minute or two with --quick.
#
#   scripts/bench-redis.sh [--quick] [--rounds N] [--tasks N] [--idle SECONDS] [--only WHAT] [--output FILE]
#
# WHAT is one of drain, publish, latency, open, life, canvas, idle and floor, and only when asked for scale (wake is a part of it) and sizes. With --quick or --only nothing is written unless asked for.
# Benchmarks/README.md says what the figures mean.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
scripts/setup.sh
find_swift
python=$(scripts/interop.sh)
benchmark redis-bench Benchmarks/results/redis.md "$@"
heading "redis-bench"
exec "$bench" --python "$python" --scripts "$root/Benchmarks/python" "${output[@]}" "$@"
