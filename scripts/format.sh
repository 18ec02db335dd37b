#!/usr/bin/env bash
# Formats every Swift file of the project in place.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
find_swift
project_files | grep '\.swift$' | xargs swift format format --in-place --parallel --configuration .swift-format
