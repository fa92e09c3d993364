#!/bin/bash
# What the admin refuses: to those who are limited to products, whatever is another's or has no product; aliases that are
# taken; rows that exist already, without a word of the database's.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_limits.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

SC=/scheduled_changes
FX='"product": "Firefox", "channel": "release", "mapping": "R-fx", "backgroundRate": 100, "priority": 5, "update_type": "minor"'
GMP='"product": "GMP", "channel": "nightly", "mapping": "R-gmp", "backgroundRate": 100, "priority": 5, "update_type": "minor"'

rows() {
    cat <<'END'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('fxadmin@x', 'admin', '{"products": ["Firefox"]}', 1),
    ('gmpadmin@x', 'admin', '{"products": ["GMP"]}', 1), ('gmpadmin@x', 'rule', NULL, 1), ('both@x', 'rule', NULL, 1),
    ('gmprule@x', 'rule', '{"products": ["GMP"]}', 1), ('gmprelease@x', 'release', '{"products": ["GMP"]}', 1),
    ('limited@x', 'permission', '{"products": ["Firefox"]}', 1), ('qa@x', 'rule', NULL, 1), ('qb@x', 'rule', NULL, 1),
    ('two@x', 'rule', NULL, 1), ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('qb@x', 'qa', 1), ('two@x', 'old', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Signed', 'release', 'qa', 1, 1);
INSERT INTO releases (name, product, data, data_version) VALUES
    ('R-fx', 'Firefox', '{"name": "R-fx", "schema_version": 1, "appv": "1.0", "extv": "1.0", "hashFunction": "sha512", "platforms": {}}', 1),
    ('R-gmp', 'GMP', '{"name": "R-gmp", "schema_version": 1000, "hashFunction": "sha512", "vendors": {}}', 1);
INSERT INTO releases_json (name, product, data, data_version) VALUES
    ('R2', 'Firefox', '{"name": "R2", "schema_version": 4, "hashFunction": "sha512", "appVersion": "2.0", "platforms": {}}', 1);
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'taken', 5, 'R-fx', 100, 'minor', 'Firefox', 'release', 1), (2, 'own', 5, 'R-gmp', 100, 'minor', 'GMP', 'nightly', 1),
    (3, NULL, 5, NULL, 100, 'minor', NULL, NULL, 1), (4, NULL, 5, 'R-fx', 100, 'minor', 'Firefox', 'release', 1),
    (5, NULL, 5, 'R-fx', 100, 'minor', 'Firefox', 'beta', 1), (6, NULL, 5, 'R-gmp', 100, 'minor', 'GMP', 'other', 1);
INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'release', 1);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES ('Firefox', '1.', 'release', 'R-fx', 1);
END
}

# schedule URL USER BODY: prints the new sc_id.
schedule() {
    ask "$2" POST "$SC/$1" "$3" >/dev/null
    number sc_id
}

signed() { # TABLE SC_ID
    query "SELECT username FROM $1_scheduled_changes_signoffs WHERE sc_id = $2"
}

test_revoking() {
    local id
    id=$(schedule rules both@x "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, $FX, \"when\": $LATER}")
    check "a sign-off" gives 200 qa@x POST "$SC/rules/$id/signoffs" '{"role": "qa"}'
    check "an admin of another product does not take it back" refused 403 "Cannot revoke a signoff made by someone" \
        gmpadmin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "it stays" equal qa@x "$(signed rules "$id")"
    check "one of this product does" gives 200 fxadmin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "it is gone" equal "" "$(signed rules "$id")"
    check "a change that moves a rule from a product" gives 200 both@x POST "$SC/rules/$id" \
        "{\"sc_data_version\": 1, \"data_version\": 1, \"rule_id\": 1, ${FX/Firefox/GMP}, \"when\": $LATER}"
    check "has sign-offs" gives 200 qa@x POST "$SC/rules/$id/signoffs" '{"role": "qa"}'
    check "which are no matter of the new product's admin" gives 403 gmpadmin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "nor of the old one's alone" gives 403 fxadmin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "but of one for all" gives 200 admin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "dropped" gives 200 both@x DELETE "$SC/rules/$id?data_version=2"
    id=$(schedule rules both@x "{\"change_type\": \"update\", \"rule_id\": 3, \"data_version\": 1, ${FX/\"product\": \"Firefox\", /}, \"when\": $LATER}")
    check "a rule of all products" gives 200 qa@x POST "$SC/rules/$id/signoffs" '{"role": "qa"}'
    check "is nobody's who is limited" gives 403 fxadmin@x DELETE "$SC/rules/$id/signoffs?username=qa@x"
    check "dropping it" gives 200 both@x DELETE "$SC/rules/$id?data_version=1"
    id=$(schedule permissions admin@x "{\"change_type\": \"insert\", \"permission\": \"rule\", \"username\": \"n@x\", \"options\": \"{\\\"products\\\": [\\\"Firefox\\\"]}\", \"when\": $LATER}")
    check "a permission" gives 200 qa@x POST "$SC/permissions/$id/signoffs" '{"role": "qa"}'
    check "has no product" gives 403 fxadmin@x DELETE "$SC/permissions/$id/signoffs?username=qa@x"
    check "who has the role takes another's back" gives 200 qb@x DELETE "$SC/permissions/$id/signoffs?username=qa@x"
    check "dropping this" gives 200 admin@x DELETE "$SC/permissions/$id?data_version=1"
}

# Changes whose row is gone, as only another program can bring about.
test_gone() {
    local id kind
    for kind in update delete; do
        id=$(schedule rules both@x "{\"change_type\": \"$kind\", \"rule_id\": 4, \"data_version\": 1, $FX, \"when\": $LATER}")
        run_sql <<<"DELETE FROM rules WHERE rule_id = 4"
        check "a change ($kind) whose rule is gone is not dropped by another product's" \
            gives 403 gmprule@x DELETE "$SC/rules/$id?data_version=1"
        check "nor by who may nothing with rules" gives 403 gmprelease@x DELETE "$SC/rules/$id?data_version=1"
        check "nor by an admin of another" gives 403 gmpadmin@x DELETE "$SC/rules/$id?data_version=1"
        check "it is there" equal 1 "$(query "SELECT COUNT(*) FROM rules_scheduled_changes WHERE sc_id = $id")"
        check "who may do this may drop it" gives 200 both@x DELETE "$SC/rules/$id?data_version=1"
        run_sql <<<"INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
            VALUES (4, 5, 'R-fx', 100, 'minor', 'Firefox', 'release', 1)"
    done
    id=$(schedule emergency_shutoff admin@x "{\"change_type\": \"delete\", \"product\": \"Firefox\", \"channel\": \"release\", \"data_version\": 1, \"when\": $LATER}")
    run_sql <<<"DELETE FROM emergency_shutoffs"
    check "so it is with shutoffs" gives 403 gmpadmin@x DELETE "$SC/emergency_shutoff/$id?data_version=1"
    check "of one's own product" gives 200 fxadmin@x DELETE "$SC/emergency_shutoff/$id?data_version=1"
    id=$(schedule permissions admin@x "{\"change_type\": \"delete\", \"permission\": \"rule\", \"username\": \"two@x\", \"data_version\": 1, \"when\": $LATER}")
    run_sql <<<"DELETE FROM permissions WHERE username = 'two@x'"
    check "and permissions" gives 403 fxadmin@x DELETE "$SC/permissions/$id?data_version=1"
    check "for who is limited by whatever option" gives 403 limited@x DELETE "$SC/permissions/$id?data_version=1"
    check "which an admin may" gives 200 admin@x DELETE "$SC/permissions/$id?data_version=1"
}

test_editing() {
    local id
    id=$(schedule rules both@x "{\"change_type\": \"insert\", $FX, \"when\": $LATER}")
    check "signed" gives 200 qa@x POST "$SC/rules/$id/signoffs" '{"role": "qa"}'
    check "another product's cannot make it theirs" refused 403 "for product Firefox" gmprule@x POST "$SC/rules/$id" \
        "{\"sc_data_version\": 1, $GMP, \"when\": $LATER}"
    check "sign-off and product stay" equal "qa@x Firefox" \
        "$(signed rules "$id") $(query "SELECT base_product FROM rules_scheduled_changes WHERE sc_id = $id")"
    check "who may do both can" gives 200 both@x POST "$SC/rules/$id" "{\"sc_data_version\": 1, $GMP, \"when\": $LATER}"
    check "going back is the same" refused 403 "for product Firefox" gmprule@x POST "$SC/rules/$id/revisions" \
        "{\"change_id\": $(query "SELECT MAX(change_id) FROM rules_scheduled_changes_history WHERE base_product = 'Firefox' AND sc_id = $id")}"
    check "dropped" gives 200 both@x DELETE "$SC/rules/$id?data_version=2"
}

test_without_product() {
    local view="You are not authorized to view permissions of other users."
    check "an admin of products grants nothing" gives 403 fxadmin@x PUT /users/n@x/permissions/rule '{"options": "{\"products\": [\"Firefox\"]}"}'
    check "nor does a permission that an adopted database limits" gives 403 \
        limited@x PUT /users/n@x/permissions/rule '{"options": "{\"products\": [\"Firefox\"]}"}'
    check "no roles" gives 403 fxadmin@x PUT /users/qa@x/roles/new
    check "by neither" gives 403 limited@x PUT /users/qa@x/roles/new
    check "revoking" gives 403 fxadmin@x DELETE "/users/qb@x/roles/qa?data_version=1"
    check "by neither" gives 403 limited@x DELETE "/users/qb@x/roles/qa?data_version=1"
    check "what others may" refused 403 "$view" limited@x GET /users
    check "or might" gives 403 fxadmin@x GET /permissions/history
    check "required sign-offs" gives 403 fxadmin@x POST /required_signoffs/product \
        '{"product": "Firefox", "channel": "new", "role": "qa", "signoffs_required": 1}'
    check "of permissions" gives 403 fxadmin@x POST /required_signoffs/permissions \
        '{"product": "Firefox", "role": "qa", "signoffs_required": 1}'
    check "enacting" gives 403 fxadmin@x POST "$SC/rules/1/enact"
    check "reporting a program" gives 403 fxadmin@x PUT /app_instances/x '{"program": "balrog-agent", "host": "h", "pid": 1, "version": "1"}'
    check "a rule of all products" gives 403 fxadmin@x POST /rules "{${FX/\"product\": \"Firefox\", /}}"
    check "taking a rule of all" gives 403 fxadmin@x POST /rules/3 '{"product": "Firefox", "data_version": 1}'
    check "making one of all" gives 403 fxadmin@x POST /rules/1 '{"product": null, "data_version": 1}'
    check "a pin of another product" gives 403 gmpadmin@x PUT /v2/releases/R2/pinnable '{"product": "Firefox", "channel": "release", "version": "2."}'
}

test_aliases() {
    local id other
    check "scheduled: an alias that a rule has" refused 400 "Rule with alias exists." both@x POST "$SC/rules" \
        "{\"change_type\": \"insert\", ${FX/release/free}, \"alias\": \"taken\", \"when\": $LATER}"
    check "for another rule" refused 400 "Rule with alias exists." both@x POST "$SC/rules" \
        "{\"change_type\": \"update\", \"rule_id\": 2, \"data_version\": 1, $GMP, \"alias\": \"taken\", \"when\": $LATER}"
    check "nothing is scheduled" equal 0 "$(query "SELECT COUNT(*) FROM rules_scheduled_changes WHERE complete = 0")"
    id=$(schedule rules both@x "{\"change_type\": \"update\", \"rule_id\": 2, \"data_version\": 1, $GMP, \"alias\": \"own\", \"when\": $LATER}")
    check "one's own is fine" equal 1 "$(query "SELECT COUNT(*) FROM rules_scheduled_changes WHERE sc_id = $id")"
    check "also in an edit" gives 200 both@x POST "$SC/rules/$id" \
        "{\"sc_data_version\": 1, \"rule_id\": 2, \"data_version\": 1, $GMP, \"alias\": \"own\", \"when\": $LATER}"
    check "an edit to another's" refused 400 "Rule with alias exists." both@x POST "$SC/rules/$id" \
        "{\"sc_data_version\": 2, \"rule_id\": 2, \"data_version\": 1, $GMP, \"alias\": \"taken\", \"when\": $LATER}"
    check "to a new one" gives 200 both@x POST "$SC/rules/$id" \
        "{\"sc_data_version\": 2, \"rule_id\": 2, \"data_version\": 1, $GMP, \"alias\": \"next\", \"when\": $LATER}"
    check "which no other change may want now" refused 400 "scheduled change $id" both@x POST "$SC/rules" \
        "{\"change_type\": \"insert\", ${FX/release/free}, \"alias\": \"next\", \"when\": $LATER}"
    other=$(schedule rules both@x "{\"change_type\": \"insert\", ${FX/release/free}, \"alias\": \"new\", \"when\": $LATER}")
    check "a new rule keeps its alias in an edit" gives 200 both@x POST "$SC/rules/$other" \
        "{\"sc_data_version\": 1, ${FX/release/free}, \"alias\": \"new\", \"when\": $LATER}"
    check "for an update it is taken, too" refused 400 "scheduled change $other" both@x POST "$SC/rules" \
        "{\"change_type\": \"update\", \"rule_id\": 5, \"data_version\": 1, ${FX/release/beta}, \"alias\": \"new\", \"when\": $LATER}"
    check "another alias" gives 200 both@x POST "$SC/rules/$other" \
        "{\"sc_data_version\": 2, ${FX/release/free}, \"alias\": \"newer\", \"when\": $LATER}"
    check "who takes the old one" gives 200 both@x POST /rules "{$GMP, \"alias\": \"new\"}"
    check "keeps the change from going back" refused 400 "Rule with alias exists." both@x POST "$SC/rules/$other/revisions" \
        "{\"change_id\": $(query "SELECT MAX(change_id) FROM rules_scheduled_changes_history WHERE base_alias = 'new' AND sc_id = $other")}"
    check "a rule is made meanwhile" gives 200 both@x POST /rules "{$GMP, \"alias\": \"newer\"}"
    check "so the change cannot be enacted" refused 400 "Rule with alias exists." balrogagent POST "$SC/rules/$other/enact"
    check "without a word of the database's" no_database
    check "but dropped" gives 200 both@x DELETE "$SC/rules/$other?data_version=3"
    check "which frees what it wanted" gives 200 both@x DELETE "$SC/rules/$id?data_version=3"
    check "for others" gives 200 both@x POST "$SC/rules" "{\"change_type\": \"insert\", ${FX/release/free}, \"alias\": \"next\", \"when\": $LATER}"
    check "dropped" gives 200 both@x DELETE "$SC/rules/$(number sc_id)?data_version=1"
}

# Two who want one alias at once: one gets it.
test_alias_race() {
    local i
    for ((i = 0; i < 6; i++)); do
        curl -s --noproxy '*' -o /dev/null -X POST -H 'X-Test-User: both@x' -H 'Content-Type: application/json' \
            -d "{\"change_type\": \"insert\", ${FX/release/free}, \"alias\": \"race\", \"when\": $LATER}" "$ADMIN_URL$SC/rules" &
    done
    wait
    check "of several at once one gets an alias" equal 1 \
        "$(query "SELECT COUNT(*) FROM rules_scheduled_changes WHERE base_alias = 'race' AND complete = 0")"
}

# The last answer says nothing that only the database knows.
no_database() {
    ! sed 's/Database already contains the release//' "$WORK/body" | grep -iE "duplicate|database|constraint|for key|column '|PRIMARY|error [0-9]|mariadb|sql" >/dev/null ||
        { printf '  body: %.300s\n' "$(<"$WORK/body")" >&2 && return 1; }
}

# twice STATUS USER METHOD PATH BODY: what exists already is refused in our own words.
twice() {
    gives "$@" && no_database
}

test_duplicates() {
    local long
    long=$(printf 'a%.0s' {1..300})
    check "an alias on update" refused 400 "Rule with alias exists." both@x POST /rules/2 '{"alias": "taken", "data_version": 1}'
    check "no more" no_database
    check "an alias on insert" twice 400 both@x POST /rules "{$FX, \"alias\": \"taken\"}"
    check "a shutoff" gives 201 fxadmin@x POST /emergency_shutoff '{"product": "Firefox", "channel": "release"}'
    check "again" twice 400 fxadmin@x POST /emergency_shutoff '{"product": "Firefox", "channel": "release"}'
    check "a required sign-off" twice 400 admin@x POST /required_signoffs/product \
        '{"product": "Firefox", "channel": "release", "role": "qa", "signoffs_required": 1}'
    check "a release" twice 400 admin@x POST /releases '{"name": "R-fx", "product": "Firefox", "blob": "{\"name\": \"R-fx\", \"schema_version\": 1, \"appv\": \"1\", \"extv\": \"1\", \"hashFunction\": \"sha512\", \"platforms\": {}}"}'
    check "a permission is changed" twice 400 admin@x PUT /users/qa@x/permissions/rule '{"options": ""}'
    check "too long a value" twice 400 admin@x POST /rules "{$FX, \"buildTarget\": \"$long\"}"
    check "too long a name" twice 400 admin@x PUT "/v2/releases/$long" '{"product": "Firefox", "blob": {"name": "x", "schema_version": 9}}'
}

# Rows that appear after they were looked for, of every table that a request inserts into: the database alone can tell.
test_collisions() {
    local table url body status
    while IFS='|' read -r table url body status; do
        run_sql <<<"CREATE TRIGGER collide BEFORE INSERT ON $table FOR EACH ROW
            SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'Duplicate entry ''x'' for key ''PRIMARY'''"
        check "a row of $table that another was faster with" twice "$status" admin@x "${url%% *}" "${url#* }" "$body"
        run_sql <<<"DROP TRIGGER collide"
    done <<END
rules|POST /rules|{$GMP}|400
permissions|PUT /users/c@x/permissions/rule|{"options": ""}|400
user_roles|PUT /users/qa@x/roles/collide||400
product_req_signoffs|POST /required_signoffs/product|{"product": "C", "channel": "c", "role": "qa", "signoffs_required": 1}|400
permissions_req_signoffs|POST /required_signoffs/permissions|{"product": "C", "role": "qa", "signoffs_required": 1}|400
emergency_shutoffs|POST /emergency_shutoff|{"product": "C", "channel": "c"}|400
releases|POST /releases|{"name": "C", "product": "Firefox", "blob": "{\"name\": \"C\", \"schema_version\": 1, \"appv\": \"1\", \"extv\": \"1\", \"hashFunction\": \"sha512\", \"platforms\": {}}"}|400
releases_json|PUT /v2/releases/C|{"product": "Firefox", "blob": {"name": "C", "schema_version": 4, "hashFunction": "sha512", "platforms": {}}}|400
rules_scheduled_changes|POST $SC/rules|{"change_type": "insert", $FX, "when": $LATER}|400
END
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set 'admin.system_accounts=balrogagent'
test_revoking
test_gone
test_editing
test_without_product
test_aliases
test_alias_race
test_duplicates
test_collisions
summary
