#!/usr/bin/env bash
# Installs what building and testing need, where it may (root, or sudo without a password);
# elsewhere it prints the command and exits with 1. Does nothing, at once, when all is there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# SwiftPM and the linker; the system libraries that the package links; the peers of the interop tests.
packages=(
    ca-certificates git make pkg-config binutils gcc g++ libc6-dev tzdata procps
    libcurl4 libxml2 libncurses6 libedit2 libsqlite3-0
    libsqlite3-dev zlib1g-dev libbz2-dev liblzma-dev libzstd-dev libbrotli-dev
    python3 python3-venv graphviz
)
# A redis-server of any origin will do.
command -v redis-server >/dev/null 2>&1 || packages+=(redis-server)

# The tests start servers of their own. The one that the system would start because a package came is stopped, and is not
# started at the next boot; one that was there before is left alone. In a container there is neither.
disable_service() {
    if [ -d /run/systemd/system ]; then
        "$@" systemctl disable --quiet --now redis-server || true
    elif command -v service >/dev/null 2>&1 && pidof redis-server >/dev/null 2>&1; then
        "$@" service redis-server stop || true
    fi
}

install_debian_packages() {
    local missing=() name privilege=() command
    for name in "${packages[@]}"; do
        # "ii": wanted and installed. A library renamed by a later release (libcurl4t64) provides the old name.
        if ! dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' &&
            ! dpkg-query -W -f='${db:Status-Abbrev} ${Provides}\n' 2>/dev/null | grep -q "^ii .*\b$name\b\( \|,\|$\)"; then
            missing+=("$name")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            privilege=(sudo -n env DEBIAN_FRONTEND=noninteractive)
        else
            say "missing: ${missing[*]}"
            say "run:     sudo sh -c '$command'"
            [[ " ${missing[*]} " != *" redis-server "* ]] ||
                say "then, unless you want a server on this machine: sudo systemctl disable --now redis-server"
            exit 1
        fi
    fi
    say "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "${privilege[@]}" apt-get update -q
    "${privilege[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
    if [[ " ${missing[*]} " = *" redis-server "* ]]; then disable_service "${privilege[@]}"; fi
}

if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
    install_debian_packages
elif [ "$(uname -s)" = Darwin ]; then
    # SQLite, zlib, bzip2 and lzma come with the SDK.
    command -v brew >/dev/null 2>&1 && brew list zstd brotli >/dev/null 2>&1 ||
        say "for the Compression trait run: brew install zstd brotli"
    command -v redis-server >/dev/null 2>&1 || say "for the tests with Redis run: brew install redis"
    command -v dot >/dev/null 2>&1 || say "for the test of celery graph run: brew install graphviz"
else
    for tool in git make cc python3 redis-server dot; do
        command -v "$tool" >/dev/null 2>&1 ||
            fail "$tool is missing. Install what Debian calls: ${packages[*]}"
    done
fi

find_swift
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
[ -n "$version" ] || fail "$(type -P swift) does not run: $(swift --version 2>&1 | head -n 3)"
case "$version" in
    [0-5].* | 6.[01]) fail "Swift $version is too old: 6.2 or later is needed; see https://www.swift.org/install" ;;
esac
say "Swift $version at $(type -P swift)"
