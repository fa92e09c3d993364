#!/bin/bash
# balrog-uptake beside a real nginx: every answered query is counted once, those from nginx's cache too, across
# logrotate's renaming; balrog-agent enacts what waits for an uptake once it is reached; who may ask; bad configuration.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: uptake.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

CACHE=on
UPTAKE=$BUILD/balrog-uptake
CONF=$WORK/uptake.conf

write_conf() { # LINE…
    printf '%s\n' '[log]' "crash_dir = $WORK/crash" '[uptake]' "socket = $SANDBOX/run/uptake.sock" "log = $SANDBOX/log/access.log" \
        'products = Firefox GMP' 'channels = release beta' 'min_queries = 10' "$@" >"$CONF"
}

start_uptake() {
    "$UPTAKE" --config "$CONF" >>"$WORK/uptake.log" 2>&1 &
    LOOSE+=("$!")
    PID=$!
    until_true 10 test -S "$SANDBOX/run/uptake.sock"
}

stop_uptake() {
    kill -TERM "$PID"
    check "ends cleanly on TERM" wait "$PID"
}

# ask_many N CHANNEL VERSION: so many queries, of which all must be answered.
ask_many() {
    local i answered
    answered=$(for ((i = 0; i < $1; i++)); do
        printf 'url = "%s%s"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$PUBLIC_URL" "$(update_path "$2" "$3")"
    done | curl -s --noproxy '*' --path-as-is -K - | grep -c '^200$')
    equal "$1" "$answered"
}

# counted N PRODUCT CHANNEL: so many, within a few seconds.
counted() {
    until_true 10 counts "$@" || { get "/__uptake__/$2/$3" >&2 && return 1; }
}

counts() {
    get "/__uptake__/$2/$3" | grep "\"queries\": $1, \"age_s\"" >/dev/null
}

has() { # TEXT PATH
    get "$2" | grep -F -- "$1" >/dev/null
}

test_counting() {
    check "queries are answered" ask_many 60 release-cck-partner 118.0
    check "all, though nginx keeps answers" until_true 5 grep -q '"cache":"HIT"' "$SANDBOX/log/access.log"
    ask_many 20 release 119.0
    check "and counted once each" counted 80 Firefox release
    check "by version" until_true 10 has '"118.0": {"queries": 60, "percent": 75.000}' /__uptake__/Firefox/release
    check "the watched version" has '"watched": {"queries": 20, "percent": 25.000, "version": "119.0"}' \
        /__uptake__/Firefox/release
    check "as promtool likes it" promtool_likes
    check "an unknown product is not found" equal 404 "$(status /__uptake__/Gecko/release)"
    check "nor a path" equal 404 "$(status /__uptake__/x)"
    check "a path that can be read in two ways is refused" equal 400 "$(curl -s --noproxy '*' --path-as-is \
        -o /dev/null -w '%{http_code}' "$PUBLIC_URL/__uptake__/Firefox/%2e%2e/Firefox/release")"
    check "asking leaves no line in the log" equal 0 "$(grep -c __uptake__ "$SANDBOX/log/access.log")"
}

admin() { # METHOD PATH [BODY]: as an administrator; the status
    curl -s --noproxy '*' --max-time 30 -o "$WORK/body" -w '%{http_code}' -u admin@example.org:demo -X "$1" \
        -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$ADMIN_URL$2" || true
}

priority() {
    db <<<'SELECT priority FROM rules WHERE rule_id = 1'
}

has_priority() {
    [[ $(priority) == "$1" ]]
}

# What the agent would do, by a run beside the one that works.
agent_says() { # PATTERN
    "$BUILD/balrog-agent" --config "$SANDBOX/agent.conf" --dry-run >"$WORK/out" 2>&1 && grep -qE -- "$1" "$WORK/out"
}

# From clients' queries in nginx's log to a change that is enacted.
test_agent() {
    sandbox_up --agent --set "agent.uptake_url=$PUBLIC_URL/__uptake__/{product}/{channel}" --set agent.uptake_pointer=/watched/percent
    check "a rule's change is scheduled for an uptake" equal 200 "$(admin POST /scheduled_changes/rules '{"rule_id": 1,
        "change_type": "update", "data_version": 1, "when": 0, "telemetry_product": "Firefox", "telemetry_channel": "release",
        "telemetry_uptake": 40, "priority": 77, "mapping": "A", "backgroundRate": 100, "update_type": "minor",
        "product": "Firefox"}')"
    check "and another for one that nobody can tell" equal 200 "$(admin POST /scheduled_changes/rules '{"when": 0,
        "change_type": "insert", "telemetry_product": "GMP", "telemetry_channel": "release", "telemetry_uptake": 1,
        "priority": 1, "mapping": "A", "backgroundRate": 100, "update_type": "minor", "product": "GMP"}')"
    check "the agent knows the uptake" until_true 10 agent_says 'the uptake of Firefox on release is 25 of 40$'
    check "where nothing is watched it knows none" agent_says 'GMP on release is not known: .* has no number at /watched/percent'
    check "whole runs go by" until_true 10 ran $(($(runs) + 2))
    check "and it waits" has_priority 10
    ask_many 20 release 119.0
    check "the uptake is reached" until_true 10 has '"percent": 40.000, "version": "119.0"' /__uptake__/Firefox/release
    check "the change is enacted" until_true 10 has_priority 77
    check "in the name of who scheduled it" equal admin@example.org \
        "$(db <<<'SELECT changed_by FROM rules_history WHERE rule_id = 1 ORDER BY change_id DESC LIMIT 1')"
    check "the other one waits on" equal 1 "$(db <<<'SELECT COUNT(*) FROM rules_scheduled_changes WHERE complete = 0')"
    sandbox stop agent
}

# The last list that a run of the agent looks at, as often as it did.
runs() {
    grep -cF '"GET /v2/releases"' "$SANDBOX/log/admin-access.log"
}

ran() { # NUMBER: so often or more
    (($(runs) >= $1))
}

promtool_likes() {
    get /__uptake__/metrics | promtool check metrics
}

rotate() {
    mv -- "$SANDBOX/log/access.log" "$SANDBOX/log/access.log.1"
    ask_many 5 release 119.0 # into the old file
    kill -USR1 "$(<"$SANDBOX/run/nginx.master")"
    until_true 10 test -e "$SANDBOX/log/access.log"
    ask_many 7 release 119.0
}

test_rotation() {
    rotate
    check "queries around logrotate's work are counted" counted 112 Firefox release
    stop_uptake
    ask_many 8 release 119.0
    start_uptake
    check "a new start reads the previous file, too" counted 120 Firefox release
}

test_bad_lines() {
    printf '%s\n' 'not JSON' '{"time":"x"}' >>"$SANDBOX/log/access.log"
    check "other lines are told apart" until_true 10 has 'lines_total{kind="broken"} 2' /__uptake__/metrics
    ask_many 1 release 119.0
    check "and do no harm" counted 121 Firefox release
}

test_crash() {
    kill -SEGV "$PID"
    wait "$PID" 2>/dev/null || true
    check "a crash leaves a file" grep -qx 'signal SIGSEGV' "$WORK"/crash/balrog-uptake-"$PID"-*
    rm -f -- "$SANDBOX/run/uptake.sock"
    start_uptake
    check "of which the next start tells" until_true 10 grep -q 'crash.found' "$WORK/uptake.log"
}

refuses() { # TEXT LINE…
    local status=0
    write_conf "${@:2}"
    "$UPTAKE" --config "$CONF" --check-config >"$WORK/out" 2>&1 || status=$?
    equal 1 "$status" && { grep -qF -- "$1" "$WORK/out" || { cat "$WORK/out" >&2 && return 1; }; }
}

test_configuration() {
    check "a watch has three parts" refuses 'must be PRODUCT CHANNEL VERSION' 'watch = Firefox release'
    check "of what is counted" refuses 'is not listed in [uptake]' 'watch = Firefox nightly 1.0'
    check "numbers have limits" refuses 'window_h' 'window_h = 1000'
    write_conf 'log ='
    sed -i "0,/^log = .*access.log/{/^log = .*access.log/d}" "$CONF"
    check "the log is needed" equal 1 "$("$UPTAKE" --config "$CONF" --check-config >"$WORK/out" 2>&1; echo $?)"
    check "and said so" grep -q "must be set to the path of nginx's access log" "$WORK/out"
}

app_release A >"$WORK/release.json"
{
    printf "INSERT INTO releases (name, product, data_version, data) VALUES ('A', 'Firefox', 1, '%s');\n" "$(<"$WORK/release.json")"
    printf "INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, data_version)
        VALUES (1, 10, 'A', 100, 'minor', 'Firefox', 1);
        INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@example.org', 'admin', NULL, 1),
        ('balrogagent', 'scheduled_change', '{\"actions\": [\"enact\"]}', 1);\n"
} >"$WORK/rows.sql"
sandbox_up --load "$WORK/rows.sql" --passwords "$TOP/conf/demo.passwords"
write_conf 'watch = Firefox release 119.0' 'versions = 3'
check "its configuration is valid" "$UPTAKE" --config "$CONF" --check-config
check "without it the rest of nginx works" equal 502 "$(status /__uptake__/metrics)"
start_uptake
test_counting
test_agent
test_rotation
test_bad_lines
test_crash
stop_uptake
test_configuration
summary
