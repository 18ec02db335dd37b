#!/usr/bin/env bash
# Builds Tests/LinkageTest, a user who wants CeleryKit alone (`traits: []`), and looks at what that cost:
# neither GRDB nor Yams may be fetched, compiled or linked.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift

scratch="$root/.build/linkage"
package="$root/Tests/LinkageTest"
swift build --package-path "$package" --scratch-path "$scratch"
binary="$(swift build --package-path "$package" --scratch-path "$scratch" --show-bin-path)/LinkageTest"

# Packages that a user of CeleryKit gets, ours aside. A longer list needs a reason in the change that makes it longer.
allowed="swift-collections swift-distributed-tracing swift-log swift-metrics swift-service-context"
status=0
for checkout in "$scratch"/checkouts/*; do
    name=$(basename "$checkout")
    case " $allowed " in
        *" $name "*) ;;
        *)
            say "fetched for a light user: $name"
            status=1
            ;;
    esac
done
for module in GRDB GRDBSQLite Yams CYaml ArgumentParser Configuration ServiceLifecycle CelerySQLite CeleryYAML CeleryWorker CeleryCLI; do
    if ls -d "$(dirname "$binary")/$module.build" >/dev/null 2>&1; then
        say "compiled for a light user: $module"
        status=1
    fi
done
if ldd "$binary" | grep -E 'sqlite|yaml|libz(std)?|lzma|brotli|bz2' | grep -v 'libz\.so'; then
    say "linked into a light user's program, see above"
    status=1
fi
"$binary"
[ "$status" -eq 0 ] && say "fetched only: $(ls "$scratch/checkouts" | tr '\n' ' ')"
exit "$status"
