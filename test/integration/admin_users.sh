#!/bin/bash
# Users, permissions, roles, required sign-offs and histories in the admin API: who may, what needs sign-offs, what is
# refused.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_users.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

MANY=500 # users, where statements are counted
SC=/scheduled_changes/permissions
SC_PRODUCT=/scheduled_changes/required_signoffs/product
SC_PERMISSIONS=/scheduled_changes/required_signoffs/permissions

rows() {
    cat <<'EOF'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('two@x', 'rule', NULL, 1), ('two@x', 'release', '{"products": ["GMP"]}', 4),
    ('fxadmin@x', 'admin', '{"products": ["Firefox"]}', 1), ('fxadmin@x', 'permission', NULL, 1),
    ('granter@x', 'permission', '{"actions": ["create", "view"]}', 1), ('rs@x', 'required_signoff', NULL, 1),
    ('rsfx@x', 'required_signoff', '{"products": ["Firefox"]}', 1),
    ('qa1@x', 'rule', NULL, 1), ('qa2@x', 'rule', NULL, 1), ('rel@x', 'rule', NULL, 1),
    ('odd@x', 'permission', '{"actions": "delete"}', 1), ('list@x', 'permission', '["actions"]', 1),
    ('machine', 'permission', '{"actions": ["view"]}', 1), ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES
    ('qa1@x', 'qa', 1), ('qa2@x', 'qa', 1), ('rel@x', 'releng', 1), ('two@x', 'tb', 1), ('two@x', 'spare', 3),
    ('gone@x', 'qa', 1);
EOF
}

# permit USERNAME PERMISSION BODY: as the unlimited admin.
permit() {
    ask admin@x PUT "/users/$1/permissions/$2" "$3"
}

version_of() { # PERMISSION USERNAME
    query "SELECT data_version FROM permissions WHERE permission = '$1' AND username = '$2'"
}

roles_of() {
    query "SELECT role FROM user_roles WHERE username = '$1' ORDER BY role"
}

# schedule URL USER BODY: prints the new sc_id.
schedule() {
    ask "$2" POST "$1" "$3" >/dev/null
    number sc_id
}

test_viewing() {
    local view="You are not authorized to view permissions of other users."
    check "all users" gives 200 admin@x GET /users
    check "with permissions and roles" body_has \
        '"two@x":{"permissions":{"release":{"data_version":4,"options":{"products":["GMP"]}},"rule":{"data_version":1,"options":null}},"roles":[{"data_version":3,"role":"spare"},{"data_version":1,"role":"tb"}]}'
    check "not those who only have roles" body_lacks gone@x
    check "a machine that may view" gives 200 machine GET /users
    check "not for the others" refused 403 "$view" two@x GET /users
    check "a product-limited admin may nothing without a product, his other grants aside" \
        refused 403 "$view" fxadmin@x GET /users
    check "nobody" gives 401 - GET /users
    check "a stranger" refused 403 "Authorization Required" stranger@x GET /users
    check "a machine without permissions is no stranger" refused 403 "$view" other-machine GET /users
    check "options that are no list, as an adopted database may have them, still limit" \
        refused 403 "$view" odd@x GET /users
    check "to what they say" refused 400 OutdatedDataError odd@x DELETE "/users/odd@x/permissions/permission?data_version=9"
    check "options that are no object allow nothing" refused 403 "$view" list@x GET /users
    check "of oneself one may" gives 200 two@x GET /users/two@x
    check "roles by name" body_has '"roles":{"spare":{"data_version":3},"tb":{"data_version":1}},"username":"two@x"'
    check "one's permissions" gives 200 two@x GET /users/two@x/permissions
    check "those of nobody" gives 200 admin@x GET /users/none@x/permissions
    check "are none" says '{}'
    check "one permission" gives 200 two@x GET /users/two@x/permissions/release
    check "of another" refused 403 "$view" two@x GET /users/qa1@x/permissions/rule
    check "a name that is not ASCII" gives 400 admin@x GET /users/%C3%A9@x
    check "a name that is too long" gives 400 admin@x GET "/users/$(printf 'a%.0s' {1..101})"
    check "one that is not" gives 404 admin@x GET /users/two@x%20
    check "upper case is another" gives 404 admin@x GET /users/TWO@x
}

test_permissions() {
    check "options as a list" refused 400 "have to be an object" admin@x PUT /users/p@x/permissions/rule '{"options": "[\"products\"]"}'
    check "options as a number" refused 400 "have to be an object" admin@x PUT /users/p@x/permissions/rule '{"options": "3"}'
    check "products as a text" refused 400 "list of strings" admin@x PUT /users/p@x/permissions/rule \
        '{"options": "{\"products\": \"Firefox\"}"}'
    check "products of numbers" refused 400 "list of strings" admin@x PUT /users/p@x/permissions/rule \
        '{"options": "{\"products\": [1]}"}'
    check "an option that it cannot have" refused 400 \
        "('Unknown option \\\"actions\\\" for permission \\\"admin\\\"',)" \
        admin@x PUT /users/p@x/permissions/admin '{"options": "{\"actions\": []}"}'
    check "a data_version that is null" gives 400 admin@x PUT /users/p@x/permissions/rule '{"data_version": null}'
    check "no body" gives 400 admin@x PUT /users/p@x/permissions/rule
    check "nothing of it is there" equal 0 "$(query "SELECT COUNT(*) FROM permissions WHERE username = 'p@x'")"
    check "empty options are none" equal 201 "$(permit p@x rule '{"options": "{}", "username": "q@x", "permission": "admin"}')"
    check "as stored" equal "rule NULL 1" \
        "$(query "SELECT permission, options, data_version FROM permissions WHERE username IN ('p@x', 'q@x')")"
    check "history of an insert: the key, then the row" equal "NULL admin@x 1 admin@x" \
        "$(query "SELECT data_version, changed_by FROM permissions_history WHERE username = 'p@x' ORDER BY change_id")"
    check "who may create may not modify" refused 403 "granter@x is not allowed to modify permissions" \
        granter@x POST /users/p@x/permissions/rule '{"data_version": 1}'
    check "nor delete" refused 403 "is not allowed to revoke permissions" \
        granter@x DELETE "/users/p@x/permissions/rule?data_version=1"
    check "he may create" gives 201 granter@x PUT /users/p@x/permissions/release '{"options": "{\"products\": [\"GMP\"]}"}'
    check "an old version" refused 400 OutdatedDataError admin@x PUT /users/p@x/permissions/rule '{"data_version": 7}'
    check "a permission that he does not have" refused 404 "not found for p@x" admin@x POST /users/p@x/permissions/admin \
        '{"data_version": 1}'
    check "an unknown query parameter" gives 400 admin@x DELETE "/users/p@x/permissions/rule?data_version=1&force=1"
    check "a version that is no number" gives 400 admin@x DELETE "/users/p@x/permissions/rule?data_version=x"
}

test_roles() {
    check "whoever asks again is told the version" gives 200 two@x PUT /users/qa1@x/roles/qa
    check "as text" says '{"new_data_version": 1}'
    check "who may not grant" refused 403 "two@x is not allowed to grant user roles" two@x PUT /users/two@x/roles/qa
    check "nor revoke" refused 403 "is not allowed to revoke user roles" \
        two@x DELETE "/users/qa1@x/roles/qa?data_version=1"
    check "a role for who has no permission" refused 400 "Cannot grant a role to a user without any permissions" \
        admin@x PUT /users/gone@x/roles/other
    check "a role" gives 201 admin@x PUT /users/p@x/roles/qa
    check "the first of two permissions leaves it" gives 200 admin@x DELETE "/users/p@x/permissions/release?data_version=1"
    check "there" equal qa "$(roles_of p@x)"
    check "the last takes it along" gives 200 admin@x DELETE "/users/p@x/permissions/rule?data_version=1"
    check "away" equal "" "$(roles_of p@x)"
    check "which its history tells" equal "NULL" \
        "$(query "SELECT data_version FROM user_roles_history WHERE username = 'p@x' ORDER BY change_id DESC LIMIT 1")"
}

# qa is held by qa1, qa2 and gone; tb by two alone.
test_required() {
    local body='"product": "Thunderbird", "channel": "beta"'
    check "who may not" refused 403 "two@x is not allowed to create new Required Signoffs." \
        two@x POST /required_signoffs/product "{$body, \"role\": \"tb\", \"signoffs_required\": 1}"
    check "who may for a product only may not at all" refused 403 "is not allowed to create new" \
        rsfx@x POST /required_signoffs/product '{"product": "Firefox", "channel": "x", "role": "tb", "signoffs_required": 1}'
    check "more than hold the role" refused 400 \
        "('Cannot require 2 signoffs for Thunderbird, beta - only 1 users hold the tb role',)" \
        rs@x POST /required_signoffs/product "{$body, \"role\": \"tb\", \"signoffs_required\": 2}"
    check "none at all" gives 400 rs@x POST /required_signoffs/product "{$body, \"role\": \"tb\", \"signoffs_required\": 0}"
    check "a number in a string" gives 201 rs@x POST /required_signoffs/product \
        "{$body, \"role\": \"tb\", \"signoffs_required\": \"1\", \"data_version\": 7}"
    check "at version 1" equal "1 1" \
        "$(query "SELECT signoffs_required, data_version FROM product_req_signoffs WHERE product = 'Thunderbird'")"
    check "a second role needs what is required so far" refused 400 "No Signoffs given" \
        rs@x POST /required_signoffs/product "{$body, \"role\": \"qa\", \"signoffs_required\": 1}"
    check "another channel does not" gives 201 rs@x POST /required_signoffs/product \
        '{"product": "Thunderbird", "channel": "release", "role": "qa", "signoffs_required": 3}'
    check "the same again" refused 400 "Required Signoffs cannot be directly modified" \
        rs@x POST /required_signoffs/product "{$body, \"role\": \"tb\", \"signoffs_required\": 1}"
    check "it cannot be deleted" refused 400 "Required Signoffs cannot be directly deleted." - DELETE /required_signoffs/product
    check "the list, by product and channel" gives 200 - GET "/required_signoffs/product?product=Thunderbird&channel=beta"
    check "one" body_has '"count":1'
    check "by a product that is none" gives 200 - GET "/required_signoffs/product?product="
    check "none" says '{"count":0,"required_signoffs":[]}'
    check "revisions" gives 200 - GET "/required_signoffs/product/revisions?product=Thunderbird&channel=beta&role=tb&limit=1"
    check "one revision" body_has '"count":1'
    check "of what does not exist" refused 404 "Requested Required Signoff does not exist" \
        - GET "/required_signoffs/product/revisions?product=Thunderbird&channel=beta&role=qa"
    check "a role that sign-offs need stays" refused 400 \
        "Revoking tb role would make it impossible for Required Signoffs to be fulfilled" \
        admin@x DELETE "/users/two@x/roles/tb?data_version=1"
    check "so does who alone has it" gives 200 admin@x DELETE "/users/two@x/permissions/rule?data_version=1"
    check "with one permission" refused 400 \
        "('Revoking tb role would make it impossible for Required Signoffs to be fulfilled',)" \
        admin@x DELETE "/users/two@x/permissions/release?data_version=4"
    check "nothing was lost" equal "spare tb release" \
        "$(roles_of two@x) $(query "SELECT permission FROM permissions WHERE username = 'two@x'")"
    check "as many as are needed stay" refused 400 "Revoking qa role" admin@x DELETE "/users/gone@x/roles/qa?data_version=1"
    check "one that nothing needs goes" gives 200 admin@x DELETE "/users/two@x/roles/spare?data_version=3"
}

test_scheduled_required() {
    local id key='"product": "Thunderbird", "channel": "beta", "role": "tb"'
    check "when may not be null" refused 400 "when cannot be set to null" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": null}"
    check "nor missing" refused 400 "'when' is a required property" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1}"
    check "nor past" refused 400 "may not be scheduled in the past" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": 1000}"
    check "what the server sets" refused 400 "sc_id cannot be set" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": $LATER, \"sc_id\": 1}"
    check "complete neither" gives 400 rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": $LATER, \"complete\": true}"
    check "an update without a number" refused 400 "signoffs_required is missing" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"update\", \"data_version\": 1, \"when\": $LATER}"
    check "a deletion without a version" refused 400 "data_version is missing" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"when\": $LATER}"
    check "a version that is not the row's" refused 400 OutdatedDataError rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"update\", \"signoffs_required\": 1, \"data_version\": 9, \"when\": $LATER}"
    check "an update of nothing" gives 400 rs@x POST "$SC_PRODUCT" \
        "{\"product\": \"No\", \"channel\": \"beta\", \"role\": \"tb\", \"change_type\": \"update\", \"signoffs_required\": 1, \"data_version\": 9, \"when\": $LATER}"
    check "more than hold the role" refused 400 "Cannot require 5 signoffs" rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"update\", \"signoffs_required\": 5, \"data_version\": 1, \"when\": $LATER}"
    check "who may not" refused 403 "is not allowed to remove Required Signoffs." two@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": $LATER}"
    id=$(schedule "$SC_PRODUCT" rs@x "{$key, \"change_type\": \"delete\", \"data_version\": 1, \"when\": $LATER}")
    check "listed by product" gives 200 - GET "$SC_PRODUCT?product=Thunderbird&channel=beta"
    check "needing what is required" body_has '"required_signoffs":{"tb":1}'
    check "not by another" gives 200 - GET "$SC_PRODUCT?product=Firefox"
    check "none" says '{"count":0,"scheduled_changes":[]}'
    check "a second for the row" refused 400 ChangeScheduledError rs@x POST "$SC_PRODUCT" \
        "{$key, \"change_type\": \"update\", \"signoffs_required\": \"1\", \"data_version\": 1, \"when\": $LATER}"
    check "an edit without the row's version" refused 400 "data_version is missing" rs@x POST "$SC_PRODUCT/$id" \
        "{\"sc_data_version\": 1, \"when\": $LATER}"
    check "an edit leaves the key alone" gives 200 rs@x POST "$SC_PRODUCT/$id" \
        "{\"sc_data_version\": 1, \"data_version\": 1, \"when\": $LATER, \"channel\": \"release\", \"signoffs_required\": 9}"
    check "as it was" equal "beta NULL" \
        "$(query "SELECT base_channel, base_signoffs_required FROM product_req_signoffs_scheduled_changes WHERE sc_id = $id")"
    check "an edit of none" refused 404 "No scheduled change for product required signoff" rs@x POST "$SC_PRODUCT/999" \
        '{"sc_data_version": 1}'
    check "it takes sign-offs" refused 400 "No Signoffs given" balrogagent POST "$SC_PRODUCT/$id/enact"
    check "of the role" refused 403 "cannot signoff with role 'tb'" qa1@x POST "$SC_PRODUCT/$id/signoffs" '{"role": "tb"}'
    check "one's own" gives 200 two@x POST "$SC_PRODUCT/$id/signoffs" '{"role": "tb"}'
    check "enacted" gives 200 balrogagent POST "$SC_PRODUCT/$id/enact"
    check "in the name of who scheduled it" equal rs@x \
        "$(query 'SELECT changed_by FROM product_req_signoffs_history ORDER BY change_id DESC LIMIT 1')"
    check "revisions end with it" refused 404 "does not exist" \
        - GET "/required_signoffs/product/revisions?product=Thunderbird&channel=beta&role=tb"
    id=$(schedule "$SC_PERMISSIONS" rs@x \
        "{\"change_type\": \"insert\", \"product\": \"GMP\", \"role\": \"releng\", \"signoffs_required\": 1, \"data_version\": 3, \"when\": $LATER}")
    check "of permissions" gives 200 balrogagent POST "$SC_PERMISSIONS/$id/enact"
    check "inserted" equal "GMP releng 1 1" "$(query 'SELECT product, role, signoffs_required, data_version FROM permissions_req_signoffs')"
    check "its revisions" gives 200 - GET "/required_signoffs/permissions/revisions?product=GMP&role=releng"
}

# GMP needs releng's sign-off, which two more can give.
test_scheduled_permissions() {
    local id
    check "the second product" gives 201 rs@x POST /required_signoffs/permissions \
        '{"product": "Firefox", "role": "qa", "signoffs_required": 2}'
    check "a permission for a product needs its sign-offs" refused 400 "No Signoffs given" \
        admin@x PUT /users/n@x/permissions/rule '{"options": "{\"products\": [\"GMP\"]}"}'
    check "for one without any it needs none" equal 201 "$(permit n@x rule '{"options": "{\"products\": [\"Other\"]}"}')"
    check "one without products needs all" refused 400 "No Signoffs given" admin@x PUT /users/n@x/permissions/release '{}'
    check "one that cannot have products too" refused 400 "No Signoffs given" \
        admin@x PUT /users/n@x/permissions/permission '{"options": "{\"actions\": [\"view\"]}"}'
    check "the old row counts too" refused 400 "No Signoffs given" admin@x DELETE "/users/two@x/permissions/release?data_version=4"
    check "and the new one" refused 400 "No Signoffs given" admin@x PUT /users/n@x/permissions/rule \
        '{"data_version": 1, "options": ""}'
    check "who may not grant may not schedule" refused 403 "two@x is not allowed to grant permissions" two@x POST "$SC" \
        "{\"change_type\": \"insert\", \"username\": \"two@x\", \"permission\": \"admin\", \"when\": $LATER}"
    check "an unknown permission" gives 400 admin@x POST "$SC" \
        "{\"change_type\": \"insert\", \"username\": \"m@x\", \"permission\": \"root\", \"when\": $LATER}"
    check "options that are none" refused 400 "Unknown option" admin@x POST "$SC" \
        "{\"change_type\": \"insert\", \"username\": \"m@x\", \"permission\": \"rule\", \"options\": \"{\\\"x\\\": []}\", \"when\": $LATER}"
    id=$(schedule "$SC" admin@x "{\"change_type\": \"insert\", \"username\": \"m@x\", \"permission\": \"release\", \"when\": $LATER}")
    check "scheduled" gives 200 - GET "$SC"
    check "without products it needs every row's" body_has '"required_signoffs":{"qa":2,"releng":1}'
    check "one sign-off" gives 200 rel@x POST "$SC/$id/signoffs" '{"role": "releng"}'
    check "is not enough" refused 400 "Not enough signoffs for role 'qa'" balrogagent POST "$SC/$id/enact"
    check "a system account signs nothing" gives 403 balrogagent POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "narrowed to one product" gives 200 admin@x POST "$SC/$id" \
        "{\"sc_data_version\": 1, \"options\": \"{\\\"products\\\": [\\\"GMP\\\"]}\", \"when\": $LATER}"
    check "others' sign-offs are gone" body_has '"signoffs":{}'
    check "so it is not enacted" refused 400 "No Signoffs given" balrogagent POST "$SC/$id/enact"
    check "signed off" gives 200 rel@x POST "$SC/$id/signoffs" '{"role": "releng"}'
    check "back to what it was" gives 200 admin@x POST "$SC/$id/revisions" '{"change_id": 2}'
    check "takes the sign-off again" refused 400 "No Signoffs given" balrogagent POST "$SC/$id/enact"
    check "its revisions" gives 200 - GET "$SC/$id/revisions?limit=1"
    check "three" body_has '"count":3'
    check "narrowed again" gives 200 admin@x POST "$SC/$id" \
        "{\"sc_data_version\": 3, \"options\": \"{\\\"products\\\": [\\\"GMP\\\"]}\", \"when\": $LATER}"
    check "signed off again" gives 200 rel@x POST "$SC/$id/signoffs" '{"role": "releng"}'
    check "enacted" gives 200 balrogagent POST "$SC/$id/enact"
    check "once" refused 400 OutdatedDataError balrogagent POST "$SC/$id/enact"
    check "as it says" equal '{"products": ["GMP"]} 1' \
        "$(query "SELECT options, data_version FROM permissions WHERE username = 'm@x'")"
    id=$(schedule "$SC" admin@x "{\"change_type\": \"update\", \"username\": \"n@x\", \"permission\": \"rule\", \"data_version\": 1, \"when\": $LATER}")
    check "an update that leaves options out makes them null, which needs all" refused 400 "No Signoffs given" \
        balrogagent POST "$SC/$id/enact"
    check "an edit of none" refused 404 "No scheduled change for permission found" admin@x POST "$SC/999" '{"sc_data_version": 1}'
    check "dropped" gives 200 admin@x DELETE "$SC/$id?data_version=1"
    id=$(schedule "$SC" admin@x "{\"change_type\": \"delete\", \"username\": \"n@x\", \"permission\": \"rule\", \"data_version\": 1, \"when\": $LATER}")
    check "a deletion" equal 201 "$(ask admin@x PUT /users/n@x/roles/spare)"
    check "is enacted" gives 200 balrogagent POST "$SC/$id/enact"
    check "with the roles" equal "" "$(roles_of n@x)"
}

test_histories() {
    check "of permissions, not for all" gives 403 two@x GET /permissions/history
    check "nor nobody" gives 401 - GET /permissions/history
    check "for those who may view" gives 200 machine GET "/permissions/history?changed_by=granter@x"
    check "by whom" body_has '"Permissions":{"count":1,"revisions":[{"change_id":'
    check "what is scheduled too" gives 200 admin@x GET "/permissions/history?limit=2"
    check "in one answer" body_has '"Permissions Scheduled Change":{"count":8,"revisions":[{"change_id":'
    check "a data_version" gives 200 admin@x GET "/permissions/history?data_version=3"
    check "is the scheduled change's" body_has '"sc_data_version":3'
    check "none so old" gives 200 - GET "/required_signoffs/product/history?timestamp_to=1000"
    check "at all" says '{"Product Required Signoffs":{"count":0,"required_signoffs":[]},"Product Required Signoffs Scheduled Change":{"count":0,"revisions":[]}}'
    check "by role" gives 200 - GET "/required_signoffs/product/history?role=tb&channel=beta"
    check "those alone" body_has '"Product Required Signoffs":{"count":1,'
    check "of permissions' required sign-offs" gives 200 - GET "/required_signoffs/permissions/history?product=GMP"
    check "one" body_has '"Permissions Required Signoffs":{"count":1,"required_signoffs":[{"change_id":2,'
    check "of rules" gives 200 - GET /rules/history
    check "empty" says '{"Rules":{"count":0,"revisions":[]},"Rules scheduled change":{"count":0,"revisions":[]}}'
    check "a page that is none" gives 400 - GET "/rules/history?page=0"
    check "one far away" gives 400 - GET "/rules/history?page=9223372036854775807&limit=9223372036854775807"
    check "a number that is none" gives 400 - GET "/rules/history?change_id=x"
    check "an unknown filter" gives 400 - GET "/rules/history?mapping=x"
    check "null filters nothing" gives 200 - GET "/rules/history?product=null&change_id=null"
}

test_size() {
    local few many
    few=$(statements admin@x GET /users)
    for ((i = 0; i < MANY; i++)); do
        printf "INSERT INTO permissions (username, permission, data_version) VALUES ('many%d@x', 'rule', 1);\n" "$i"
        printf "INSERT INTO user_roles (username, role, data_version) VALUES ('many%d@x', 'many', 1);\n" "$i"
    done | run_sql
    many=$(statements admin@x GET /users)
    check "as many statements for $MANY users as for a few" equal "$few" "$many"
    check "all there" gives 200 admin@x GET /users
    check "the last" body_has "\"many$((MANY - 1))@x\""
}

# Two who give the last two permissions up at the same time: the roles go with whichever is later.
test_race() {
    local round left=0
    for round in {1..5}; do
        run_sql <<<"INSERT INTO permissions (username, permission, options, data_version) VALUES
            ('r$round@x', 'rule', '{\"products\": [\"Other\"]}', 1), ('r$round@x', 'release', '{\"products\": [\"Other\"]}', 1);
            INSERT INTO user_roles (username, role, data_version) VALUES ('r$round@x', 'race', 1);"
        curl -s --noproxy '*' -X DELETE -H 'X-Test-User: admin@x' "$ADMIN_URL/users/r$round@x/permissions/rule?data_version=1" &
        curl -s --noproxy '*' -X DELETE -H 'X-Test-User: admin@x' "$ADMIN_URL/users/r$round@x/permissions/release?data_version=1" &
        wait
        [[ -z $(roles_of "r$round@x")$(version_of rule "r$round@x")$(version_of release "r$round@x") ]] || left=$((left + 1))
    done
    check "roles go with the last permission, however they are deleted" equal 0 "$left"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set 'admin.system_accounts=balrogagent'
test_viewing
test_permissions
test_roles
test_required
test_scheduled_required
test_scheduled_permissions
test_histories
test_size
test_race
summary
