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
# shellcheck source=test/integration/prometheus_lib.sh
. "$TOP/test/integration/prometheus_lib.sh"

CACHE=on
WORKERS=1

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
    runbook_section "$1" | grep "^- \*\*$2\*\*" >/dev/null
}

annotated() { # ALERT: its rule names its own section
    awk -v alert="$1" '$1 == "-" && $2 == "alert:" { inside = $3 == alert } inside && $1 == "runbook:" { print $2 }' \
        "$TOP/conf/prometheus/rules.yml" | grep -x "docs/runbook.md#${1,,}" >/dev/null
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

test_queries() {
    local query
    for query in public admin canary; do # alerts.sh has what host.json shows
        check_dashboard "$TOP/conf/grafana/$query.json"
    done
    check "there were many" test "$QUERIES" -gt 40
    while IFS= read -r query; do
        check "$query is recorded" returns_data "$query"
    done < <(sed -n 's/^ *- record: //p' "$TOP/conf/prometheus/rules.yml")
    check "nothing is wrong here, so no alert fires" equal '' "$(firing)"
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

# With an environment: what only this machine knows. A program that was killed is marked.
test_top_here() {
    export BALROG_ENVIRONMENTS=$WORK/environments
    mkdir -p "$BALROG_ENVIRONMENTS" "$WORK/root/state"
    printf '%s\n' "root = $WORK/root" "public_url = $PUBLIC_URL" "admin_url = $ADMIN_URL" "nginx_log = $SANDBOX/log/access.log" >"$BALROG_ENVIRONMENTS/t.conf"
    printf '%s\n' 'phase = watching' 'version = v9.9' >"$WORK/root/state/canary"
    printf 'canary 17 2\n' >"$WORK/root/state/canary-pids"
    printf '%s\tdone\tme\tdeploy public v9.8\n' "$EPOCHSECONDS" >"$WORK/root/state/deploys"
    check "top of an environment" top_is 'nginx +[1-9][0-9.]* requests/s, 0.00 5xx/s, 0.00/s without an answer of a program, [0-9]+ % from the cache' \
        'canary +v9.9 is watching, 2 restarts' 'deploy +deploy public v9.8: done, [0-9.]+ s ago' 'disks .*releases [0-9]+ % free'
    check "and since when programs run" top_shows 'up [0-9.]+ (s|min)$' '^admin .*; up [0-9.]+ (s|min)$'
    kill -KILL -- "-$(<"$SANDBOX/run/agent.pid")"
    # That takes half a minute: who reports every ten seconds may miss two.
    [[ -z ${BALROG_TEST_FULL-} ]] ||
        check "a program that was killed is not shown as one that runs" until_true 90 top_is '^  balrog-agent .*GONE or hanging: silent for'
    sandbox stop db
    check "a stale snapshot is" until_true 30 top_is 's old and STALE'
    sandbox start db
}

top_is() { # TEXT…
    "$TOP/scripts/top" --once --interval 1 -e t >"$WORK/top" && top_shows "$@"
}

test_top() {
    local status=0
    check "top draws a picture" "$TOP/scripts/top" --once --interval 1 --public "$PUBLIC_URL" --admin "$ADMIN_URL" >"$WORK/top"
    check "of what is answered" top_shows '^stable +v[0-9.]+, pid [0-9]+ +[1-9][0-9.]* queries/s +[0-9.]+ % empty' '99 % [0-9.]+ ms'
    check "how fresh it is" top_shows 'snapshot [0-9.]+ s old, generation [0-9]+, 15 rules, [0-9]+ releases, 0 missing'
    check "of the admin" top_shows '^admin .* requests/s, 0.00 errors/s; database answers' '^scheduled nothing'
    check "of who lives" top_shows '^  balrog-public +v' '^  balrog-admin +v' '^  balrog-agent +v'
    test_top_here
    status=0
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
start_prometheus cat cat
test_queries
test_status
test_top
end_load
summary
