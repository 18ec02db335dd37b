#!/usr/bin/env bash
# What takes too long for every change: hundreds of kills, the tests under Thread Sanitizer, and twenty times over.
# Each writes its evidence into docs/evidence.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
scripts/setup.sh || exit 1
find_swift
status=0

heading "Kill loop"
scripts/faults.sh nightly || status=1

heading "Fault tests, long"
scripts/faults.sh tests || status=1

heading "Other servers that speak Redis"
scripts/other-servers.sh || status=1

heading "Soak"
scripts/faults.sh soak "${SOAK_MINUTES:-30}" || status=1

heading "Workflows across languages, a thousand in each direction"
CANVAS_WORKFLOWS=1000 scripts/repeat.sh 1 CanvasTests || status=1

heading "Workflows whose workers are killed"
scripts/faults.sh canvas || status=1

heading "Rolling restarts of both languages' workers"
scripts/faults.sh rolling || status=1

heading "Tests under Thread Sanitizer"
scripts/sanitize.sh || status=1

heading "The tests again and again"
scripts/repeat.sh || status=1

heading "The gates can fail"
scripts/check.sh --self-test || status=1
scripts/deploy-check.sh --report || status=1
exit "$status"
