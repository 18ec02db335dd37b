#!/usr/bin/env bash
# What takes too long for every change: hundreds of kills, and the tests under Thread Sanitizer.
# Each writes its evidence into docs/evidence.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
scripts/setup.sh || exit 1
find_swift
status=0

heading "Kill loop"
scripts/faults.sh nightly || status=1

heading "Tests under Thread Sanitizer"
CELERY_TEST_PYTHON=$(scripts/interop.sh) || exit 1
export CELERY_TEST_PYTHON
swift test --sanitize=thread --disable-xctest --scratch-path .build/tsan "${swift_options[@]}" </dev/null || status=1

heading "The gates can fail"
scripts/check.sh --self-test || status=1
exit "$status"
