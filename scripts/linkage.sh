#!/usr/bin/env bash
# Builds Tests/LinkageTest, a user who wants CeleryKit alone (`traits: []`), and looks at what that cost:
# neither GRDB nor Yams may be fetched, compiled or linked.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift

scratch="$root/.build/linkage"
package="$root/Tests/LinkageTest"
build=(swift build --package-path "$package" --scratch-path "$scratch")
"${build[@]}" --product LinkageTest
binary="$("${build[@]}" --show-bin-path)/LinkageTest"

status=0
# Behind a trait that is off, a package is not even fetched.
for name in GRDB.swift Yams; do
    if [ -e "$scratch/checkouts/$name" ]; then
        say "fetched for a light user: $name"
        status=1
    fi
done
# All that may be compiled. A longer list needs a reason in the change that makes it longer.
allowed="LinkageTest CeleryKit CeleryCore CeleryWire Logging Metrics CoreMetrics Tracing Instrumentation ServiceContextModule
    DequeModule InternalCollectionsUtilities ContainersPreview"
compiled=$(cd "$scratch/debug/Modules" && ls -d ./*.swiftmodule | sed 's|./\(.*\).swiftmodule|\1|')
for module in $compiled; do
    if ! grep -q -w "$module" <<<"$allowed"; then
        say "compiled for a light user: $module"
        status=1
    fi
done
if ldd "$binary" | grep -E 'sqlite|yaml|zstd|lzma|brotli|bz2'; then
    say "linked into a light user's program, see above"
    status=1
fi
"$binary"
say "compiled:" $compiled
# What a change has added stays in the folder; begin anew after it.
if [ "$status" -ne 0 ]; then rm -rf "$scratch"; fi
exit "$status"
