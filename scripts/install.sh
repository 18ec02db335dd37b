#!/usr/bin/env bash
# Builds the `celery` command in release and installs it: PREFIX=/usr/local [DESTDIR=…] scripts/install.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
scripts/setup.sh
find_swift
target="${DESTDIR:-}${PREFIX:-/usr/local}/bin"
swift build -c release --product celery "${swift_options[@]}"
mkdir -p "$target"
install -m 755 "$(swift build -c release "${swift_options[@]}" --show-bin-path)/celery" "$target/celery"
say "installed $target/celery"
