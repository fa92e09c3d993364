#!/bin/bash
# What balrog-agent rests on: its configuration, tokens and passwords, where uptakes come from, an admin that is old, away
# or none at all.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: agent_sources.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
# shellcheck source=test/integration/agent_lib.sh
. "$TOP/test/integration/agent_lib.sh"
trap world_down EXIT

RULES=12

rows() {
    cat <<'EOF'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO releases (name, product, data, data_version) VALUES ('R1', 'Other', '{"name": "R1", "schema_version": 1}', 1);
EOF
    local i
    for ((i = 1; i <= RULES; i++)); do
        printf "INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
            VALUES (%d, 50, 'R1', 100, 'minor', 'Other', 'c%d', 1);\n" "$i" "$i"
    done
}

# rule RULE_ID PRIORITY: schedules an update of it; prints the sc_id.
rule() {
    ask admin@x POST $SC/rules "{\"change_type\": \"update\", \"rule_id\": $1, \"priority\": $2, \"mapping\": \"R1\",
        \"data_version\": $(query "SELECT data_version FROM rules WHERE rule_id = $1"), \"backgroundRate\": 100,
        \"update_type\": \"minor\", \"product\": \"Other\", \"channel\": \"c$1\", \"when\": $LATER}" >/dev/null
    number sc_id
}

# due_rule RULE_ID PRIORITY: one whose time has come.
due_rule() {
    due rules "$(rule "$1" "$2")"
}

has_priority() { # RULE_ID PRIORITY
    equal "$2" "$(query "SELECT priority FROM rules WHERE rule_id = $1")"
}

# ---- the command line and the configuration ----

# wrong TEXT KEY=VALUE…: a configuration that is refused with TEXT, and nothing of the secrets.
wrong() {
    local text=$1 status=0
    shift
    agent_conf wrong "$@"
    "$AGENT" --config "$WORK/wrong.conf" --check-config >"$WORK/said" 2>&1 || status=$?
    equal 1 "$status" && said "^balrog-agent: .*$text" && not_said 's3cret'
}

configuration() {
    local basic=("user=balrogagent" "password_file=$(secret password "$PASSWORD")")
    local token=(token_url=https://idp.example/token client_id=a "client_secret_file=$(secret client-secret "$CLIENT_SECRET")")
    check "--help" "$AGENT" --help >"$WORK/said"
    check "has it all" said '--once .*one look'
    check "its own exit statuses" said '5 with --once'
    check "--version" "$AGENT" --version >"$WORK/said"
    check "an unknown option" equal 2 "$("$AGENT" --onec 2>/dev/null || echo $?)"
    check "an argument" equal 2 "$("$AGENT" once 2>/dev/null || echo $?)"
    check "no file" equal 1 "$("$AGENT" --config "$WORK/none.conf" 2>"$WORK/said" || echo $?)"
    check "is named" said 'cannot read .*/none.conf: No such file'
    check "no admin" wrong 'admin_url: must be set, for example to https://' "${basic[@]}"
    check "an admin without TLS" wrong 'admin_url: must be https \(or set allow_http\)' admin_url=http://admin.example "${basic[@]}"
    check "no way to be known" wrong 'set either user or token_url' admin_url=https://admin.example
    check "two of them" wrong 'set either user or token_url' admin_url=https://admin.example "${basic[@]}" "${token[@]}"
    check "a name without a password" wrong 'user: password_file must be set as well' admin_url=https://admin.example user=a
    check "a client without a secret" wrong 'client_id and client_secret_file must be set as well' admin_url=https://admin.example \
        token_url=https://idp.example/token client_id=a
    check "tokens without TLS" wrong 'token_url: must be https' admin_url=https://admin.example "${token[@]/https/http}"
    check "an uptake without a place" wrong 'uptake_pointer: must be a JSON pointer' admin_url=https://admin.example \
        "${basic[@]}" 'uptake_url=https://p.example/{product}'
    check "an unknown word in its URL" wrong 'only \{product\} and \{channel\} can be replaced' admin_url=https://admin.example \
        "${basic[@]}" 'uptake_url=https://p.example/{version}' uptake_pointer=/a
    check "an unknown key" wrong 'wrong.conf:2: \[agent\] admin: unknown key; did you mean "admin_url"' admin=https://admin.example
    check "no number" wrong 'interval_s: must be a whole number from 1 to 3600, in seconds' interval_s=often
    chmod o+r "$WORK/password"
    check "a secret that all can read" wrong "password_file: .*chmod o=" admin_url=https://admin.example "${basic[@]}"
    chmod o= "$WORK/password"
    agent_conf good admin_url=https://admin.example "${basic[@]}"
    check "a good one" "$AGENT" --config "$WORK/good.conf" --check-config >"$WORK/said"
    check "is said to be" said 'good.conf is valid'
    agent_conf variable admin_url=https://admin.example user=a
    check "a secret from the environment" env BALROG_AGENT_PASSWORD=x "$AGENT" --config "$WORK/variable.conf" --check-config >/dev/null
}

# ---- tokens ----

# What was asked of the world, and how.
asked() {
    grep -qE -- "$1" "$WORK/world/access.log" || { printf '  not asked: %s\n' "$1" >&2 && tail -n 5 "$WORK/world/access.log" >&2 && return 1; }
}

asked_times() {
    grep -cE -- "$1" "$WORK/world/access.log" || true
}

tokens() {
    token_conf agent
    due_rule 1 61
    check "known by a token" ends 0 agent
    check "it enacts" has_priority 1 61
    check "what the token's giver was asked" asked "^POST /oauth/token auth=\[\] body=\[grant_type=client_credentials&client_id=Client1&client_secret=$CLIENT_SECRET&audience=balrog\]"
    token_conf header token_auth=basic 'scope=enact all'
    due_rule 1 62
    check "the secret in the header" ends 0 header
    check "it is not in the body" asked "^POST /oauth/token auth=\[Basic $(printf 'Client1:%s' "$CLIENT_SECRET" | base64)\] body=\[grant_type=client_credentials&audience=balrog&scope=enact%20all\]"
    due_rule 1 63
    give_out "$(jwt -60)" 600
    check "a token that ran out" ends 3 agent
    check "is said" said "ERROR agent.failed rules .*: answered 401: .*token_expired"
    check "another was asked for, once" equal 2 "$(grep -c agent.token "$WORK/said")"
    give_out '' 600
    check "an answer without a token" ends 3 agent
    check "is said, too" said "agent.lost .*: no token from http://127.0.0.1:$PORT/oauth/token: the answer has no access_token"
    token_conf nowhere "token_url=http://127.0.0.1:$PORT/nothing"
    check "no giver of tokens" ends 3 nowhere
    check "says what it answered" said "no token from http://127.0.0.1:$PORT/nothing: answered 404"
    check "one line, not one for each kind" equal 1 "$(grep -c ERROR "$WORK/said")"
    give_out "$(jwt 600)" 600
    check "all is well again" ends 0 agent
    check "and done" has_priority 1 63
}

runs_out() { # TOKEN: by now
    equal 401 "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$ADMIN_URL/whoami")"
}

# A daemon whose token is not taken any more, though it was to last; and one whose tokens are short-lived.
refreshing() {
    local token before
    token=$(jwt 3)
    give_out "$token" 3600
    daemon agent
    check "a token is had" eventually logs agent agent.token
    give_out "$(jwt 600)" 3600
    check "until it is not taken any more" eventually runs_out "$token"
    due_rule 2 64
    check "another is asked for then" eventually has_priority 2 64
    check "that is not a failure" equal 0 "$(logged_times agent ERROR)"
    check "it ends" stopped
    give_out "$(jwt 600)" 2
    before=$(asked_times /oauth/token)
    daemon agent
    check "tokens of two seconds are replaced" eventually test_more_asked "$before" 3
    check "it ends, too" stopped
    check "no secret is in a log" equal '' "$(grep -lE 's3cret|eyJ' "$WORK"/*.log || true)"
}

test_more_asked() { # BEFORE BY
    (($(asked_times /oauth/token) >= $1 + $2))
}

# ---- a name and a password ----

passwords() {
    local admin=http://127.0.0.1:$((PORT + 1))
    agent_conf basic "admin_url=$admin" user=balrogagent "password_file=$(secret password "$PASSWORD")"
    due_rule 3 65
    check "known by a password" ends 0 basic
    check "it enacts" has_priority 3 65
    agent_conf bad "admin_url=$admin/" user=balrogagent "password_file=$(secret bad-password s3cret-but-wrong)"
    due_rule 3 66
    check "a wrong one" ends 3 bad
    check "is said once" equal 1 "$(grep -c 'agent.lost .*: answered 401$' "$WORK/said")"
    check "and nothing of it" not_said s3cret
    agent_conf stranger "admin_url=$ADMIN_URL/api" user=balrogagent "password_file=$WORK/password"
    check "an admin that knows no passwords" ends 3 stranger
    check "says why" said 'answered 401: .*Permission denied'
    check "the right one again" ends 0 basic
    check "does it" has_priority 3 66
}

# ---- uptakes ----

# uptake RULE_ID PRIORITY PRODUCT CHANNEL WANTED: schedules an update of the rule at that uptake.
uptake() {
    local id
    id=$(rule "$1" "$2")
    gives 200 admin@x POST "$SC/rules/$id" "{\"sc_data_version\": 1, \"data_version\": 1, \"when\": null,
        \"telemetry_product\": \"$3\", \"telemetry_channel\": \"$4\", \"telemetry_uptake\": $5}" && echo "$id"
}

# taken_up PRODUCT CHANNEL NUMBER: so it is, as JSON, from now on.
taken_up() {
    mkdir -p "$WORK/www/uptake/$1"
    printf '{"status": "success", "data": {"result": [{"metric": {}, "value": [1700000000.5, %s]}]}}\n' "$3" \
        >"$WORK/www/uptake/$1/$2.json"
}

uptakes() {
    local one two before
    token_conf upt "uptake_url=http://127.0.0.1:$PORT/uptake/{product}/{channel}.json" \
        uptake_pointer=/data/result/0/value/1 "uptake_bearer_file=$(secret bearer "$UPTAKE_TOKEN")"
    one=$(uptake 4 67 Firefox release 5000)
    two=$(uptake 5 68 Firefox 'rel ease/x?' 5000)
    check "two wait for uptakes" test -n "$one" -a -n "$two"
    check "without a source" ends 0 agent
    check "it says so" said 'WARNING agent.uptake the uptake of Firefox on release is not known: no source of uptakes is configured'
    check "and waits" ends 0 agent --dry-run
    check "as a dry run tells" said "^waits +rules $one: .*: the uptake of Firefox on release is not known: no source"
    check "a source that knows neither" ends 0 upt
    check "is logged" said 'WARNING agent.uptake the uptake of Firefox on release is not known: the uptake.s source answered 404'
    taken_up Firefox release '"NaN"'
    check "no number" ends 0 upt
    check "is logged, too" said 'Firefox on release is not known: the uptake.s source has no number at /data/result/0/value/1'
    taken_up Firefox release '"4999.5"'
    check "too few" ends 0 upt --dry-run
    check "how many" said "^waits +rules $one: .*: the uptake of Firefox on release is 4999.5 of 5000$"
    check "it waits" has_priority 4 50
    before=$(asked_times /uptake/Firefox/release)
    uptake 6 69 Firefox release 4999 >/dev/null
    check "another wants fewer" ends 0 upt
    check "and is enacted" has_priority 6 69
    check "the first is not" has_priority 4 50
    check "the source was asked once for both" equal $((before + 1)) "$(asked_times /uptake/Firefox/release)"
    daemon upt
    check "a daemon reports what it has read" eventually reported_uptake 4999.5
    check "it ends" stopped
    taken_up Firefox release '"5000"'
    taken_up 'Firefox/rel ease' 'x?' 5000
    check "enough" ends 0 upt
    check "it is enacted" has_priority 4 67
    check "so is one on a channel with other letters" has_priority 5 68
    check "of which each was escaped" asked '^GET /uptake/Firefox/rel%20ease%2Fx%3F.json auth=\[Bearer s3cret-of-the-uptake\]'
}

no_source() {
    local id
    token_conf silent "uptake_url=http://127.0.0.1:1/{product}" uptake_pointer=/n
    id=$(uptake 7 70 Firefox release 1)
    uptake 8 71 Firefox beta 1 >/dev/null
    due_rule 9 72
    check "a source that is away" ends 0 silent
    check "is said of each" equal 2 "$(grep -c 'WARNING agent.uptake' "$WORK/said")"
    check "holds nothing else" has_priority 9 72
    check "nor does the change go" ends 0 silent --dry-run
    check "it waits" said "^waits +rules $id: "
    daemon silent
    check "it is counted" eventually counted_uptakes
    check "it ends" stopped
    drop_rules
}

# Those who take a connection and never say anything.
silence() {
    local port id
    python3 -c 'import socket, time
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    time.sleep(3600)' >"$WORK/silent" &
    eventually test -s "$WORK/silent"
    port=$(<"$WORK/silent")
    token_conf mute-token "token_url=http://127.0.0.1:$port/" timeout_s=1
    check "a giver of tokens who says nothing" ends 3 mute-token
    check "is given up" said "agent.lost .*: no token from http://127.0.0.1:$port/: .*[Tt]imed? ?out"
    token_conf mute "uptake_url=http://127.0.0.1:$port/{product}" uptake_pointer=/n uptake_timeout_s=1
    id=$(uptake 7 70 Firefox release 1)
    uptake 8 71 Firefox beta 1 >/dev/null
    due_rule 9 74
    check "a source of uptakes that says nothing" ends 0 mute
    check "is given up, for both" equal 2 "$(grep -cE 'WARNING agent.uptake .*[Tt]imed? ?out' "$WORK/said")"
    check "and holds nothing else" has_priority 9 74
    check "what needs it waits" equal 50 "$(query 'SELECT priority FROM rules WHERE rule_id = 7')"
    drop_rules
    [[ -n ${BALROG_TEST_FULL-} ]] || return 0
    token_conf mute-admin "admin_url=http://127.0.0.1:$port" timeout_s=1
    check "an admin that says nothing" ends 5 mute-admin
    check "is given up for each kind" equal 8 "$(grep -cE 'ERROR agent.list .*[Tt]imed? ?out' "$WORK/said")"
}

counted_uptakes() {
    gives 200 admin@x GET /app_instances && body_has '"uptake_failed":2'
}

reported_uptake() { # NUMBER
    gives 200 admin@x GET /app_instances && body_has "\"uptakes\":[{\"channel\":\"release\",\"product\":\"Firefox\",\"uptake\":$1}]"
}

drop_rules() {
    local id
    for id in $(pending rules); do
        gives 200 admin@x DELETE "$SC/rules/$id?data_version=$(query "SELECT data_version FROM rules_scheduled_changes WHERE sc_id = $id")"
    done
}

# ---- other admins ----

others() {
    token_conf older "admin_url=http://127.0.0.1:$PORT/older"
    due_rule 10 73
    daemon older
    check "an admin that does not accept reports" eventually has_priority 10 73
    check "is harmless" eventually logs older 'INFO agent.unreported the admin does not accept reports'
    check "it ends" stopped
    check "nothing went wrong" equal 0 "$(logged_times older 'WARNING|ERROR')"
    local name
    for name in html moved other endless; do
        token_conf "$name" "admin_url=http://127.0.0.1:$PORT/$name"
    done
    check "a page of HTML" ends 5 html
    check "is none" said 'agent.list cannot read what is scheduled for rules: answered 200: JSON is broken'
    check "somewhere else" ends 5 moved
    check "is not gone to" said 'cannot read what is scheduled for rules: answered 302'
    check "other JSON" ends 5 other
    check "is not taken for a list" said 'for rules: the answer has no list "scheduled_changes"'
    check "for each kind" equal 9 "$(grep -c 'ERROR agent.list' "$WORK/said")"
    check "half an answer" ends 5 endless
    token_conf nobody admin_url=http://127.0.0.1:1
    check "nobody there" ends 3 nobody
    check "is said once" equal 1 "$(grep -c 'ERROR agent.lost' "$WORK/said")"
    check "in a dry run" ends 3 nobody --dry-run
    check "on stdout, too" said '^unreadable +rules: '
}

too_long() {
    local text
    text=$(printf 'x%.0s' {1..400})
    token_conf small max_answer_mb=1
    run_sql <<<"INSERT INTO emergency_shutoffs (product, channel, comment, data_version)
            SELECT 'P', CONCAT('c', seq), '$text', 1 FROM seq_1_to_3000;
        INSERT INTO emergency_shutoffs_scheduled_changes (scheduled_by, complete, change_type, data_version, base_product,
            base_channel, base_comment, base_data_version)
            SELECT 'admin@x', 0, 'delete', 1, 'P', CONCAT('c', seq), '$text', 1 FROM seq_1_to_3000;
        INSERT INTO emergency_shutoffs_scheduled_changes_conditions (sc_id, \`when\`, data_version)
            SELECT sc_id, $LATER, 1 FROM emergency_shutoffs_scheduled_changes WHERE complete = 0"
    due_rule 11 74
    check "a list that is too long" ends 5 small
    check "is refused" said 'agent.list cannot read what is scheduled for emergency_shutoff: the answer is longer than 1048576 bytes'
    check "and holds no other kind" has_priority 11 74
    check "it may be allowed" ends 0 agent
}

# The database goes and comes back, under a daemon.
outage() {
    daemon agent
    check "it runs" eventually logs agent agent.token
    sandbox stop "$BOX" db
    check "no database" eventually logs agent 'agent.list .*: answered 503: The database does not answer'
    check "it lives on" kill -0 "$DAEMON"
    sandbox start "$BOX" db
    due_rule_later 12 75
    check "and goes on" eventually has_priority 12 75
    check "it ends" stopped INT
}

# The admin needs a moment to find the database again.
due_rule_later() {
    eventually gives 200 admin@x GET /whoami
    due_rule "$@"
}

rows >"$WORK/rows.sql"
configuration
make_keys
admin_up "$WORK/rows.sql" --set "admin.issuer=$ISSUER" --set admin.audience=balrog \
    --set "admin.jwks_file=$WORK/jwks.json" --set 'admin.machine=Client1 balrogagent'
world_up
tokens
refreshing
passwords
uptakes
no_source
silence
others
too_long
outage
summary
