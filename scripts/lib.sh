# Sourced by the other scripts: where the repository is, which Swift to use, how to print.
# Works without git, without a locale and without a HOME.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8
export HOME="${HOME:-$root/.build/home}"
mkdir -p "$HOME"

# One set of build options for every script, so that no build is made twice.
swift_options=(--enable-all-traits)

# Tests that start processes, hold leases or measure how soon something happens run one at a time: all at once, on few
# cores, they measure only each other. Each group waits more than it computes, so several groups can run side by side.
timed_groups=('CelerySQLiteTests' 'CeleryRedisTests\.R' 'CeleryRedisTests\.[^R]' 'CeleryWorkerTests|EndToEndTests'
    'InteropTests\.[CDI]' 'InteropTests\.[FM]' 'InteropTests\.[GP]' 'InteropTests\.[^CDFGIMP]' 'FaultTests' 'CanvasTests')
timed=$(IFS='|' && printf '%s' "${timed_groups[*]}")

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Puts a Swift toolchain on the PATH, or says what to install.
find_swift() {
    local folder
    if ! type -P swift >/dev/null 2>&1; then
        for folder in /opt/swift/usr/bin /usr/libexec/swift/bin "$HOME/.local/share/swiftly/bin"; do
            if [ -x "$folder/swift" ]; then
                export PATH="$PATH:$folder"
                break
            fi
        done
    fi
    type -P swift >/dev/null 2>&1 ||
        fail "no Swift toolchain found on the PATH or in /opt/swift: install Swift 6.2 or later from https://www.swift.org/install and put its usr/bin on the PATH"
}

# SwiftPM hands the traits to the compiler in the order of a hash table, another one each time, and builds everything again for it.
swift() {
    if [ "${1:-}" = build ]; then
        SWIFT_DETERMINISTIC_HASHING=1 command swift "$@"
    else
        command swift "$@"
    fi
}

# Prints how long a step took: elapsed START
elapsed() { printf '%dm%02ds' $((($(date +%s) - $1) / 60)) $((($(date +%s) - $1) % 60)); }

# Sets how to run the tests that were built with these options: test_program OPTION…
# As a program of their own several can run at once, while `swift test` waits for its folder.
test_program() {
    local program
    program=$(swift build --show-bin-path "$@")/swift-celeryPackageTests.xctest
    if [ -f "$program" ]; then
        run=(env NO_COLOR=1 "$program" --testing-library swift-testing)
    else
        # Used by who calls this.
        # shellcheck disable=SC2034
        run=(swift test --skip-build --disable-xctest "$@")
    fi
}

# Sets module_flags: what lets the compiler and its tools read the modules of a debug build. False where there is none.
modules() {
    local map include
    [ -d "$root/.build/debug/Modules" ] || return 1
    module_flags=(-I "$root/.build/debug/Modules")
    # Those of system libraries, and those that the build has made for C targets.
    while IFS= read -r map; do module_flags+=(-Xcc "-fmodule-map-file=$map"); done < <(
        find "$root/Sources" -name module.modulemap
        find "$root/.build/checkouts" -path '*/Sources/*' -name module.modulemap -not -path '*/include/*'
        find "$root/.build/debug/" -path '*.build/module.modulemap' -not -path '*/checkouts/*'
    )
    while IFS= read -r include; do module_flags+=(-Xcc "-I$include"); done < <(
        find "$root/Sources" "$root/.build/checkouts" -type d -name include -path '*Sources*'
    )
}

# Builds a benchmark, and sets what to run it with: benchmark PRODUCT RESULTS OPTION…
# It writes its results there unless its options say that it measures less than all.
benchmark() {
    local product=$1 results=$2 argument
    local build=(swift build -c release --package-path Benchmarks --scratch-path .build/benchmarks)
    shift 2
    "${build[@]}" --product "$product"
    bench="$("${build[@]}" --show-bin-path)/$product"
    output=(--output "$results")
    for argument in "$@"; do
        case "$argument" in --quick | --only | --output) output=() ;; esac
    done
    BENCH_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || say unknown)
    if [ -n "$(git status --porcelain --untracked-files=no 2>/dev/null)" ]; then BENCH_COMMIT+=" with changes"; fi
    export BENCH_COMMIT
}

# Every file of the project, one a line; without git, whatever is not a build product.
project_files() {
    if [ -e .git ] && command -v git >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
            if [ -f "$file" ]; then printf '%s\n' "$file"; fi
        done
    else
        find "${@:-.}" \( -name .build -o -name .git \) -prune -o -type f -print | sed 's|^\./||'
    fi
}
