#!/bin/bash
# balrog-agent with a running admin: due changes are enacted, in order, and no others. A change that fails does not delay
# others, and is counted and reported. Two agents at once do no harm. The agent ends cleanly in the middle of its work.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: agent.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
# shellcheck source=test/integration/agent_lib.sh
. "$TOP/test/integration/agent_lib.sh"
# shellcheck source=test/integration/listen_lib.sh
. "$TOP/test/integration/listen_lib.sh"
trap world_down EXIT

IN=$WORK/in # what arrives for statsd and Sentry
MANY=20  # changes that two agents fight for
ROUNDS=2 # of that
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    MANY=200
    ROUNDS=5
fi

# rule RULE_ID [PRIORITY [USER]]: schedules an update of it.
rule() {
    local data_version
    data_version=$(query "SELECT data_version FROM rules WHERE rule_id = $1")
    schedule "${3-admin@x}" POST $SC/rules "{\"change_type\": \"update\", \"rule_id\": $1, \"data_version\": $data_version,
        \"priority\": ${2-60}, \"mapping\": \"R1\", \"backgroundRate\": 100, \"update_type\": \"minor\",
        \"product\": \"$([[ $1 == 1 ]] && echo Firefox || echo Other)\", \"channel\": \"$([[ $1 == 1 ]] && echo release || echo "c$1")\"}"
}

priority() {
    query "SELECT priority FROM rules WHERE rule_id = $1"
}

has_priority() { # RULE_ID PRIORITY
    equal "$2" "$(priority "$1")"
}

# The order in which rules' changes were enacted, by what it said.
order() {
    sed -n 's/.* agent.enacted rules \([0-9]*\) .*/\1/p' "$WORK/said" | tr '\n' ' '
}

# drop TABLE PATH: takes all back that is still scheduled there.
drop() {
    local id
    for id in $(pending "$1"); do
        ask admin@x DELETE "$SC/$2/$id?data_version=$(query "SELECT data_version FROM $1_scheduled_changes WHERE sc_id = $id")" >/dev/null
    done
}

# ---- the checks ----

nothing_to_do() {
    check "the agent ends with status 0 if nothing is due" ends 0 agent
    check "if nothing is due, the agent only logs that it got a token" equal 1 "$(wc -l <"$WORK/said")"
    check "a dry run ends with status 0 if nothing is due" ends 0 agent --dry-run
    check "if nothing is due, a dry run prints nothing" equal '' "$(<"$WORK/said")"
}

rules_in_order() {
    local ids=() i
    for i in 2 3 4 5 6; do
        ids+=("$(rule "$i" "5$i")")
    done
    ids+=("$(schedule admin@x POST $SC/rules '{"change_type": "delete", "rule_id": 7, "data_version": 1}')")
    check "none is due" ends 0 agent
    check "it says what they wait for" ends 0 agent --dry-run
    check "until when" said "^waits +rules ${ids[0]}: update of rules rule_id=2 .*, scheduled by admin@x: its time is 2100-01-01T00:00:00Z$"
    # Of the same time but for the second, which is the latest, and the third, which is not due.
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1700000000000 WHERE sc_id <> ${ids[2]};
        UPDATE rules_scheduled_changes_conditions SET \`when\` = 1700000001000 WHERE sc_id = ${ids[1]};"
    check "a dry run" ends 0 agent --dry-run
    check "says what is due" said "^would enact +rules ${ids[0]}: update of rules rule_id=2"
    check "and what is not" said "^waits +rules ${ids[2]}: "
    check "and enacts nothing" equal 6 "$(pending rules | wc -w)"
    check "a run" ends 0 agent
    check "enacts the latest first, then the highest priority, deletions last" equal \
        "${ids[1]} ${ids[4]} ${ids[3]} ${ids[0]} ${ids[5]} " "$(order)"
    check "each once" equal "52 53 50 55 56" "$(query "SELECT GROUP_CONCAT(priority ORDER BY rule_id SEPARATOR ' ') FROM rules WHERE rule_id BETWEEN 2 AND 6")"
    check "the deletion too" equal '' "$(priority 7)"
    check "in the name of who scheduled it" equal admin@x \
        "$(query 'SELECT changed_by FROM rules_history WHERE rule_id = 2 ORDER BY change_id DESC LIMIT 1')"
    check "what is not due stays" equal "${ids[2]}" "$(pending rules)"
    drop rules rules
}

every_kind() {
    local path status=0
    run_sql <<<"INSERT INTO balrog_partial_stops (product, channel, locale, data_version) VALUES ('Other', 'beta', 'de', 1)"
    schedule_all_kinds
    schedule admin@x POST $SC/partial_stops '{"change_type": "delete", "stop_id": 1, "data_version": 1}' >/dev/null
    check "eight are scheduled" ends 0 agent --dry-run
    check "and wait" equal 8 "$(grep -c '^waits' "$WORK/said")"
    all_kinds_due
    due balrog_partial_stops 1
    check "once they are due they are enacted" ends 0 agent
    for path in releases permissions emergency_shutoff partial_stops required_signoffs/product required_signoffs/permissions \
        pinnable_releases v2/releases; do
        grep -q "agent.enacted $path " "$WORK/said" || { status=1 && echo "  not: $path" >&2; }
    done
    check "of every kind" equal 0 "$status"
    check "a release is gone" equal 0 "$(query "SELECT COUNT(*) FROM releases WHERE name = 'R2'")"
    check "a permission is there" equal 1 "$(query "SELECT COUNT(*) FROM permissions WHERE username = 'new@x'")"
    check "a channel is on again" equal 0 "$(query 'SELECT COUNT(*) FROM emergency_shutoffs')"
    check "and a part of it" equal 0 "$(query 'SELECT COUNT(*) FROM balrog_partial_stops')"
    check "sign-offs are required" equal "1 1" "$(query "SELECT (SELECT COUNT(*) FROM product_req_signoffs WHERE product = 'New'),
        (SELECT COUNT(*) FROM permissions_req_signoffs WHERE product = 'New')")"
    check "a release is pinned" equal V1 "$(query 'SELECT mapping FROM pinnable_releases')"
    check "another has changed" equal 2 "$(query "SELECT data_version FROM releases_json WHERE name = 'V2'")"
}

signoffs() {
    local id
    id=$(rule 1 99)
    due rules "$id"
    check "due, but nobody has signed" ends 0 agent
    check "so it is not tried" equal 100 "$(priority 1)"
    check "by one of two roles" gives 200 qa@x POST "$SC/rules/$id/signoffs" '{"role": "qa"}'
    check "a dry run" ends 0 agent --dry-run
    check "says who is missing" said "^waits +rules $id: .*: 0 of 1 sign-offs by releng$"
    check "it still waits" ends 0 agent
    check "untried" equal 100 "$(priority 1)"
    check "by both" gives 200 rel@x POST "$SC/rules/$id/signoffs" '{"role": "releng"}'
    check "now it is enacted" ends 0 agent
    check "as scheduled" equal 99 "$(priority 1)"
    run_sql <<<"UPDATE rules SET mapping = 'V3' WHERE rule_id = 1"
}

# A release in parts: V3, which a protected rule maps to.
parts() {
    local locale='{"buildID": "20230101000000"}' table
    locale="{\"blob\": {\"platforms\": {\"p\": {\"locales\": {\"de\": $locale, \"fr\": $locale}}}}, \"old_data_versions\": {\"platforms\": {}}}"
    schedule admin@x POST /v2/releases/V3 "$locale" >/dev/null
    check "two parts of a release" equal 2 "$(pending release_assets | wc -w)"
    check "one of which is signed" gives 200 qa@x PUT /v2/releases/V3/signoff '{"role": "qa"}'
    table=release_assets_scheduled_changes
    run_sql <<<"UPDATE ${table}_conditions SET \`when\` = 1700000000000;
        INSERT INTO ${table}_signoffs (sc_id, username, role) SELECT MIN(sc_id), 'rel@x', 'releng' FROM $table WHERE complete = 0"
    check "all are due, one lacks a sign-off" ends 0 agent --dry-run
    check "so all wait" said '^waits +v2/releases V3: 2 changes, .*: 0 of 1 sign-offs by releng$'
    check "none is enacted" ends 0 agent
    check "not even the signed one" equal 2 "$(pending release_assets | wc -w)"
    check "all are signed" gives 200 rel@x PUT /v2/releases/V3/signoff '{"role": "releng"}'
    run_sql <<<"UPDATE ${table}_conditions SET \`when\` = $LATER ORDER BY sc_id DESC LIMIT 1"
    check "one is not due" ends 0 agent
    check "so all wait again" equal 2 "$(pending release_assets | wc -w)"
    run_sql <<<"UPDATE ${table}_conditions SET \`when\` = 1700000000000"
    check "all are due" ends 0 agent
    check "and enacted together" said 'agent.enacted v2/releases V3 \(2 changes'
    check "each" equal 2 "$(query "SELECT COUNT(*) FROM release_assets WHERE name = 'V3'")"
}

# Making a release writable needs what its product needs, though no rule maps to it.
unlocking() {
    run_sql <<<"INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
        ('V4', 'Firefox', 1, '{\"name\": \"V4\", $BLOB}', 1)"
    check "becoming writable is scheduled by itself" gives 200 admin@x PUT /v2/releases/V4/read_only \
        '{"read_only": false, "old_data_version": 1}'
    due releases_json "$(pending releases_json)"
    check "it waits for its product's sign-offs" ends 0 agent --dry-run
    check "it says so" said '^waits +v2/releases V4: .*: 0 of 1 sign-offs by qa; 0 of 1 sign-offs by releng$'
    check "and is not tried" ends 0 agent
    check "one signs" gives 200 qa@x PUT /v2/releases/V4/signoff '{"role": "qa"}'
    check "and the other" gives 200 rel@x PUT /v2/releases/V4/signoff '{"role": "releng"}'
    check "now it is enacted" ends 0 agent
    check "and writable" equal 0 "$(query "SELECT read_only FROM releases_json WHERE name = 'V4'")"
}

# A rule that has changed meanwhile, one scheduled by somebody who may no more, one that is fine.
failing() {
    local outdated robbed fine
    outdated=$(rule 8 88)
    robbed=$(rule 9 87 gone@x)
    fine=$(rule 10 86)
    run_sql <<<"UPDATE rules SET data_version = 7 WHERE rule_id = 8;
        DELETE FROM permissions WHERE username = 'gone@x'"
    due rules "$outdated" "$robbed" "$fine"
    : >"$IN/packets"
    check "two of three fail" ends 5 agent
    check "the one for its version" said "ERROR agent.failed rules $outdated .*: answered 400: OutdatedDataError: .*; next try in 1 s$"
    check "the other for its permission" said "ERROR agent.failed rules $robbed .*: answered 403: Permission Denied: gone@x is not allowed"
    check "the third is enacted" equal 86 "$(priority 10)"
    check "the run is summed up" said 'agent.run 1 enacted, 0 enacted by others, 2 failed, 0 not due yet, 2 to be tried again later'
    check "statsd counts what was enacted" eventually counted enacted 1
    check "and what failed" eventually counted failed 2
    check "nothing else" equal 2 "$(grep -vcE '^[0-9]+$' "$IN/packets")"
    check "Sentry is told" eventually test_reports 2
    check "what failed, and why" reported_failure "$outdated" OutdatedDataError
    daemon agent
    check "a daemon tries again" eventually logs agent "agent.failed rules $outdated .*; next try in 2 s"
    check "later and later" eventually logs agent "agent.failed rules $outdated .*; next try in 4 s"
    check "the permission is back" run_sql <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('gone@x', 'rule', 1)"
    check "so it succeeds by itself" eventually has_priority 9 87
    check "it ends" stopped
    drop rules rules
}

counted() { # WHAT NUMBER: by statsd
    equal "$2" "$(statsd_sum "$IN" "balrog.agent.changes.$1")"
}

test_reports() { # NUMBER: of failures; there is no other kind
    equal "$1" "$(grep -l '"type": "agent.failed"' "$IN"/request.*.body | wc -l)"
}

# reported_failure SC_ID WHY: an event like others, of this program.
reported_failure() {
    local file
    file=$(grep -lE "rules $1 .*$2" "$IN"/request.*.body)
    sed -n 3p "$file" | jq -e '.level == "error" and .environment == "test" and (.release | test("^balrog@[0-9]")) and
        .logger == "balrog-agent" and (.exception.values[0].stacktrace.frames | length > 1)' >/dev/null ||
        { sed -n 3p "$file" >&2 && return 1; }
}

# Whoever mends a change does not wait for the next try.
mending() {
    local id version
    token_conf slow retry_min_s=3600 retry_max_s=3600
    id=$(rule 11 77)
    run_sql <<<"UPDATE rules SET data_version = 7 WHERE rule_id = 11"
    due rules "$id"
    daemon slow
    check "it fails" eventually logs slow "agent.failed rules $id .*; next try in 3600 s"
    version=$(query "SELECT data_version FROM rules_scheduled_changes WHERE sc_id = $id")
    run_sql <<<"UPDATE rules_scheduled_changes SET base_data_version = 7, data_version = $version + 1 WHERE sc_id = $id;
        UPDATE rules_scheduled_changes_conditions SET data_version = $version + 1 WHERE sc_id = $id"
    check "edited, it is tried at once" eventually has_priority 11 77
    check "it had failed once" equal 1 "$(logged_times slow agent.failed)"
    check "how it goes is known" reported_as '"enacted":1,"failed":1'
    check "it ends" stopped
}

# What the agent says of itself, as the admin lists it.
reported_as() {
    eventually reported_now "$1"
}

reported_now() {
    gives 200 admin@x GET /app_instances && grep -q '"program":"balrog-agent"' "$WORK/body" &&
        grep -o '"detail":{[^}]*}[^}]*"program":"balrog-agent"' "$WORK/body" | grep -F "$1" >/dev/null
}

nobody_reported() {
    gives 200 admin@x GET /app_instances && body_lacks '"program":"balrog-agent"'
}

reporting() {
    daemon agent
    check "a daemon reports itself" reported_as '"waiting":0'
    check "with its version" body_has "\"version\":\"$(cat "$TOP/VERSION")\""
    check "and its process" body_has "\"pid\":$DAEMON,"
    check "it ends" stopped
    check "and takes its report away" nobody_reported
    check "the log says so" logs agent 'agent.stopped done'
}

# What is said at the admin's path is no list of changes.
no_lists() {
    : >"$IN/packets"
    token_conf other "admin_url=http://127.0.0.1:$PORT/other"
    check "an admin without lists" ends 5 other
    check "of which each is counted" eventually counted list_failed 9
}

# Both see the same list: whoever is second finds the change gone.
two_at_once() {
    local round i first second others=0 enacted=0
    : >"$IN/packets"
    for ((round = 0; round < ROUNDS; round++)); do
        for ((i = 21; i < 21 + MANY; i++)); do
            rule "$i" $((100 + round)) >/dev/null
        done
        run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1700000000000 WHERE \`when\` = $LATER"
        "$AGENT" --config "$WORK/agent.conf" --once >"$WORK/one.log" 2>&1 &
        first=$!
        "$AGENT" --config "$WORK/agent.conf" --once >"$WORK/two.log" 2>&1 &
        second=$!
        check "one agent is content" wait "$first"
        check "so is the other" wait "$second"
        enacted=$((enacted + $(logged_times one agent.enacted) + $(logged_times two agent.enacted)))
        others=$((others + $(logged_times one agent.already) + $(logged_times two agent.already)))
        check "all is done" equal '' "$(pending rules)"
        check "nothing failed" equal '' "$(grep -h ERROR "$WORK/one.log" "$WORK/two.log" || true)"
    done
    check "each was enacted once" equal "$((ROUNDS * MANY))" "$enacted"
    check "so it stands in the history" equal "$ROUNDS $ROUNDS" "$(query "SELECT MIN(n), MAX(n) FROM (SELECT COUNT(*) AS n
        FROM rules_history WHERE rule_id > 20 AND rule_id <= 20 + $MANY AND data_version > 1 GROUP BY rule_id) AS t")"
    check "they got into each other's way" test "$others" -gt 0
    check "statsd counts each once" eventually counted enacted $((ROUNDS * MANY))
    check "and what was done already" eventually counted already "$others"
}

# Holds the rule 12 until the file descriptor 7 is closed, and is told to COMMIT.
hold_rule() {
    rm -f "$WORK/lock" "$WORK/held"
    mkfifo "$WORK/lock"
    sandbox sql "$BOX" -N --unbuffered <"$WORK/lock" >"$WORK/held" &
    exec 7>"$WORK/lock"
    printf "BEGIN; SELECT 'held' FROM rules WHERE rule_id = 12 FOR UPDATE;\n" >&7
    eventually grep -q held "$WORK/held"
}

blocked() {
    equal 1 "$(query "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")"
}

due_now() { # SC_ID
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1700000000000 WHERE sc_id = $1"
}

# A run that takes more than a second longer than the interval is followed by another one.
long_run() {
    due_now "$(rule 12 72)"
    check "somebody locks a rule for long" hold_rule
    daemon agent
    check "a run waits for it" eventually blocked
    sleep 2.5 # the interval is 1 s
    printf 'COMMIT;\n' >&7
    exec 7>&-
    check "what was waited for is enacted" eventually has_priority 12 72
    due_now "$(rule 13 73)"
    check "and the next run comes" eventually has_priority 13 73
    check "it is stopped" stopped
}

# TERM comes while the admin is running for it: that is waited for, and nothing else is begun.
ending() {
    local first second
    first=$(rule 12 71)
    second=$(rule 13 70)
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1700000000000 WHERE sc_id IN ($first, $second)"
    check "somebody locks a rule" hold_rule
    daemon agent
    check "the agent waits for it" eventually blocked
    kill -TERM "$DAEMON"
    check "TERM does not break that off" equal 1 "$(sleep 0.3 && jobs -pr | grep -c "^$DAEMON\$")"
    printf 'COMMIT;\n' >&7
    exec 7>&-
    check "it ends well" wait "$DAEMON"
    check "what was under way is enacted" equal 71 "$(priority 12)"
    check "what was next is not begun" equal "$second" "$(pending rules)"
    check "no report is left behind" nobody_reported
    drop rules rules
}

agent_rows $((20 + MANY)) >"$WORK/rows.sql"
make_keys
admin_up "$WORK/rows.sql" --set "admin.issuer=$ISSUER" --set admin.audience=balrog \
    --set "admin.jwks_file=$WORK/jwks.json" --set 'admin.machine=Client1 balrogagent'
world_up
listen_up "$IN"
printf -v MORE_CONF '[statsd]\naddress = 127.0.0.1:%s\n[sentry]\ndsn_file = %s\nenvironment = test\n' "$UDP_PORT" \
    "$(secret dsn "http://publickey@127.0.0.1:$HTTP_PORT/42")"
token_conf agent
nothing_to_do
rules_in_order
every_kind
signoffs
parts
unlocking
failing
mending
reporting
no_lists
two_at_once
long_run
ending
summary
