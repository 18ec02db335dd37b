#!/usr/bin/env bash
# Makes the Python environment of the interop tests, once for each version of scripts/requirements.txt,
# and prints its interpreter's path: export CELERY_TEST_PYTHON=$(scripts/interop.sh)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

requirements="$root/scripts/requirements.txt"
base=
for candidate in ${PYTHON:-} python3 /usr/bin/python3; do
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        base=$candidate
        break
    fi
done
[ -n "$base" ] || fail "no Python 3.9 or later with venv found: run scripts/setup.sh, or set PYTHON"

key=$({ cat "$requirements"; "$base" -c 'import sys; print(sys.version, sys.base_prefix)'; } | cksum | cut -d' ' -f1)
folder="$root/.build/python/$key"
if [ ! -e "$folder/complete" ]; then
    mkdir -p "$root/.build/python"
    rm -rf "$folder"
    {
        "$base" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --disable-pip-version-check --quiet -r "$requirements"
    } >&2 || fail "could not install $requirements into $folder"
    touch "$folder/complete"
fi
say "$folder/bin/python"
