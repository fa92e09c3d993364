#!/bin/bash
# Partial stops against the real servers: only the clients that match get nothing, within a second; who may make them, what is
# refused, what is signed before they end, what /explain, /simulate, /pending and /history say, and a start without the database.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: partial_stop.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

PUBLIC_URL='' DB_SOCKET='' DB_NAME=''
STOP=/emergency_shutoff
PARTS=/partial_stops
SC=/scheduled_changes/partial_stops
SOON=2 # whole seconds; a change is served within one

cat >"$BOX.sql" <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1),
    ('off@x', 'emergency_shutoff', '{"products": ["Firefox"], "actions": ["create"]}', 1),
    ('on@x', 'emergency_shutoff', '{"products": ["Firefox"]}', 1),
    ('qa@x', 'release_locale', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('on@x', 'releng', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1);
INSERT INTO releases (name, product, data_version, data) VALUES ('R', 'Firefox', 1, '{"name": "R", "schema_version": 4,
    "hashFunction": "sha512", "appVersion": "50.0", "displayVersion": "50.0", "platformVersion": "50.0",
    "fileUrls": {"*": {"completes": {"*": "http://download.mozilla.org/?product=R"}}},
    "platforms": {"Linux": {"OS_FTP": "l", "OS_BOUNCER": "l", "locales": {"de": {"buildID": "20300101000000",
        "completes": [{"from": "*", "filesize": 1, "hashValue": "ab"}]}}}, "Windows": {"alias": "Linux"}}}');
INSERT INTO rules (rule_id, priority, backgroundRate, update_type, product, mapping, data_version) VALUES
    (1, 100, 100, 'minor', 'Firefox', 'R', 1);
END_ROWS

# client PLATFORM [VERSION [CHANNEL]]: the path of its query.
client() {
    printf '/update/6/Firefox/%s/20200101000000/%s/de/%s/os/ISET:SSE3,MEM:4096/default/default/update.xml' \
        "${2:-40.0}" "$1" "${3:-release}"
}

# updates PLATFORM [VERSION [CHANNEL]]: such a client gets an update; stopped …: it gets the empty answer.
updates() {
    curl -s --noproxy '*' "$PUBLIC_URL$(client "$@")" | grep '<patch' >/dev/null
}

stopped() {
    [[ $(curl -s --noproxy '*' "$PUBLIC_URL$(client "$@")") == $'<?xml version="1.0"?>\n<updates>\n</updates>' ]]
}

figure() { # NAME: of balrog-public
    curl -s --noproxy '*' "$PUBLIC_URL/__metrics__" | awk -v name="balrog_public_$1" '$1 == name { print $2 }'
}

# The value of EXPRESSION, of Python, where `a` is the last answer.
is_value() { # WANTED EXPRESSION
    equal "$1" "$(python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$WORK/body" "$2")"
}

explains() { # PLATFORM [PARAMETERS]
    gives 200 - GET "/explain?url=$(client "$1" | sed 's|/|%2F|g')${2:+&$2}"
}

# ---- making ----

WINDOWS='{"product": "Firefox", "channel": "release", "buildTarget": "Windows", "version": "<45.0", "comment": "crash on start"}'

test_stop() {
    check "everybody gets an update" updates Windows
    check "stopping a part needs no sign-off" gives 201 off@x POST $STOP "$WINDOWS"
    check "those that match get nothing, within a second" until_true $SOON stopped Windows
    check "also in a build of a partner" stopped Windows 44.0 release-cck-partner
    check "another platform goes on" updates Linux
    check "a newer version goes on" updates Windows 45.0
    check "another channel goes on" updates Windows 40.0 beta
    check "the answer names the stop" is_value "(1, 1, None)" "(a['stop_id'], a['data_version'], a['warning'])"
    check "and all its conditions" is_value "('Windows', '<45.0', None, None)" \
        "(a['buildTarget'], a['version'], a['locale'], a['mig64'])"
    check "it says which change it is" grep -qi '^X-Feed-Id: [0-9]' "$WORK/head"
    check "it is counted" test "$(figure 'answers_total{reason="partial_stop"}')" -ge 2
    check "and shown" equal 1 "$(figure snapshot_partial_stops)"
    check "the reference's table has nothing of it" equal 0 "$(query 'SELECT COUNT(*) FROM emergency_shutoffs')"
}

test_lists() {
    check "the reference's list stays as it is" gives 200 - GET $STOP
    check "empty" says '{"count":0,"shutoffs":[]}'
    check "the list of partial ones" gives 200 - GET $PARTS
    check "has it" is_value "(1, 1, 'crash on start')" \
        "(a['count'], a['partial_stops'][0]['stop_id'], a['partial_stops'][0]['comment'])"
    check "without anybody's name" body_lacks off@x
    check "one of them" gives 200 - GET $PARTS/1
    check "its version in the head" grep -qi '^X-Data-Version: 1' "$WORK/head"
    check "none" refused 404 "There is no such partial stop" - GET $PARTS/99
    check "who made it" gives 200 qa@x GET /shutoffs
    check "is known to those with a permission" is_value "(0, [], 'off@x', 'off@x')" \
        "(a['count'], a['shutoffs'], a['partial_stops'][0]['created_by'], a['partial_stops'][0]['changed_by'])"
    check "to others not" gives 403 stranger@x GET /shutoffs
}

test_refusals() {
    local long where='"product": "Firefox", "channel": "beta"'
    long=$(printf 'x%.0s' {1..501})
    check "nobody" gives 401 - POST $STOP "{$where, \"locale\": \"de\"}"
    check "another product" refused 403 "off@x is not allowed to shut off updates for product Other" off@x POST $STOP \
        '{"product": "Other", "channel": "beta", "locale": "de"}'
    check "a channel of many" refused 400 "make one for each channel" admin@x POST $STOP \
        '{"product": "Firefox", "channel": "beta*", "locale": "de"}'
    check "no product" refused 400 "'product' is a required property" admin@x POST $STOP '{"channel": "beta", "locale": "de"}'
    check "only empty conditions" refused 400 "All conditions are empty. Leave them out to stop the whole channel" admin@x POST \
        $STOP "{$where, \"locale\": \"\", \"buildTarget\": \" \", \"jaws\": null}"
    check "a misspelt one beside another" refused 400 "'buildtarget' is not a condition" admin@x POST $STOP \
        "{$where, \"locale\": \"de\", \"buildtarget\": \"Linux\"}"
    check "what only a rule has" refused 400 "'priority' is not a condition" admin@x POST $STOP \
        "{$where, \"locale\": \"de\", \"priority\": 3}"
    check "a version that is none" refused 400 version admin@x POST $STOP "{$where, \"version\": \"<<3\"}"
    check "a list with a hole" refused 400 locale admin@x POST $STOP "{$where, \"locale\": \"de,,fr\"}"
    check "a memory that is none" refused 400 memory admin@x POST $STOP "{$where, \"memory\": \"lots\"}"
    check "a build id that is none" refused 400 buildID admin@x POST $STOP "{$where, \"buildID\": \"<x\"}"
    check "no truth" refused 400 mig64 admin@x POST $STOP "{$where, \"mig64\": \"yes\"}"
    check "too long" refused 400 "is too long" admin@x POST $STOP "{$where, \"headerArchitecture\": \"PowerPC-601\"}"
    check "a long comment" refused 400 "is too long" admin@x POST $STOP "{$where, \"locale\": \"de\", \"comment\": \"$long\"}"
    check "the same again" refused 400 "Partial stop 1 has the same conditions already" off@x POST $STOP \
        '{"product": "Firefox", "channel": "release", "version": "<45.0", "buildTarget": " Windows"}'
    check "a dry run" gives 200 off@x POST "$STOP?dry_run=1" '{"product": "Firefox", "channel": "release", "locale": "de"}'
    check "none was made" equal 1 "$(query 'SELECT COUNT(*) FROM balrog_partial_stops')"
    run_sql <<<"INSERT INTO balrog_partial_stops (product, channel, locale, data_version) SELECT 'Many', seq, 'de', 1 FROM seq_1_to_199"
    check "one too many" refused 400 "There are 200 partial stops already" off@x POST $STOP \
        '{"product": "Firefox", "channel": "release", "locale": "fr"}'
    check "a whole one can still be made" gives 201 off@x POST $STOP '{"product": "Firefox", "channel": "nightly"}'
    run_sql <<<"DELETE FROM balrog_partial_stops WHERE product = 'Many'; DELETE FROM emergency_shutoffs"
}

# A Balrog of Mozilla that uses the database does not know partial stops.
test_warning() {
    local id french='{"product": "Firefox", "channel": "aurora", "locale": "fr,it", "mig64": true}'
    run_sql <<<"CREATE TABLE alembic_version (version_num VARCHAR(32))"
    check "the admin gets the right to see that" "$TOP/scripts/create-db-users" --mend-rights --execute --socket "$DB_SOCKET" \
        --user root --database "$DB_NAME" >"$WORK/log"
    check "and no other right on it" equal SELECT "$(query "SELECT GROUP_CONCAT(privilege_type) FROM
        information_schema.table_privileges WHERE table_name = 'alembic_version' AND grantee LIKE '%balrog_admin%'")"
    check "beside it" gives 201 on@x POST $STOP "$french"
    check "the answer warns" body_has "its public servers do not obey it. If they answer clients, stop the whole channel"
    check "lists are as stored" is_value "('fr,it', True)" "(a['locale'], a['mig64'])"
    run_sql <<<"DROP TABLE alembic_version"
    id=$(number stop_id)
    check "an outdated deletion" refused 400 OutdatedDataError on@x DELETE "$PARTS/$id?data_version=7"
    check "where no sign-offs are needed it can be lifted at once" gives 200 on@x DELETE "$PARTS/$id?data_version=1"
}

# ---- what is told ----

test_explain() {
    check "explained" explains Windows
    check "the stop is named" is_value "(1, {'buildTarget': 'Windows', 'version': '<45.0'}, 'crash on start', 'release')" \
        "(a['stopped']['stop_id'], a['stopped']['conditions'], a['stopped']['comment'], a['stopped']['channel'])"
    check "as the reason" is_value "('partial_stop', 'not_reached')" \
        "(a['dice']['outcomes'][0]['reason'], a['rules'][0]['verdict'])"
    check "for others it does not count" explains Linux
    check "at all" is_value "(None, 'served')" "(a['stopped'], a['dice']['outcomes'][0]['reason'])"
    check "as a text" explains Windows format=text
    check "it says the conditions" body_has 'Stopped for a part, by partial stop 1: buildTarget Windows, version <45.0'
    check "before it was made" explains Windows "timestamp=$(($(query 'SELECT timestamp FROM balrog_partial_stops_history
        WHERE stop_id = 1 AND data_version = 1') - 1))"
    check "it did not count" is_value None "a['stopped']"
    check "once it was made" explains Windows "timestamp=$(query 'SELECT timestamp FROM balrog_partial_stops_history
        WHERE stop_id = 1 AND data_version = 1')"
    check "it did" is_value 1 "a['stopped']['stop_id']"
}

simulates() { # CHANGES
    gives 200 on@x POST /simulate "{\"changes\": $1, \"sample\": {\"urls\": [\"$(client Linux)\", \"$(client Linux 45.0)\",
        \"$(client Windows)\"]}}"
}

test_simulate() {
    check "another one, simulated" simulates '[{"table": "partial_stops", "change_type": "insert", "product": "Firefox",
        "channel": "release", "buildTarget": "Linux", "version": ">=45.0"}]'
    check "stops one query of three more" is_value "(1, 2)" \
        "(a['before']['unserved']['partial_stop'], a['after']['unserved']['partial_stop'])"
    check "lifting the first" simulates '[{"table": "partial_stops", "change_type": "delete", "stop_id": 1, "data_version": 1}]'
    check "gives one its update" is_value "(1, None)" \
        "(a['before']['unserved']['partial_stop'], a['after']['unserved'].get('partial_stop'))"
    check "one that is not there" refused 400 "balrog_partial_stops 99 is not there" on@x POST /simulate \
        "{\"changes\": [{\"table\": \"partial_stops\", \"change_type\": \"delete\", \"stop_id\": 99}],
        \"sample\": {\"urls\": [\"$(client Linux)\"]}}"
    check "with a number of one's own" refused 400 "stop_id cannot be given for an insert" on@x POST /simulate \
        "{\"changes\": [{\"table\": \"partial_stops\", \"change_type\": \"insert\", \"stop_id\": 9, \"product\": \"Firefox\"}],
        \"sample\": {\"urls\": [\"$(client Linux)\"]}}"
}

# ---- lifting ----

test_lifting() {
    local id body='"change_type": "delete", "stop_id": 1'
    check "not at once where sign-offs are needed" refused 400 "Signoff Required" on@x DELETE "$PARTS/1?data_version=1"
    check "nor by who may only stop" refused 403 "off@x is not allowed to delete shutoffs" off@x DELETE "$PARTS/1?data_version=1"
    check "without a version" gives 400 admin@x DELETE $PARTS/1
    check "one that is not there" gives 404 admin@x DELETE "$PARTS/99?data_version=1"
    check "only deletions are scheduled" refused 400 "is not one of ['delete']" on@x POST $SC \
        "{\"change_type\": \"update\", \"stop_id\": 1, \"data_version\": 1, \"when\": $LATER}"
    check "of a stop" refused 400 "'stop_id' is a required property" on@x POST $SC \
        "{\"change_type\": \"delete\", \"data_version\": 1, \"when\": $LATER}"
    check "at a version" refused 400 "'data_version' is a required property" on@x POST $SC "{$body, \"when\": $LATER}"
    check "at a time" refused 400 "No conditions found" on@x POST $SC "{$body, \"data_version\": 1}"
    check "not in the past" refused 400 "in the past" on@x POST $SC "{$body, \"data_version\": 1, \"when\": 5}"
    check "at its version" refused 400 OutdatedDataError on@x POST $SC "{$body, \"data_version\": 4, \"when\": $LATER}"
    check "not by who may only stop" gives 403 off@x POST $SC "{$body, \"data_version\": 1, \"when\": $LATER}"
    check "scheduled" gives 200 on@x POST $SC "{$body, \"data_version\": 1, \"when\": $LATER}"
    id=$(number sc_id)
    check "with the own sign-off" body_has '"signoffs":{"on@x":"releng"}'
    check "its list" gives 200 - GET $SC
    check "says what is needed" body_has '"required_signoffs":{"qa":1,"releng":1}'
    check "all that waits" gives 200 qa@x GET '/pending?kind=partial_stops&mine=1'
    check "has it" is_value "('partial stop 1', 'Firefox', 'release', 'signoffs', ['qa'])" \
        "tuple(a['pending'][0][n] for n in ('title', 'product', 'channel', 'state', 'can_sign'))"
    check "counted by state" gives 200 admin@x GET /status
    check "of its table" is_value 1 "a['scheduled_changes']['balrog_partial_stops']['pending']"
    check "a second one" refused 400 ChangeScheduledError on@x POST $SC "{$body, \"data_version\": 1, \"when\": $LATER}"
    check "unsigned it stays" refused 400 "Signoff Required" balrogagent POST "$SC/$id/enact"
    check "signed" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    test_race "$id"
}

# What was signed is the end of the stop as it was seen: another version of it cannot be lifted by that.
test_race() { # SC_ID
    check "while that is scheduled, its comment stays" refused 400 UpdateMergeError off@x POST $PARTS/1 \
        '{"comment": "crash, bug 7", "data_version": 1}'
    run_sql <<<"UPDATE balrog_partial_stops SET locale = 'de', data_version = 2 WHERE stop_id = 1"
    check "if somebody writes into the table" refused 400 OutdatedDataError balrogagent POST "$SC/$1/enact"
    check "the stop stays" stopped Windows
    check "which can be seen" gives 200 qa@x GET '/pending?kind=partial_stops'
    check "as outdated" is_value True "a['pending'][0]['stale']"
    check "dropped" gives 200 on@x DELETE "$SC/$1?data_version=1"
    check "its comment can be changed" gives 200 off@x POST $PARTS/1 '{"comment": "crash, bug 7", "data_version": 2}'
    check "its new version" says '{"new_data_version":3}'
    check "conditions cannot" refused 400 "'comment' is a required property" off@x POST $PARTS/1 '{"locale": "de", "data_version": 3}'
    check "scheduled again" gives 200 on@x POST $SC \
        "{\"change_type\": \"delete\", \"stop_id\": 1, \"data_version\": 3, \"when\": $LATER}"
    lift "$(number sc_id)"
}

lift() { # SC_ID
    check "edited" gives 200 on@x POST "$SC/$1" "{\"sc_data_version\": 1, \"when\": $((LATER + 1))}"
    check "and signed" gives 200 qa@x POST "$SC/$1/signoffs" '{"role": "qa"}'
    check "taken back" gives 200 qa@x DELETE "$SC/$1/signoffs"
    check "it is not signed" refused 400 "Signoff Required" balrogagent POST "$SC/$1/enact"
    check "signed again" gives 200 qa@x POST "$SC/$1/signoffs" '{"role": "qa"}'
    check "who may not enact" gives 403 qa@x POST "$SC/$1/enact"
    check "enacted" gives 200 balrogagent POST "$SC/$1/enact"
    check "clients get updates within a second" until_true $SOON updates Windows
    check "it is gone" gives 404 - GET $PARTS/1
    check "in the name of who scheduled it" equal on@x \
        "$(query 'SELECT changed_by FROM balrog_partial_stops_history ORDER BY change_id DESC LIMIT 1')"
}

test_history() {
    check "its history" gives 200 admin@x GET '/history?object=partial_stops:1'
    check "has all of it" is_value "['delete row on@x', 'update row off@x', 'insert row off@x']" \
        "[' '.join((x['change_type'], x['what'], x['changed_by'])) for x in a['entries'] if x['what'] == 'row']"
    check "with the scheduled change" is_value True "'scheduled_change' in [x['what'] for x in a['entries']]"
    check "by product" gives 200 admin@x GET '/history?product=Firefox&object=partial_stops'
    check "too" is_value True "len(a['entries']) > 3"
    check "no number" refused 400 "a stop's number is expected" admin@x GET '/history?object=partial_stops:x'
}

# ---- without the database ----

is_saved() { # a file was written since the last change
    (($(figure snapshot_file_written_total) > $1)) 2>/dev/null
}

test_disk() {
    local before
    before=$(figure snapshot_file_written_total)
    check "a stop" gives 201 off@x POST $STOP "$WINDOWS"
    check "is served" until_true $SOON stopped Windows
    check "and saved" until_true 20 is_saved "$before"
    sandbox stop "$BOX" db
    sandbox stop "$BOX" public
    sandbox start "$BOX" public
    check "a worker that starts without the database" until_true 20 updates Linux
    check "obeys it" stopped Windows
    check "and knows how many there are" equal 1 "$(figure snapshot_partial_stops)"
    sandbox start "$BOX" db
    check "with the database it stays" until_true 20 gives 200 - GET $PARTS
    check "stopped" stopped Windows
    run_sql <<<"DELETE FROM balrog_partial_stops"
    check "until it is deleted, by whomever" until_true 5 updates Windows
}

admin_up "$BOX.sql" --set public.state_s=1
test_stop
test_lists
test_refusals
test_warning
test_explain
test_simulate
test_lifting
test_history
test_disk
summary
