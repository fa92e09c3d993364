#!/bin/bash
# Rules in the admin API, and what is scheduled for them: input, permissions, sign-offs and the ways around them,
# merging, enacting, going back.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_rules.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

MANY=300  # rules with a scheduled change each, where statements are counted
ROUNDS=10 # of eight clients that race
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    MANY=5000
    ROUNDS=100
fi
SC=/scheduled_changes/rules

rows() {
    cat <<'EOF'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1),
    ('fxadmin@x', 'admin', '{"products": ["Firefox"]}', 1),
    ('fxadmin@x', 'rule', NULL, 1),
    ('rel@x', 'rule', '{"products": ["Firefox", "Thunderbird"], "actions": ["create", "modify"]}', 1),
    ('qa@x', 'release_locale', NULL, 1),
    ('two@x', 'release_locale', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1),
    ('robot', 'rule', NULL, 1),
    ('machine', 'rule', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES
    ('rel@x', 'releng', 1), ('qa@x', 'qa', 1), ('robot', 'qa', 1), ('two@x', 'qa', 1), ('two@x', 'releng', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1),
    ('Thunderbird', 'release', 'qa', 1, 1);
INSERT INTO releases (name, product, data, data_version) VALUES
    ('R1', 'Firefox', '{"name": "R1", "schema_version": 1}', 1), ('Both', 'Firefox', '{"name": "Both"}', 1);
INSERT INTO releases_json (name, product, data, data_version) VALUES
    ('V2', 'Firefox', '{"name": "V2", "schema_version": 1}', 1), ('Both', 'Firefox', '{"name": "Both"}', 1);
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'fx-release', 100, 'R1', 100, 'minor', 'Firefox', 'release', 1),
    (2, NULL, 90, 'R1', 100, 'minor', 'Firefox', 'beta', 1),
    (3, NULL, 80, 'R1', 100, 'minor', NULL, NULL, 1),
    (4, NULL, 70, 'R1', 100, 'minor', 'Other', 'beta', 1),
    (5, NULL, 60, 'R1', 100, 'minor', 'Thunderbird', 'beta', 1);
EOF
}

RULE='"priority": 10, "backgroundRate": 100, "update_type": "minor", "mapping": "R1"'

# schedule USER BODY: prints the new sc_id.
schedule() {
    ask "$1" POST "$SC" "$2" >/dev/null
    number sc_id
}

# drop SC_ID: takes it back, whatever its version.
drop() {
    local version
    version=$(query "SELECT data_version FROM rules_scheduled_changes WHERE sc_id = $1")
    gives 200 admin@x DELETE "$SC/$1?data_version=$version"
}

signoffs_of() {
    query "SELECT username, role FROM rules_scheduled_changes_signoffs WHERE sc_id = $1 ORDER BY username"
}

test_input() {
    local wide=""
    check "strings are trimmed, blanks null, lists without white space" gives 200 admin@x POST /rules \
        "{$RULE, \"product\": \" Other \", \"comment\": \"  \", \"locale\": \"de, \\tfr\", \"distribution\": \"a , b\", \"alias\": \"al-1\"}"
    check "as stored" equal "Other NULL de,fr a,b" \
        "$(query "SELECT product, comment, locale, distribution FROM rules WHERE alias = 'al-1'")"
    check "numbers may come as strings" gives 200 admin@x POST /rules \
        '{"priority": "11", "backgroundRate": "50", "update_type": "minor", "mapping": "V2", "product": "Other"}'
    check "as numbers" equal "11 50" "$(query "SELECT priority, backgroundRate FROM rules WHERE mapping = 'V2'")"
    check "an alias twice" refused 400 "Rule with alias exists." admin@x POST /rules "{$RULE, \"alias\": \"al-1\"}"
    check "a mapping to nothing" refused 400 "Invalid mapping value" admin@x POST /rules "${RULE_OF/R1/None}"
    check "a mapping in another case" refused 400 "Invalid mapping value" admin@x POST /rules "${RULE_OF/R1/r1}"
    check "a mapping with a blank at its end is trimmed" gives 200 admin@x POST /rules \
        "${RULE_OF/R1/R1 }"
    check "a name in both release tables" refused 400 "Invalid mapping value" admin@x POST /rules "${RULE_OF/R1/Both}"
    check "the same as a fallback" refused 400 "Invalid fallbackMapping value" admin@x POST /rules \
        "{$RULE, \"product\": \"Other\", \"fallbackMapping\": \"Both\"}"
    check "an empty term, which would be every system's" refused 400 "osVersion: 'Darwin 6,' has an empty term" admin@x POST /rules \
        "{$RULE, \"osVersion\": \"Darwin 6,\"}"
    check "the same when it is scheduled" refused 400 "locale: 'de,,fr' has an empty term" admin@x POST /scheduled_changes/rules \
        "{$RULE, \"change_type\": \"insert\", \"when\": $LATER, \"locale\": \"de, ,fr\"}"
    check "memory that is no comparison" refused 400 "memory: 'lots' is not a comparison" admin@x POST /rules \
        "{$RULE, \"memory\": \"lots\"}"
    check "a chosen rule_id" refused 400 "Property is read-only" admin@x POST /rules "{$RULE, \"rule_id\": 77}"
    check "a chosen data_version is not obeyed" gives 200 admin@x POST /rules \
        "{$RULE, \"product\": \"Other\", \"alias\": \"dv\", \"data_version\": 9}"
    check "it is 1" equal 1 "$(query "SELECT data_version FROM rules WHERE alias = 'dv'")"
    wide=$(printf 'x%.0s' {1..501})
    check "too long a comment" refused 400 "is too long" admin@x POST /rules "{$RULE, \"comment\": \"$wide\"}"
    check "what is not ASCII" refused 400 "value must be ascii" admin@x POST /rules "{$RULE, \"channel\": \"bêta\"}"
    check "a number for a text" refused 400 "is not of type" admin@x POST /rules "{$RULE, \"channel\": 1}"
    check "a text for a boolean" refused 400 "is not of type" admin@x POST /rules "{$RULE, \"mig64\": \"true\"}"
    check "no body" gives 400 admin@x POST /rules ''
    check "broken JSON" gives 400 admin@x POST /rules '{"a"'
    check "a NUL" gives 400 admin@x POST /rules "{$RULE, \"channel\": \"a\\u0000b\"}"
    check "update_type is one of two" refused 400 "is not one of" admin@x POST /rules "${RULE_OF/minor/huge}"
    check "an alias taken on update" gives 400 admin@x POST /rules/2 '{"alias": "al-1", "data_version": 1}'
    check "a mapping taken away" refused 400 "cannot be set to null" admin@x POST /rules/2 '{"mapping": "", "data_version": 1}'
    check "a number too large for its column" gives 400 admin@x POST /rules "${RULE_OF/10/99999999999}"
}
RULE_OF="{$RULE, \"product\": \"Other\"}"

test_reading() {
    check "by alias" gives 200 - GET /rules/fx-release
    check "its version in the head" grep -qi '^X-Data-Version: 1' "$WORK/head"
    check "what begins with a number is none" gives 404 - GET /rules/1st
    check "a number too large" gives 404 - GET /rules/99999999999999999999
    check "a column" gives 200 - GET /rules/columns/product
    check "each value once" says '{"count":3,"product":["Firefox","Other","Thunderbird"]}'
    check "a column of numbers" gives 200 - GET /rules/columns/backgroundRate
    check "as numbers" body_has '"backgroundRate":['
    check "no such column" gives 404 - GET '/rules/columns/rule_id%60'
    check "a page below 1" gives 400 - GET '/rules/1/revisions?page=0'
    check "an unknown parameter" gives 400 - GET '/rules?nope=1'
    check "a product that has none" gives 200 - GET '/rules?product=firefox'
    check "names compare exactly" says '{"count":0,"rules":[]}'
}

test_permissions() {
    check "nobody" gives 401 - POST /rules "{$RULE}"
    check "a person without any permission" refused 403 "Authorization Required" who@x POST /rules "{$RULE}"
    check "a machine is not looked up first" refused 403 "Permission Denied" nobody POST /rules "{$RULE}"
    check "a machine with a permission" gives 200 machine POST /rules "{$RULE, \"product\": \"Other\"}"
    check "another product" refused 403 "rel@x is not allowed to create new rules for product Other" rel@x POST /rules \
        "{$RULE, \"product\": \"Other\"}"
    check "no product" refused 403 "for product None" rel@x POST /rules "{$RULE}"
    check "an admin of a product, without one" refused 403 "for product None" fxadmin@x POST /rules "{$RULE}"
    check "his other grants do not count" refused 403 "for product Other" fxadmin@x POST /rules/4 \
        '{"comment": "c", "data_version": 1}'
    check "moving a rule out of one's product" refused 403 "for product Other" rel@x POST /rules/5 \
        '{"product": "Other", "data_version": 1}'
    check "moving one in" refused 403 "for product Other" rel@x POST /rules/4 '{"product": "Firefox", "data_version": 1}'
    check "an action not granted" refused 403 "delete rules for product Thunderbird" rel@x DELETE '/rules/5?data_version=1'
    check "scheduling needs the same" refused 403 "for product Other" rel@x POST "$SC" \
        "{\"change_type\": \"delete\", \"rule_id\": 4, \"data_version\": 1, \"when\": $LATER}"
    check "nothing of it was done" equal "1 1" "$(query "SELECT data_version FROM rules WHERE rule_id IN (4, 5)")"
}

test_required() {
    check "a new rule" refused 400 "Signoff Required" admin@x POST /rules \
        "{$RULE, \"product\": \"Firefox\", \"channel\": \"release\"}"
    check "through a glob" refused 400 "Signoff Required" admin@x POST /rules \
        "{$RULE, \"product\": \"Firefox\", \"channel\": \"rel*\"}"
    check "for all channels" refused 400 "Signoff Required" admin@x POST /rules "{$RULE, \"product\": \"Firefox\"}"
    check "for all products" refused 400 "Signoff Required" admin@x POST /rules "{$RULE, \"channel\": \"release\"}"
    check "the old row counts" refused 400 "Signoff Required" admin@x POST /rules/fx-release \
        '{"channel": "nightly", "data_version": 1}'
    check "the new row counts" refused 400 "Signoff Required" admin@x PUT /rules/2 \
        '{"channel": "release", "data_version": 1}'
    check "deleting" refused 400 "Signoff Required" admin@x DELETE '/rules/fx-release?data_version=1'
    check "a blank product is none" refused 400 "Signoff Required" admin@x POST /rules/2 \
        '{"product": " ", "channel": "release", "data_version": 1}'
    check "going back" gives 200 admin@x POST /rules/2 '{"comment": "now", "data_version": 1}'
    run_sql <<<"UPDATE rules SET channel = 'release' WHERE rule_id = 2"
    check "needs them too" refused 400 "Signoff Required" admin@x POST /rules/2/revisions \
        "{\"change_id\": $(query 'SELECT MAX(change_id) FROM rules_history WHERE rule_id = 2')}"
    run_sql <<<"UPDATE rules SET channel = 'beta' WHERE rule_id = 2"
}

test_signing() {
    local id body
    body="{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"when\": $LATER, $RULE,
        \"product\": \"Firefox\", \"channel\": \"release\"}"
    check "scheduling signs off with one's only role" gives 200 rel@x POST "$SC" "$body"
    check "it says so" body_has '"signoffs":{"rel@x":"releng"}'
    id=$(number sc_id)
    check "a second for the same row" refused 400 "ChangeScheduledError" admin@x POST "$SC" "$body"
    check "too few" refused 400 "Signoff Required" balrogagent POST "$SC/$id/enact"
    check "a role that one lacks" refused 403 "cannot signoff with role" qa@x POST "$SC/$id/signoffs" '{"role": "releng"}'
    check "for somebody else" refused 403 "on behalf" admin@x POST "$SC/$id/signoffs" '{"role": "qa", "username": "qa@x"}'
    check "for another change" refused 400 "sc_id" qa@x POST "$SC/$id/signoffs" '{"role": "qa", "sc_id": 99}'
    check "a system account" refused 403 "System account cannot signoff" robot POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "one role" gives 200 two@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "not a second" refused 403 "second role" two@x POST "$SC/$id/signoffs" '{"role": "releng"}'
    check "a stranger takes nothing back" refused 403 "group you do not belong to" machine DELETE \
        "$SC/$id/signoffs?username=rel@x"
    check "an admin may" gives 200 admin@x DELETE "$SC/$id/signoffs?username=rel@x"
    check "one is left" equal "two@x qa" "$(signoffs_of "$id")"
    check "nothing to take back" gives 200 admin@x DELETE "$SC/$id/signoffs"
    check "it says whose" says '{"error":"admin@x has no signoff to revoke"}'
    check "an edit" gives 200 rel@x POST "$SC/$id" \
        "{\"sc_data_version\": 1, \"data_version\": 1, \"comment\": \"other\", \"when\": $LATER}"
    check "drops what others signed" equal "rel@x releng" "$(signoffs_of "$id")"
    check "no such change to sign" refused 404 "does not exist" qa@x POST "$SC/9999/signoffs" '{"role": "qa"}'
    check "none to enact" refused 404 "does not exist" balrogagent POST "$SC/9999/enact"
    check "one who may not enact" refused 403 "not allowed to enact" rel@x POST "$SC/$id/enact"
    check "the last sign-off" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "enacting" gives 200 balrogagent POST "$SC/$id/enact"
    check "columns left out are null" equal "NULL other 2" \
        "$(query 'SELECT alias, comment, data_version FROM rules WHERE rule_id = 1')"
    check "in the name of who scheduled" equal "rel@x" \
        "$(query 'SELECT changed_by FROM rules_history WHERE rule_id = 1 ORDER BY change_id DESC LIMIT 1')"
    check "only once" refused 400 "OutdatedDataError" balrogagent POST "$SC/$id/enact"
}

test_server_sets() {
    local id body="\"change_type\": \"insert\", \"when\": $LATER, $RULE, \"product\": \"Other\""
    check "sc_id in a body" refused 400 "sc_id cannot be set" admin@x POST "$SC" "{$body, \"sc_id\": 1}"
    check "complete" refused 400 "read-only" admin@x POST "$SC" "{$body, \"complete\": true}"
    check "scheduled_by" refused 400 "read-only" admin@x POST "$SC" "{$body, \"scheduled_by\": \"qa@x\"}"
    id=$(schedule admin@x "{$body, \"base_product\": \"Firefox\", \"base_channel\": \"release\", \"signoffs\": {}}")
    check "columns of the table are not named directly" equal "Other NULL 0" \
        "$(query "SELECT base_product, base_channel, complete FROM rules_scheduled_changes WHERE sc_id = $id")"
    check "sc_id in an edit" refused 400 "read-only" admin@x POST "$SC/$id" "{\"sc_data_version\": 1, \"sc_id\": 1}"
    check "complete in an edit" refused 400 "read-only" admin@x POST "$SC/$id" "{\"sc_data_version\": 1, \"complete\": true}"
    check "another rule and kind are not obeyed" gives 200 admin@x POST "$SC/$id" \
        '{"sc_data_version": 1, "change_type": "delete", "rule_id": 1, "data_version": 1, "comment": "c"}'
    check "what they are" equal "insert NULL NULL c" "$(query \
        "SELECT change_type, base_rule_id, base_data_version, base_comment FROM rules_scheduled_changes WHERE sc_id = $id")"
    check "an outdated edit" refused 400 OutdatedDataError admin@x POST "$SC/$id" '{"sc_data_version": 1, "comment": "d"}'
    check "taken back" drop "$id"
    check "a system account that holds a role cannot schedule what needs it" refused 403 "System account" robot POST "$SC" \
        "{\"change_type\": \"insert\", \"when\": $LATER, $RULE, \"product\": \"Thunderbird\", \"channel\": \"release\"}"
    check "nothing is left of it" equal 0 "$(query "SELECT COUNT(*) FROM rules_scheduled_changes WHERE scheduled_by = 'robot'")"
}

test_conditions() {
    local id body="\"change_type\": \"insert\", $RULE, \"product\": \"Other\""
    local uptake='"telemetry_product": "Firefox", "telemetry_channel": "release", "telemetry_uptake": "1000"'
    check "no time" refused 400 "'when' cannot be set to null" admin@x POST "$SC" "{$body}"
    check "a time that is past" refused 400 "in the past" admin@x POST "$SC" "{$body, \"when\": 1000}"
    check "time 0" refused 400 "No conditions found" admin@x POST "$SC" "{$body, \"when\": 0}"
    check "a text" refused 400 "is not of type" admin@x POST "$SC" "{$body, \"when\": \"$LATER\"}"
    check "time and uptake" refused 400 "Invalid combination" admin@x POST "$SC" "{$body, \"when\": $LATER, $uptake}"
    id=$(schedule admin@x "{$body, \"when\": $LATER}")
    check "part of an uptake" refused 400 "Invalid combination" admin@x POST "$SC/$id" \
        '{"sc_data_version": 1, "when": null, "telemetry_uptake": 1}'
    check "an edit makes it an uptake" gives 200 admin@x POST "$SC/$id" "{\"sc_data_version\": 1, \"when\": null, $uptake}"
    check "shown so" gives 200 admin@x GET "$SC/$id"
    check "with its product" body_has '"telemetry_product":"Firefox","telemetry_uptake":1000'
    check "and back" gives 200 admin@x POST "$SC/$id" "{\"sc_data_version\": 2, \"when\": $LATER,
        \"telemetry_product\": null, \"telemetry_channel\": null, \"telemetry_uptake\": null}"
    check "its revisions" gives 200 admin@x GET "$SC/$id/revisions?limit=2"
    check "three of them" body_has '"count":3'
    check "with their conditions" body_has '"telemetry_uptake":1000'
    check "going back to one" gives 200 admin@x POST "$SC/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM rules_scheduled_changes_history WHERE sc_id = $id AND data_version = 1")}"
    check "answers so" says Success
    check "makes a fourth" equal "4 4" "$(query "SELECT s.data_version, c.data_version FROM rules_scheduled_changes s
        JOIN rules_scheduled_changes_conditions c USING (sc_id) WHERE sc_id = $id")"
    check "not to before it was there" refused 400 "Invalid change_id" admin@x POST "$SC/$id/revisions" \
        "{\"change_id\": $(query "SELECT MIN(change_id) FROM rules_scheduled_changes_history WHERE sc_id = $id")}"
    check "not of one that is not there" gives 404 admin@x POST "$SC/9999/revisions" '{"change_id": 1}'
    check "taken back" drop "$id"
}

# Scheduled for an uptake from the start: `when` is 0, which counts as not given, while null and nothing are refused.
test_uptake() {
    local id body="\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 2, $RULE,
        \"product\": \"Firefox\", \"channel\": \"release\""
    local uptake='"telemetry_product": "Firefox", "telemetry_channel": "release", "telemetry_uptake"'
    check "no time and an uptake" refused 400 "'when' cannot be set to null" rel@x POST "$SC" "{$body, $uptake: 5}"
    check "null and an uptake" refused 400 "'when' cannot be set to null" rel@x POST "$SC" "{$body, \"when\": null, $uptake: 5}"
    check "half a condition" refused 400 "Invalid combination of conditions: dict_keys(['telemetry_uptake'])" rel@x POST "$SC" \
        "{$body, \"when\": 0, \"telemetry_uptake\": 5}"
    check "an uptake of 0 is none" refused 400 "Invalid combination of conditions" rel@x POST "$SC" "{$body, \"when\": 0, $uptake: 0}"
    check "below 0" refused 400 "telemetry_uptake field value should be an integer >= 0" rel@x POST "$SC" \
        "{$body, \"when\": 0, $uptake: -1}"
    check "too large for its column" refused 400 "should be an integer <= 2147483647" rel@x POST "$SC" \
        "{$body, \"when\": 0, $uptake: 2147483648}"
    check "no integer" refused 400 "is not of type" rel@x POST "$SC" "{$body, \"when\": 0, $uptake: 0.5}"
    check "a word" refused 400 "Not an integer" rel@x POST "$SC" "{$body, \"when\": 0, $uptake: \"many\"}"
    check "a product too long" refused 400 "is too long" rel@x POST "$SC" "{$body, \"when\": 0, ${uptake/Firefox/Firefox-and-others}: 5}"
    check "of no product" refused 400 "is too short" rel@x POST "$SC" "{$body, \"when\": 0, ${uptake/Firefox/}: 5}"
    check "an uptake" gives 200 rel@x POST "$SC" "{$body, \"when\": 0, $uptake: \"2000\"}"
    check "is signed off by who schedules it" body_has '"signoffs":{"rel@x":"releng"}'
    id=$(number sc_id)
    check "it is listed" gives 200 - GET "$SC?rule_id=1"
    check "with all of it" body_has '"telemetry_channel":"release","telemetry_product":"Firefox","telemetry_uptake":2000'
    check "and no time" body_has '"when":0'
    check "it waits" gives 200 rel@x GET /status
    check "and is not due, whatever the time" body_has '"rules":{"due":0,"overdue_ms":0,"pending":1}'
    check "another role" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "an edit" gives 200 rel@x POST "$SC/$id" '{"sc_data_version": 1, "data_version": 2, "telemetry_uptake": 50}'
    check "drops what others signed" equal "rel@x releng" "$(signoffs_of "$id")"
    check "a time beside it" refused 400 "Invalid combination" rel@x POST "$SC/$id" \
        "{\"sc_data_version\": 2, \"data_version\": 2, \"when\": $LATER}"
    check "going back" gives 200 rel@x POST "$SC/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM rules_scheduled_changes_history WHERE sc_id = $id AND data_version = 1")}"
    check "to its first uptake" equal "0 2000 3" "$(query "SELECT \`when\`, telemetry_uptake, data_version
        FROM rules_scheduled_changes_conditions WHERE sc_id = $id")"
    check "without a sign-off it stays" refused 400 "Signoff Required" balrogagent POST "$SC/$id/enact"
    check "the other role again" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "it is enacted" gives 200 balrogagent POST "$SC/$id/enact"
    check "as scheduled" equal "10 3" "$(query 'SELECT priority, data_version FROM rules WHERE rule_id = 1')"
    check "its history" gives 200 - GET "$SC/$id/revisions"
    check "has it all" equal "4 3 1" "$(number count) $(grep -o '"telemetry_uptake":2000' "$WORK/body" | wc -l) $(grep -o '"telemetry_uptake":50,' "$WORK/body" | wc -l)"
    id=$(schedule admin@x "{\"change_type\": \"delete\", \"rule_id\": 4, \"data_version\": 1, \"when\": 0, $uptake: 5}")
    check "the rule may change meanwhile" gives 200 admin@x POST /rules/4 '{"comment": "meanwhile", "data_version": 1}'
    check "it still waits, for the newer version" equal "2 0 5" "$(query "SELECT base_data_version, \`when\`, telemetry_uptake
        FROM rules_scheduled_changes JOIN rules_scheduled_changes_conditions USING (sc_id) WHERE sc_id = $id")"
    check "a deletion at an uptake" equal "delete 5" "$(query "SELECT change_type, telemetry_uptake FROM rules_scheduled_changes
        JOIN rules_scheduled_changes_conditions USING (sc_id) WHERE sc_id = $id")"
    check "taken back" drop "$id"
    id=$(schedule admin@x "{\"change_type\": \"insert\", $RULE, \"product\": \"Other\", \"when\": 0, $uptake: 5}")
    check "a new rule at one" gives 200 admin@x POST "$SC/$id" "{\"sc_data_version\": 1, \"when\": $LATER,
        \"telemetry_product\": null, \"telemetry_channel\": null, \"telemetry_uptake\": null}"
    check "becomes one at a time" equal "$LATER NULL" "$(query "SELECT \`when\`, telemetry_uptake
        FROM rules_scheduled_changes_conditions WHERE sc_id = $id")"
    check "taken back, too" drop "$id"
}

test_merging() {
    local id body
    body="{\"change_type\": \"update\", \"rule_id\": 5, \"data_version\": 1, \"when\": $LATER, $RULE,
        \"product\": \"Thunderbird\", \"channel\": \"release\"}"
    id=$(schedule admin@x "$body")
    check "signed" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "a direct edit of another column" gives 200 rel@x POST /rules/5 '{"comment": "merged", "data_version": 1}'
    check "goes into what is scheduled" equal "merged 2 2 admin@x" "$(query \
        "SELECT base_comment, base_data_version, data_version, scheduled_by FROM rules_scheduled_changes WHERE sc_id = $id")"
    check "and drops what others signed" equal "" "$(signoffs_of "$id")"
    check "of the same column" refused 400 UpdateMergeError rel@x POST /rules/5 '{"channel": "esr", "data_version": 2}'
    check "a deletion" refused 400 ChangeScheduledError admin@x DELETE '/rules/5?data_version=2'
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1000 WHERE sc_id = $id"
    check "once its time has passed" refused 400 "in the past" rel@x POST /rules/5 '{"comment": "late", "data_version": 2}'
    check "nothing is done" equal "merged 2" "$(query 'SELECT comment, data_version FROM rules WHERE rule_id = 5')"
    check "signed again" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = $LATER WHERE sc_id = $id"
    run_sql <<<"UPDATE permissions SET options = '{\"products\": [\"Firefox\"]}' WHERE username = 'admin@x'"
    check "with the permissions of today" refused 403 "admin@x is not allowed to modify rules for product Thunderbird" \
        balrogagent POST "$SC/$id/enact"
    run_sql <<<"UPDATE permissions SET options = NULL WHERE username = 'admin@x'"
    check "enacting long before its time" gives 200 balrogagent POST "$SC/$id/enact"
    check "done" equal "release merged 3" "$(query 'SELECT channel, comment, data_version FROM rules WHERE rule_id = 5')"
}

test_history() {
    local id at
    ask admin@x POST /rules "{$RULE, \"product\": \"Past\", \"comment\": \"one\"}" >/dev/null
    id=$(<"$WORK/body")
    at=$(query "SELECT MAX(timestamp) FROM rules_history WHERE rule_id = $id")
    sleep 0.05
    ask admin@x POST "/rules/$id" '{"comment": "two", "jaws": true, "data_version": 1}' >/dev/null
    ask admin@x DELETE "/rules/$id?data_version=2" >/dev/null
    check "the rules of a moment" gives 200 - GET "/rules?timestamp=$at"
    check "as they were" body_has '"comment":"one","data_version":1'
    check "before it" gives 200 - GET "/rules?timestamp=$((at - 1))"
    check "it was not there" body_lacks '"product":"Past"'
    check "after its deletion" gives 200 - GET "/rules?timestamp=$LATER"
    check "it is gone" body_lacks '"product":"Past"'
    check "a time and a product" refused 400 "at the same time" - GET "/rules?timestamp=$at&product=Past"
    check "no time" gives 400 - GET '/rules?timestamp=soon'
    ask admin@x POST /rules "{$RULE, \"product\": \"Past\", \"comment\": \"one\"}" >/dev/null
    id=$(<"$WORK/body")
    ask admin@x POST "/rules/$id" '{"comment": "two", "data_version": 1}' >/dev/null
    check "revisions" gives 200 - GET "/rules/$id/revisions"
    check "two" body_has '"count":2'
    check "to what was before" gives 200 admin@x POST "/rules/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM rules_history WHERE rule_id = $id AND data_version = 1")}"
    check "it is that again" equal "one 3" "$(query "SELECT comment, data_version FROM rules WHERE rule_id = $id")"
    check "to when it was not there" refused 400 "Invalid change_id" admin@x POST "/rules/$id/revisions" \
        "{\"change_id\": $(query "SELECT MIN(change_id) FROM rules_history WHERE rule_id = $id")}"
    check "to another rule's" refused 400 "Bad rule_id" admin@x POST "/rules/$id/revisions" \
        "{\"change_id\": $(query "SELECT MAX(change_id) FROM rules_history WHERE rule_id = 5")}"
    check "none named" gives 400 admin@x POST "/rules/$id/revisions" '{"change_id": 0}'
}

# Of eight that write the same version, one does.
test_race() {
    local version=1 id round i won lost
    local -a pids
    ask admin@x POST /rules "{$RULE, \"product\": \"Race\"}" >/dev/null
    id=$(<"$WORK/body")
    won=0 lost=0
    for ((round = 0; round < ROUNDS; round++)); do
        pids=()
        for i in {1..8}; do
            curl -s --noproxy '*' -o /dev/null -w '%{http_code}\n' -X POST -H 'X-Test-User: admin@x' \
                -H 'Content-Type: application/json' \
                --data-binary "{\"comment\": \"$i\", \"data_version\": $version}" "$ADMIN_URL/rules/$id" \
                >"$WORK/race.$i" &
            pids+=($!)
        done
        wait "${pids[@]}"
        won=$((won + $(cat "$WORK"/race.* | grep -c 200)))
        lost=$((lost + $(cat "$WORK"/race.* | grep -c 400)))
        version=$((version + 1))
    done
    check "one of eight wins, each time" equal "$ROUNDS $((ROUNDS * 7))" "$won $lost"
    check "history has no gap" equal "$((ROUNDS + 1)) $((ROUNDS + 1)) 1" "$(query \
        "SELECT MAX(data_version), COUNT(DISTINCT data_version), MIN(data_version) FROM rules_history WHERE rule_id = $id")"
}

# within_a_second PATH
within_a_second() {
    local seconds
    seconds=$(curl -s --noproxy '*' -o /dev/null -w '%{time_total}' "$ADMIN_URL$1")
    [[ $seconds == 0.* ]] || { echo "  $seconds s for $1" >&2 && return 1; }
}

test_many() {
    local few list="$SC"
    sandbox stop "$BOX" public >/dev/null 2>&1 # whose questions would count
    schedule rel@x "{\"change_type\": \"update\", \"rule_id\": 2, \"data_version\": 2, \"when\": $LATER, $RULE,
        \"product\": \"Firefox\", \"channel\": \"release\"}" >/dev/null
    ask - GET "$list" >/dev/null
    check "one" body_has '"count":1'
    few=$(statements - GET "$list")
    run_sql <<EOF
INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, comment, data_version)
    SELECT 1, 'R1', 100, 'minor', 'Firefox', 'release', 'many', 1 FROM seq_1_to_$MANY;
INSERT INTO rules_scheduled_changes (scheduled_by, complete, change_type, base_rule_id, base_mapping, base_data_version,
    base_product, data_version)
    SELECT 'admin@x', 0, 'update', rule_id, 'R1', 1, 'Firefox', 1 FROM rules WHERE comment = 'many';
INSERT INTO rules_scheduled_changes_conditions (sc_id, \`when\`, data_version)
    SELECT sc_id, $LATER, 1 FROM rules_scheduled_changes WHERE base_product = 'Firefox' AND base_rule_id IN
        (SELECT rule_id FROM rules WHERE comment = 'many');
EOF
    ask - GET "$list" >/dev/null
    check "a longer list needs no more statements" equal "$few" "$(statements - GET "$list")"
    check "it is whole" equal "$((MANY + 1))" "$(grep -o '"releng":1' "$WORK/body" | wc -l)"
    check "rules: one statement" equal 1 "$(statements - GET /rules)"
    check "rules in a second" within_a_second /rules
    check "and what is scheduled for them" within_a_second "$list"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set 'admin.system_accounts=balrogagent robot'
test_reading
test_input
test_permissions
test_required
test_signing
test_server_sets
test_conditions
test_uptake
test_merging
test_history
test_race
test_many
summary
