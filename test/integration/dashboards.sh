#!/bin/bash
# A real Prometheus scrapes a complete Balrog: every query of every dashboard and every figure of the alerts returns data.
# promtool checks the rules and makes each alert fire. The runbook has a section for each alert.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: dashboards.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

CACHE=on
WORKERS=1
PROMETHEUS=

# ---- the rules ----

test_rules() {
    check "the rules are what Prometheus takes" promtool check rules "$TOP/conf/prometheus/rules.yml"
    check "the configuration, too" promtool check config "$TOP/conf/prometheus/prometheus.yml"
    check "each alert fires when it should" promtool test rules "$TOP/test/data/prometheus-rules.yml"
}

# ---- the runbook ----

alerts() {
    sed -n 's/^ *- alert: //p' "$TOP/conf/prometheus/rules.yml"
}

# The section's text, from its heading to the next one.
runbook_section() { # ALERT
    awk -v wanted="## $1" '/^## / { inside = $0 == wanted; next } inside' "$TOP/docs/runbook.md"
}

section_says() { # ALERT BEGINNING-OF-ITEM
    runbook_section "$1" | grep -q "^- \*\*$2\*\*"
}

annotated() { # ALERT: its rule names its own section
    awk -v alert="$1" '$1 == "-" && $2 == "alert:" { inside = $3 == alert } inside && $1 == "runbook:" { print $2 }' \
        "$TOP/conf/prometheus/rules.yml" | grep -qx "docs/runbook.md#${1,,}"
}

test_runbook() {
    local alert item
    check "the runbook has one section per alert, in the same order, and no other" equal "$(alerts)" \
        "$(sed -n 's/^## //p' "$TOP/docs/runbook.md")"
    for alert in $(alerts); do
        check "the rule of $alert names its section of the runbook" annotated "$alert"
        for item in 'For clients' 'Where to look' 'What to do' 'Wake'; do
            check "the section of $alert has the item '$item'" section_says "$alert" "$item"
        done
    done
}

# ---- Prometheus ----

# conf/prometheus/prometheus.yml for the sandbox's ports, scraping each second.
start_prometheus() {
    local port=${PUBLIC_URL##*:} admin=${ADMIN_URL##*:} listen
    mkdir -p -- "$WORK/prometheus"
    sed -e 's/: 15s/: 1s/' -e "s/127.0.0.1:80\"/127.0.0.1:$port\"/" -e "s/127.0.0.1:81\"/127.0.0.1:$admin\"/" \
        "$TOP/conf/prometheus/prometheus.yml" >"$WORK/prometheus/prometheus.yml"
    cp -- "$TOP/conf/prometheus/rules.yml" "$WORK/prometheus/"
    sed -i 's/^  - name: .*/&\n    interval: 1s/' "$WORK/prometheus/rules.yml"
    for listen in $(shuf -i 20000-31999 -n 20); do
        prometheus --config.file="$WORK/prometheus/prometheus.yml" --storage.tsdb.path="$WORK/prometheus/data" \
            --web.listen-address="127.0.0.1:$listen" >"$WORK/prometheus/log" 2>&1 &
        LOOSE+=("$!")
        PROMETHEUS=http://127.0.0.1:$listen
        if until_true 20 curl -fs -o /dev/null --noproxy '*' "$PROMETHEUS/-/ready"; then
            return
        fi
    done
    tail -n 5 -- "$WORK/prometheus/log" >&2
    return 1
}

# results QUERY: how many series it has; in Grafana's own words.
results() {
    curl -s --noproxy '*' --data-urlencode "query=${1//\$__rate_interval/1m}" "$PROMETHEUS/api/v1/query" |
        jq -e 'if .status == "success" then .data.result | length else error(.error) end'
}

has_data() {
    (($(results "$1" 2>>"$WORK/prometheus/errors" || echo 0) > 0))
}

returns_data() {
    until_true 30 has_data "$1" || { tail -n 1 -- "$WORK/prometheus/errors" >&2 && return 1; }
}

test_queries() {
    local query file n=0
    for file in "$TOP"/conf/grafana/*.json; do
        check "${file##*/} is a dashboard with a title" jq -e '.title and .uid and (.panels | length > 5)' "$file"
        while IFS= read -r query; do
            n=$((n + 1))
            check "${file##*/}: $query returns data" returns_data "$query"
        done < <(jq -r '.panels[].targets[].expr' "$file")
    done
    check "there were many" test "$n" -gt 40
    while IFS= read -r query; do
        check "$query is recorded" returns_data "$query"
    done < <(sed -n 's/^ *- record: //p' "$TOP/conf/prometheus/rules.yml")
    check "nothing is wrong here, so no alert fires" equal '' "$(curl -s --noproxy '*' "$PROMETHEUS/api/v1/alerts" |
        jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname')"
    check "no rule fails" equal 0 "$(curl -s --noproxy '*' "$PROMETHEUS/api/v1/rules" |
        jq '[.data.groups[].rules[] | select(.health == "err")] | length')"
}

# ---- /status ----

status_has() { # EXPRESSION of jq, true of what people's pages get
    curl -s --noproxy '*' -u admin@example.org:demo "$ADMIN_URL/status" >"$WORK/status" && jq -e "$1" "$WORK/status" >/dev/null
}

# Programs report about every ten seconds.
shows_status() {
    until_true 25 status_has "$1" || { head -c 3000 "$WORK/status" >&2 && return 1; }
}

test_status() {
    check "people see how public does" shows_status '.instances[] | select(.program == "balrog-public").detail |
        .answers.up_to_date > 20 and .responses["2xx"] > 100 and .update_ms.p99 >= .update_ms.median and .update_ms.median > 0 and
        .generation >= 1 and .rules == 15 and .releases > 0 and .missing == 0 and .snapshot_bytes > 1000 and .build_ms >= 0 and
        .snapshot_age_ms >= 0 and .feed_lag_ms >= 0 and .feed_gaps == 0 and .database_failures == 0 and (.throttle | type) == "object"'
    check "and the agent" shows_status '.instances[] | select(.program == "balrog-agent").detail |
        .enacted == 0 and .failed == 0 and .waiting == 0 and .runs > 1'
    check "and the admin" shows_status '.request_ms.p99 > 0 and .requests["2xx"] > 3 and .auth_refused.unauthenticated == 0 and
        .database.statements > 10 and .database.retries == 0 and .database.connections.refused == 0'
}

# ---- scripts/top ----

top_shows() { # TEXT…
    local text
    for text in "$@"; do
        grep -qE -- "$text" "$WORK/top" || { echo "no $text in:" && cat "$WORK/top" && return 1; } >&2
    done
}

test_top() {
    local status=0
    check "top draws a picture" "$TOP/scripts/top" --once --interval 1 --public "$PUBLIC_URL" --admin "$ADMIN_URL" >"$WORK/top"
    check "of what is answered" top_shows '^stable +v[0-9.]+, pid [0-9]+ +[1-9][0-9.]* queries/s +[0-9.]+ % empty' '99 % [0-9.]+ ms'
    check "how fresh it is" top_shows 'snapshot [0-9.]+ s old, generation [0-9]+, 15 rules, [0-9]+ releases, 0 missing'
    check "of the admin" top_shows '^admin .* requests/s, 0.00 errors/s; database answers' '^scheduled nothing'
    check "of who lives" top_shows '^  balrog-public +v' '^  balrog-admin +v' '^  balrog-agent +v'
    "$TOP/scripts/top" --once --interval 1 --public http://127.0.0.1:1 >"$WORK/top" || status=$?
    check "nobody there is status 3" equal 3 "$status"
    check "and said" top_shows 'does not answer at http://127.0.0.1:1'
    status=0
    "$TOP/scripts/top" --once >"$WORK/top" 2>&1 || status=$?
    check "it must know whom to ask" equal 2 "$status"
}

# ---- something to see ----

start_uptake() {
    printf '%s\n' '[uptake]' "socket = $SANDBOX/run/uptake.sock" "log = $SANDBOX/log/access.log" >"$WORK/uptake.conf"
    "$BUILD/balrog-uptake" --config "$WORK/uptake.conf" >"$WORK/uptake.log" 2>&1 &
    LOOSE+=("$!")
    until_true 10 test -S "$SANDBOX/run/uptake.sock"
}

check "the tools are there" command -v prometheus promtool jq
test_rules
test_runbook
sandbox_up --load "$TOP/conf/demo.sql" --passwords "$TOP/conf/demo.passwords" --agent
start_uptake
start_load 2 "$(update_path release 1.0)" "$(update_path beta 1.0)" "$(update_path nightly 2.0)" /__version__
curl -s -o /dev/null --noproxy '*' -u admin@example.org:demo "$ADMIN_URL/rules"
start_prometheus
test_queries
test_status
test_top
end_load
summary
