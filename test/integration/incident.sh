#!/bin/bash
# scripts/incident on a deployed environment: what it shows while all is well, and while parts fail or hang. It changes nothing.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: incident.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

REPORT=$WORK/report

# Runs incident; leaves the screen in $SAID, and the seconds that it took in TOOK.
incident() {
    local from=$SECONDS
    operate 0 incident --file "$REPORT" || return 1
    TOOK=$((SECONDS - from))
}

shows() { # REGEX…
    local regex
    for regex in "$@"; do
        grep -qE -- "$regex" <<<"$SAID" || { printf '  no %s in:\n%s\n' "$regex" "$SAID" >&2 && return 1; }
    done
}

# A change of a rule, as the admin writes it.
as_person() { # USER METHOD PATH BODY
    curl -fs --noproxy '*' -o /dev/null -u "$1:x" -X "$2" -H 'Content-Type: application/json' -d "$4" "http://127.0.0.1:$((PORT + 1))$3"
}

# Everything that incident could change.
state_of_all() {
    find "$ROOT/state" "$ROOT/run" "$ROOT/current" ! -name 'canary-log' -printf '%p %l %s %T@\n' | sort
    sql "$WORK/db" balrog <<<"CHECKSUM TABLE rules, rules_history, emergency_shutoffs, permissions, balrog_schema"
}

agent_is_known() {
    incident && shows '^  agent   last looked [0-9]+ s ago, 0 changes fail'
}

nginx_is_known() {
    incident && shows '^  nginx   last [1-9][0-9]* requests: [1-9]'
}

test_well() {
    local before
    check "the agent has looked" until_true 30 agent_is_known
    check "public, admin and their databases" shows "^  public  http://127.0.0.1:$PORT: itself 200 in .*, with its database 200 in" \
        "^  admin   http.*: itself 200 in .*, with its database 200 in" "^  public  $V1, started .* ago: snapshot [0-9]+ s old, feed lag [0-9]+ s, 15 rules" \
        '^  admin   database answers'
    check "nginx, once it has written its log" until_true 30 nginx_is_known
    check "versions" shows "^  here: public $V1 running serving current" "^  here: agent $V1 running current"
    check "no canary" shows '^canary' "^  none, $V1 serves all requests"
    check "the last deploys, and by whom" shows "^  20.* deploy public $V1: done, by $(id -un)"
    check "disks" shows '^  [0-9]+% used, .* free: /'
    check "whom to call" shows '^  the release engineers at night'
    check "and in which order" equal "at once: Ann|after 15 minutes: the lead (555 0100)|after 60 minutes: the director" \
        "$(sed -n '/^contacts$/,$p' <<<"$SAID" | sed -n 's/^  \(at once.*\|after .*\)/\1/p' | paste -s -d '|')"
    check "nobody has Prometheus here" shows 'NOT KNOWN: Prometheus at http://127.0.0.1:1: '
    as_person boss@example.com POST /rules/1 '{"data_version": 1, "backgroundRate": 7, "comment": "slowly"}'
    as_person boss@example.com POST /emergency_shutoff '{"product": "Firefox", "channel": "beta", "comment": "crashes"}'
    as_person boss@example.com POST /emergency_shutoff '{"product": "Firefox", "channel": "beta", "version": "<9.0", "locale": "de",
        "comment": "hangs"}'
    before=$(state_of_all)
    check "with a change" incident
    check "of a rule: what and who" shows '^  20[0-9: -]+  boss@example.com: rule 1 \(.*\) backgroundRate [0-9]+ -> 7$'
    check "and a shutoff: since when, who, why" shows '^  Firefox beta since 20[0-9: -]+ by boss@example.com \(crashes\)$'
    check "one for a part of the clients: also which" shows \
        '^  Firefox beta only version <9.0, locale de since 20[0-9: -]+ by boss@example.com \(hangs\)$'
    check "nothing was changed" equal "$before" "$(state_of_all)"
    check "the report holds the same" grep -qE 'boss@example.com: rule 1 .* backgroundRate [0-9]+ -> 7$' "$REPORT"
    check "it is one screen" test "$(wc -l <<<"$SAID")" -le 60
    check "the report names no password" equal 0 "$(grep -c secret "$REPORT" || true)"
}

# A Prometheus stands here only to have a firing alert; dashboards.sh and alerts.sh have real ones with the real rules.
test_alerts() {
    local port pid
    port=$(free_port)
    printf 'groups: [{name: a, rules: [{alert: BalrogTest, expr: vector(1), labels: {severity: page, backend: stable}}]}]\n' >"$WORK/rules.yml"
    printf 'global: {evaluation_interval: 1s}\nrule_files: [%s]\n' "$WORK/rules.yml" >"$WORK/prometheus.yml"
    prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" --web.listen-address="127.0.0.1:$port" >"$WORK/prometheus.log" 2>&1 &
    pid=$!
    WRK_PIDS+=("$pid")
    set_env "prometheus_url=http://127.0.0.1:$port"
    check "firing alerts, with the section of the runbook" until_true 30 alert_shown
    kill -STOP "$pid"
    check "a Prometheus that hangs" incident
    check "costs only its lines" shows 'NOT KNOWN: Prometheus at' '^  admin   database answers'
    check "and is waited for briefly" test "$TOOK" -le 20
    kill -KILL "$pid"
}

alert_shown() {
    incident && shows '^  page    BalrogTest backend="stable": docs/runbook.md#balrogtest$'
}

# The database answers nobody any more, and nothing gets an error either.
test_hanging_database() {
    kill -STOP "$(<"$WORK/db/pid")"
    check "a database that hangs" incident
    check "is reported" shows 'NO ANSWER within 8 s' "^  public  .*: itself 200 in"
    check "all parts together take little more than one" test "$TOOK" -le 20
    kill -CONT "$(<"$WORK/db/pid")"
}

test_outage() {
    stop_mariadb "$WORK/db" KILL
    until_true 30 stale
    check "without the database" incident
    check "what still works is shown" shows "^  public  http.*: itself 200 in .*, with its database 502" 'snapshot [0-9]+ s old and STALE' \
        '^  admin   database DOES NOT ANSWER' 'NOT KNOWN: cannot use the database balrog' "^  here: public $V1 running serving current"
    check "with the programs' errors" shows '^  20[0-9: -]+ ERROR balrog-public database.failed: '
    kill "$(<"$WORK/nginx.pid")"
    until_true 10 test ! -e "$WORK/nginx.pid"
    check "without nginx, too" incident
    check "is said" shows '^  public  http.*: itself NO ANSWER' '^  public  its figures cannot be read' "^  here: public $V1 running"
    set_env hosts=host-that-is-not-there.invalid
    check "a host that is not there" incident
    check "is said" shows '^  host-that-is-not-there.invalid: NO ANSWER .*resolve'
    set_env hosts= nginx_log=/nonexistent/access.log
    check "without nginx's log" incident
    check "is said" shows 'its log /nonexistent/access.log cannot be read'
}

stale() {
    incident && shows 'and STALE'
}

test_usage() {
    check "no environment" equal 2 "$("$TOP/scripts/incident" >"$WORK/out" 2>&1; echo $?)"
    check "a limit that is none" operate 2 incident --limit 100
    check "an option that is none" operate 2 incident --execute
    rm -f -- "$REPORT"
    check "the report has its own place" operate 0 incident
    check "below the state's directory" shows "^  $ROOT/state/incidents/t-20[0-9TZ]*.txt"
}

PORT=$(free_port)
make_database
make_configuration
make_nginx
db <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('boss@example.com', 'admin', 1)"
db <<<"DELETE FROM product_req_signoffs"
set_env prometheus_url=http://127.0.0.1:1 "contacts=the release engineers at night" \
    "escalation=the director after 60, Ann after 0, the lead (555 0100) after 15"
git init --quiet "$REPO"
built_tarball "$WORK/v1.tar"
check "deployed" operate 0 deploy --from "$WORK/v1.tar" "$V1"
get "$(query_path 20200101000000 de)" >/dev/null
test_well
test_alerts
test_hanging_database
test_usage
test_outage
summary
