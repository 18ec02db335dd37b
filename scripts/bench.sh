#!/usr/bin/env bash
# Builds and runs the benchmarks in release: scripts/bench.sh [codec-bench | pool-bench | sqlite-bench | worker-bench] [its options]
# Benchmarks/README.md says what the figures mean and what was measured.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
scripts/setup.sh
find_swift
products=(codec-bench pool-bench sqlite-bench worker-bench)
if [ $# -gt 0 ]; then
    products=("$1")
    shift
fi
for product in "${products[@]}"; do
    heading "$product"
    benchmark "$product" "" "$@"
    # Set by benchmark.
    # shellcheck disable=SC2154
    "$bench" "$@"
done
