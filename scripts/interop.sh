#!/usr/bin/env bash
# Makes a Python environment, once for each version of its requirements file, and prints its interpreter's path. There are
# two for the two versions of Celery that the interop tests talk to, and one each for scripts/deploy-check.sh and
# scripts/other-servers.sh:
#
#   export CELERY_TEST_PYTHON=$(scripts/interop.sh)          scripts/requirements.txt
#   export CELERY_TEST_PYTHON_56=$(scripts/interop.sh 5.6)   scripts/requirements-5.6.txt
#   scripts/interop.sh deploy                                scripts/requirements-deploy.txt
#   scripts/interop.sh servers                               scripts/requirements-servers.txt
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
    '' | 5.7) requirements="$root/scripts/requirements.txt" ;;
    5.6) requirements="$root/scripts/requirements-5.6.txt" ;;
    deploy | servers) requirements="$root/scripts/requirements-$1.txt" ;;
    *) fail "usage: scripts/interop.sh [5.7|5.6|deploy|servers]" ;;
esac
base=
for candidate in ${PYTHON:-} python3 /usr/bin/python3; do
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        base=$candidate
        break
    fi
done
[ -n "$base" ] || fail "no Python 3.10 or later with venv found: run scripts/setup.sh, or set PYTHON"

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
