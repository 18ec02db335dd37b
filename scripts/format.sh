#!/usr/bin/env bash
# Formats every Swift file of the project in place. Those that are in order keep their time, so that nothing is built again
# for them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
project_files | grep '\.swift$' >"$before/list"
mkdir "$before/files"
tar --format=pax -cf - -T "$before/list" | tar -xf - -C "$before/files"
xargs swift format format --in-place --parallel --configuration .swift-format <"$before/list"
while read -r file; do
    if cmp -s "$file" "$before/files/$file"; then touch -r "$before/files/$file" "$file"; fi
done <"$before/list"
