#!/bin/bash
# Roles that wait for confirmation: where permissions need sign-offs, nobody makes signers alone.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_roles.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

SC=/scheduled_changes/rules
FX='"product": "Firefox", "channel": "release", "mapping": "R", "backgroundRate": 100, "priority": 5, "update_type": "minor"'

rows() {
    cat <<'END'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('boss@x', 'admin', NULL, 1), ('second@x', 'permission', NULL, 1), ('third@x', 'permission', NULL, 1),
    ('deleter@x', 'permission', '{"actions": ["delete", "view"]}', 1), ('fxadmin@x', 'admin', '{"products": ["Firefox"]}', 1),
    ('robot', 'permission', NULL, 1), ('qa1@x', 'rule', NULL, 1), ('new@x', 'rule', NULL, 1), ('new2@x', 'rule', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa1@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES ('Firefox', 'release', 'qa', 1, 1);
INSERT INTO releases (name, product, data, data_version) VALUES
    ('R', 'Firefox', '{"name": "R", "schema_version": 1, "appv": "1.0", "extv": "1.0", "hashFunction": "sha512", "platforms": {}}', 1);
END
}

require_for_permissions() {
    run_sql <<<"INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version) VALUES ('Firefox', 'qa', 1, 1)"
}

require_nothing() {
    run_sql <<<"DELETE FROM permissions_req_signoffs"
}

schedule() { # USER: a change that needs one of qa; prints its number
    ask "$1" POST "$SC" "{\"change_type\": \"insert\", $FX, \"when\": $LATER}" >/dev/null
    number sc_id
}

signs() { # SC_ID USER ROLE
    gives 200 "$2" POST "$SC/$1/signoffs" "{\"role\": \"$3\"}"
}

signed() { # SC_ID
    query "SELECT username FROM rules_scheduled_changes_signoffs WHERE sc_id = $1"
}

# Where nothing is needed for permissions everything is as the reference has it.
test_not_required() {
    check "a role is granted" gives 201 boss@x PUT /users/new@x/roles/qa
    check "nothing waits" equal 0 "$(query "SELECT COUNT(*) FROM balrog_role_grants")"
    check "there is nothing to confirm" refused 400 "does not wait for confirmation" second@x POST /users/new@x/roles/qa/confirm
    check "it counts" equal new@x "$(signed "$(schedule new@x)")"
    require_for_permissions
    check "also once permissions need sign-offs" equal new@x "$(signed "$(schedule new@x)")"
    check "as shown" gives 200 boss@x GET /users/new@x
    check "to the byte" says '{"permissions":{"rule":{"data_version":1,"options":null}},"roles":{"qa":{"data_version":1}},"username":"new@x"}'
    check "revoked" gives 200 boss@x DELETE "/users/new@x/roles/qa?data_version=1"
}

test_pending() {
    local id
    check "a role is granted" gives 201 boss@x PUT /users/new@x/roles/qa
    check "again nothing happens" gives 200 boss@x PUT /users/new@x/roles/qa
    check "it is there" equal qa "$(query "SELECT role FROM user_roles WHERE username = 'new@x'")"
    check "it waits" gives 200 second@x GET /users
    check "as all see" body_has '"roles":[{"data_version":1,"pending":{"granted_at":'
    check "by whom it was granted" body_has '"granted_by":"boss@x"'
    check "those from before do not" body_has '"qa1@x":{"permissions":{"rule":{"data_version":1,"options":null}},"roles":[{"data_version":1,"role":"qa"}]}'
    check "one's own" gives 200 new@x GET /whoami
    check "waits" body_has '"roles":{"qa":{"data_version":1,"pending":{'
    check "who he is" gives 200 new@x GET /users/new@x
    check "too" body_has '"pending":{"granted_at":'
    id=$(schedule new@x)
    check "scheduling signs nothing" equal "" "$(signed "$id")"
    check "nor can it be signed" refused 403 "new@x cannot signoff with role 'qa'" new@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "signed by another" signs "$id" qa1@x qa
    check "whose sign-off new@x cannot take back" gives 403 new@x DELETE "$SC/$id/signoffs?username=qa1@x"
    check "two of qa cannot be required yet" refused 400 "only 1 users hold the qa role" boss@x POST /required_signoffs/product \
        '{"product": "Other", "channel": "release", "role": "qa", "signoffs_required": 2}'
    check "nor the one who counts be spared" refused 400 "make it impossible" boss@x DELETE "/users/qa1@x/roles/qa?data_version=1"
}

test_confirming() {
    local why="somebody has to who neither granted it nor gets it"
    run_sql <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('new@x', 'permission', 1)"
    check "not by who granted it" refused 403 "$why" boss@x POST /users/new@x/roles/qa/confirm
    check "nor by who gets it" refused 403 "$why" new@x POST /users/new@x/roles/qa/confirm
    run_sql <<<"DELETE FROM permissions WHERE username = 'new@x' AND permission = 'permission'"
    check "nor by a program" refused 403 "System account cannot confirm a role" robot POST /users/new@x/roles/qa/confirm
    check "nor by who may not grant" refused 403 "deleter@x is not allowed to confirm" deleter@x POST /users/new@x/roles/qa/confirm
    check "nor by an admin of a product" gives 403 fxadmin@x POST /users/new@x/roles/qa/confirm
    check "nor by nobody" gives 401 - POST /users/new@x/roles/qa/confirm
    check "nor a role that is not there" gives 404 second@x POST /users/new@x/roles/other/confirm
    check "by a second who may grant" gives 200 second@x POST /users/new@x/roles/qa/confirm '{}'
    check "once" refused 400 "does not wait for confirmation" third@x POST /users/new@x/roles/qa/confirm
    check "it counts" equal new@x "$(signed "$(schedule new@x)")"
    check "and shows as ever" gives 200 new@x GET /whoami
    check "so" body_has '"roles":{"qa":{"data_version":1}}'
    check "two hold it now" gives 201 boss@x POST /required_signoffs/product \
        '{"product": "Other", "channel": "release", "role": "qa", "signoffs_required": 2}'
    check "its history" equal "boss@x NULL NULL boss@x boss@x NULL second@x boss@x second@x" \
        "$(query "SELECT changed_by, granted_by, confirmed_by FROM balrog_role_grants_history WHERE username = 'new@x' ORDER BY change_id")"
    run_sql <<<"DELETE FROM product_req_signoffs WHERE product = 'Other'"
}

test_revoking() {
    check "a confirmed one goes" gives 200 boss@x DELETE "/users/new@x/roles/qa?data_version=1"
    check "and is granted again" gives 201 third@x PUT /users/new@x/roles/qa
    check "it waits again" gives 403 new@x POST "$SC/$(schedule new@x)/signoffs" '{"role": "qa"}'
    check "the confirmation of before says nothing" refused 403 "neither granted it" third@x POST /users/new@x/roles/qa/confirm
    check "who waits can be spared" gives 200 boss@x DELETE "/users/new@x/roles/qa?data_version=1"
    check "nothing waits" equal 0 "$(query "SELECT COUNT(*) FROM balrog_role_grants")"
    check "the granter loses the right" gives 201 third@x PUT /users/new@x/roles/qa
    run_sql <<<"DELETE FROM permissions WHERE username = 'third@x'"
    check "so nobody can confirm it" refused 400 "third@x, who granted the role, may not grant roles any more" \
        second@x POST /users/new@x/roles/qa/confirm
    run_sql <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('third@x', 'permission', 1);
        DELETE FROM user_roles WHERE username = 'new@x'; INSERT INTO user_roles (username, role, data_version) VALUES ('new@x', 'other', 1)"
    check "one that was revoked beside us can be granted again" gives 201 boss@x PUT /users/new@x/roles/qa
    check "by somebody else" equal boss@x "$(query "SELECT granted_by FROM balrog_role_grants WHERE username = 'new@x'")"
    check "roles that others granted beside us count" equal '[{"data_version":1,"role":"other"}]' \
        "$(ask boss@x GET /users >/dev/null; grep -o '"new@x":.*' "$WORK/body" | grep -o '\[{"data_version":1,"role":"other"}' | head -1)]"
    require_nothing
    check "where nothing is needed any more it counts" equal new@x "$(signed "$(schedule new@x)")"
    require_for_permissions
    check "where it is again, it waits again" equal "" "$(signed "$(schedule new@x)")"
    require_nothing
    run_sql <<<"DELETE FROM user_roles WHERE username = 'new@x' AND role = 'qa'"
    check "granted while nothing is needed" gives 201 boss@x PUT /users/new@x/roles/qa
    require_for_permissions
    check "it counts for good" equal new@x "$(signed "$(schedule new@x)")"
    check "roles go with the last permission" gives 201 boss@x PUT /users/new2@x/roles/qa
    run_sql <<<"DELETE FROM permissions_req_signoffs"
    check "which goes" gives 200 boss@x DELETE "/users/new2@x/permissions/rule?data_version=1"
    check "and what waited with it" equal 0 "$(query "SELECT COUNT(*) FROM balrog_role_grants WHERE username = 'new2@x'")"
    require_for_permissions
}

# Revoked and confirmed, granted and confirmed at once: whatever comes first, nothing counts that nobody confirmed.
test_races() {
    local i wrong=0 state
    for ((i = 0; i < 6; i++)); do
        run_sql <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('r$i@x', 'rule', 1)"
        ask boss@x PUT "/users/r$i@x/roles/race" >/dev/null
        race third@x DELETE "/users/r$i@x/roles/race?data_version=1"
        race second@x POST "/users/r$i@x/roles/race/confirm"
        race boss@x PUT "/users/r$i@x/roles/race"
        wait
        state=$(query "SELECT u.role, g.role, g.confirmed_by FROM permissions p LEFT JOIN user_roles u ON u.username = p.username
            LEFT JOIN balrog_role_grants g ON g.username = p.username WHERE p.username = 'r$i@x'")
        [[ $state =~ ^"NULL NULL NULL"$|^"race race "(NULL|second@x)$ ]] || { echo "  $state" >&2 && wrong=$((wrong + 1)); }
    done
    check "role and grant go together, whoever comes first" equal 0 "$wrong"
}

race() { # USER METHOD PATH
    curl -s --noproxy '*' -o /dev/null -X "$2" -H "X-Test-User: $1" "$ADMIN_URL$3" &
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set 'admin.system_accounts=balrogagent robot'
test_not_required
test_pending
test_confirming
test_revoking
test_races
summary
