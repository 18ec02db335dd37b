#!/usr/bin/env bash
# Whether what the documentation comments refer to exists, and whether parameters are described all or not at all: DocC's own opinion
# of the public symbols of a debug build. Writes the pages to .build/docs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
for tool in docc swift-symbolgraph-extract; do
    command -v "$tool" >/dev/null || fail "no $tool beside swift: it comes with the toolchains of swift.org"
done
modules || fail "build first (swift build)"
docs=.build/docs
rm -rf "$docs"
mkdir -p "$docs/graphs"
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)",.*/\1/p')
for folder in Sources/Celery*; do
    module=${folder##*/}
    [ "$module" != CeleryTool ] || continue
    swift-symbolgraph-extract -module-name "$module" -target "$target" -minimum-access-level public -skip-inherited-docs \
        -output-dir "$docs/graphs" "${module_flags[@]}"
done
docc convert --additional-symbol-graph-dir "$docs/graphs" --fallback-display-name Celery --fallback-bundle-identifier swift-celery \
    --output-dir "$docs/Celery.doccarchive" --analyze >"$docs/log" 2>&1 || { cat "$docs/log" && exit 1; }
if grep -A 4 -E '^(warning|error)' "$docs/log"; then
    fail "the documentation comments need mending: see above"
fi
say "docs-check: $(grep -l 'symbols' "$docs"/graphs/*.json | wc -l) symbol graphs, no complaints"
