#!/usr/bin/env bash
# Runs the benchmarks in release, one package of their own: scripts/bench.sh [options of the benchmark tool]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
exec swift run -c release --package-path Benchmarks --scratch-path .build/benchmarks Benchmarks "$@"
