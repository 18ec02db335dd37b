#!/usr/bin/env bash
# Builds Tests/LinkageTest, a user who wants CeleryKit alone (`traits: []`), and looks at what that cost:
# neither GRDB nor Yams nor SwiftNIO may be fetched, compiled or linked. Then, as light, everything but a broker: what does it say?
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
for name in GRDB.swift Yams swift-nio swift-nio-ssl; do
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

# The umbrella without traits, in a folder of its own: the list above is about CeleryKit alone.
scratch_all="$root/.build/no-broker"
build_all=(swift build --package-path "$package" --scratch-path "$scratch_all")
"${build_all[@]}" --product NoBrokerTest
program="$("${build_all[@]}" --show-bin-path)/NoBrokerTest"
for name in GRDB.swift Yams swift-nio swift-nio-ssl; do
    if [ -e "$scratch_all/checkouts/$name" ]; then
        say "fetched without traits: $name"
        status=1
    fi
done
if ldd "$program" | grep -E 'sqlite|yaml|zstd|lzma|brotli|bz2'; then
    say "linked without traits, see above"
    status=1
fi

# expect CODE TEXT ARGUMENT…: how the program ends, and what it says.
expect() {
    local code=$1 text=$2 result=0 said
    shift 2
    said=$(env -u CELERY_BROKER_URL -u CELERY_RESULT_BACKEND timeout 30 "$program" "$@" 2>&1 </dev/null) || result=$?
    if [ "$result" -ne "$code" ] || ! grep -q -F -- "$text" <<<"$said"; then
        say "$* ended with $result (expected: $code) and did not say: $text"
        printf '%s\n' "$said"
        status=1
    else
        say "ok: $* ends with $code: $text"
    fi
}
left_out="the embedded broker is left out: it takes the trait SQLite"
expect 64 "no broker is named: set broker_url or CELERY_BROKER_URL; there are: memory://…; Redis is left out: it takes the trait Redis; $left_out" worker
expect 64 "$left_out" -b sqlite:///celery.sqlite worker
expect 64 "$left_out" call nobroker.add -a '[2, 3]'
expect 64 "health checks are left out of this program: they take the trait Health" -b memory:// worker --health-port 0
expect 0 "memory://" -b memory:// report
# What a change has added stays in the folder; begin anew after it.
if [ "$status" -ne 0 ]; then rm -rf "$scratch" "$scratch_all"; fi
exit "$status"
