#!/usr/bin/env bash
# Checks deploy/ as far as a machine without systemd, Kubernetes and Prometheus can: `systemd-analyze verify` on the units, the
# manifests against Kubernetes' own schemas, and that ports, paths, options and metric names are the program's. What needs a
# tool that is not there is reported as skipped. `--self-test` spoils copies and expects each to be found out; `--report` does both and
# writes docs/evidence/deploy.md.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 1

ok() { printf 'ok      %s\n' "$*"; }
skipped() { printf 'skipped %s\n' "$*"; }
failed=0
bad() {
    printf 'FAILED  %s\n' "$*"
    failed=1
}

# units FOLDER: with a program that exists in place of the one that is to be installed.
units() {
    local folder=$1 unit copies said
    if ! command -v systemd-analyze >/dev/null 2>&1; then
        if [ "${CELERY_REQUIRE_SERVICES:-}" = 1 ]; then
            bad "systemd units: there is no systemd-analyze on the PATH (Debian: systemd)"
        else
            skipped "systemd units: there is no systemd-analyze on the PATH (Debian: systemd)"
        fi
        return
    fi
    copies=$(mktemp -d)
    touch "$copies/worker.env"
    for unit in "$folder"/systemd/*.service; do
        sed -e 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' -e "s|/etc/celery|$copies|" "$unit" >"$copies/$(basename "$unit")"
    done
    cp "$copies/celery-worker@.service" "$copies/celery-worker@images.service" 2>/dev/null
    for unit in celery-worker.service celery-worker@images.service; do
        # Only what it says of these: units of the machine may have faults of their own.
        said=$(systemd-analyze verify --man=no --recursive-errors=no "$copies/$unit" 2>&1)
        if [ $? -ne 0 ] || grep -q "$unit\|celery-worker@" <<<"$said"; then
            bad "systemd: $unit"
            printf '%s\n' "$said" | head -n 10 | sed 's/^/        /'
        else
            ok "systemd: $unit"
        fi
    done
    rm -rf "$copies"
}

# rules FOLDER
rules() {
    local said
    if ! command -v promtool >/dev/null 2>&1; then
        skipped "Prometheus rules, their expressions: there is no promtool on the PATH (Debian: prometheus)"
    elif said=$(promtool check rules "$1"/prometheus/*.rules.yaml 2>&1); then
        ok "Prometheus rules, their expressions"
    else
        bad "Prometheus rules: $said"
    fi
}

check() {
    local python
    units "$1"
    rules "$1"
    python=$(scripts/interop.sh deploy) || { bad "no Python environment"; return; }
    "$python" scripts/deploy_check.py "$1" || failed=1
}

self_test() {
    local folder name file edit said result=0
    folder=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    while IFS='|' read -r name file edit; do
        rm -rf "$folder/deploy"
        cp -R deploy "$folder/deploy"
        sed -i "$edit" "$folder/deploy/$file"
        if cmp -s "deploy/$file" "$folder/deploy/$file"; then
            say "FAILED  nothing was spoilt: $name"
            result=1
        elif said=$(failed=0; check "$folder/deploy" 2>&1; exit "$failed"); then
            say "FAILED  not found: $name"
            result=1
        elif ! grep -q '^FAILED' <<<"$said"; then
            say "FAILED  ended without a finding: $name: $said"
            result=1
        else
            say "ok      finds $name"
        fi
    done <<'LIST'
an unknown section of a unit|systemd/celery-worker.service|s/\[Install\]/[Instal]/
a wrong value in a unit|systemd/celery-worker@.service|s/^KillMode=.*/KillMode=some/
an option that there is not|systemd/celery-worker.service|s/--hostname=/--hostnam=/
a setting that there is not|systemd/worker.env|s/CELERY_WORKER_HEALTH_PORT/CELERY_WORKER_HEALT_PORT/
a field that there is not|kubernetes/worker.yaml|s/maxUnavailable: 1/maxUnavaillable: 1/
a probe of no page|kubernetes/worker.yaml|s|path: /livez|path: /healthz|
a probe at no port|kubernetes/worker.yaml|s/containerPort: 8080/containerPort: 8081/
no grace|kubernetes/worker.yaml|/terminationGracePeriodSeconds: /d
a scaler of nothing|kubernetes/scale-keda.yaml|s/^    name: celery-worker/    name: celery-worke/
a monitor of no port|kubernetes/podmonitor.yaml|s/port: health/port: healt/
a metric that there is not|prometheus/celery.rules.yaml|s/leases_lost_total/leases_gone_total/
a file that is not there|container/Dockerfile|s/^COPY Faults/COPY Fault/
an image that runs as root|container/Dockerfile|/^USER/d
a health check at another port|container/Dockerfile|s/8080\/livez/8081\/livez/
YAML that is none|kubernetes/scale-hpa.yaml|s/^spec:/spec/
LIST
    return "$result"
}

# report: what was looked at, with what, and what came of it.
report() {
    local file="$root/docs/evidence/deploy.md" status=0
    {
        say "# Files for deploying, checked"
        say
        say "Written by \`scripts/deploy-check.sh --report\` on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD), with" \
            "$(systemd-analyze --version 2>/dev/null | head -n 1 || say no systemd-analyze). No image was built and no cluster was there."
        say
        say '```'
        (check deploy; exit "$failed") || status=1
        say '```'
        say
        say "Each of these faults, made in a copy, has to be found:"
        say
        say '```'
        self_test || status=1
        say '```'
    } >"$file" 2>&1
    cat "$file"
    return "$status"
}

case "${1:-}" in
    --self-test) self_test ;;
    --report) report ;;
    '')
        check deploy
        exit "$failed"
        ;;
    *) fail "usage: scripts/deploy-check.sh [--self-test | --report]" ;;
esac
