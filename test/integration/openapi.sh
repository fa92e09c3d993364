#!/bin/bash
# Every success that docs/openapi.json documents, held against a real response, and some refusals. Every request that
# writes is first made as a dry run: no table may change, and an error has to be that of the real request.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: openapi.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

TOOL=${BALROG_BUILD:-$TOP/build}/test/integration/openapi_check
DOC=$TOP/docs/openapi.json
PUBLIC_URL=

rows() {
    cat <<'EOF'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('qa@x', 'rule', '{"products": ["Firefox"], "actions": ["create"]}', 1),
    ('agent', 'scheduled_change', NULL, 1), ('second@x', 'permission', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('admin@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1);
INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version) VALUES ('Firefox', 'qa', 1, 1);
INSERT INTO emergency_shutoffs (product, channel, comment, data_version) VALUES ('Fennec', 'release', NULL, 1);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES
    ('Firefox', '102.', 'esr', 'V2', 1);
INSERT INTO dockerflow (watchdog) VALUES (1);
EOF
    printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('%s', 'Firefox', 0, '%s', 1);\n" \
        R1 "$(blob R1)" Plain "$(blob Plain)"
    cat <<'EOF'
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'fx', 100, 'R1', 100, 'minor', 'Firefox', 'release', 1), (2, NULL, 90, 'R1', 100, 'minor', 'Thunderbird', 'beta', 1);
EOF
}

LOCALE='{"buildID": "20200101000000", "completes": [{"filesize": 1, "from": "*", "hashValue": "'$(printf 'ab%.0s' {1..64})'"}]}'
FORMAT='"schema_version": 4, "hashFunction": "sha512"'
URLS='"fileUrls": {"*": {"completes": {"*": "https://archive.mozilla.org/pub/x.mar"}}}'

blob() { # NAME
    printf '%s' "{\"name\": \"$1\", \"schema_version\": 4, \"hashFunction\": \"sha512\", \"appVersion\": \"70.0\", " \
        "\"displayVersion\": \"70.0\", $URLS, \"platforms\": {\"p\": {\"buildID\": \"20200101000000\", " \
        "\"OS_BOUNCER\": \"l\", \"OS_FTP\": \"l\", \"locales\": {\"de\": $LOCALE}}}}"
}

quoted() { # TEXT: as a JSON string
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# documented: the last answer to METHOD PATH, whose status is given, is as documented.
documented() { # METHOD PATH STATUS
    local type
    type=$(sed -n 's/^Content-Type: \(.*\)\r$/\1/Ip' "$WORK/head")
    "$TOOL" "$DOC" "${1,,}" "$2" "$3" "$type" <"$WORK/body" >>"$WORK/seen" ||
        { printf '  in: %.600s\n' "$(<"$WORK/body")" >&2 && return 1; }
}

# as STATUS USER METHOD PATH [BODY]: so it is answered, and that is as documented.
as() {
    local status=$1
    shift
    gives "$status" "$@" && documented "$2" "$3" "$status"
}

# The sums of all tables. (In app_instances and balrog_heartbeat programs report themselves meanwhile: only rows of the test
# count.)
sums() {
    run_sql <<<"$CHECKSUMS; SELECT instance, detail FROM app_instances WHERE host = 'h';"
}

# unchanged COMMAND…: it succeeds, and no table is changed by it.
unchanged() {
    local before
    before=$(sums)
    "$@" && equal "$before" "$(sums)"
}

# rehearsed STATUS USER METHOD PATH [BODY]: as a dry run the request is answered by what it would do, or refused as it
# will be really.
rehearsed() {
    local status=$1 mark='?'
    shift
    [[ $3 != *\?* ]] || mark='&'
    ((status >= 400)) || status=200
    gives "$status" "$1" "$2" "$3${mark}dry_run=1" "${@:4}" || return 1
    ((status < 400)) || { cp -- "$WORK/body" "$WORK/rehearsed" && return; }
    body_has '"dry_run":true' && documented "$2" "$3" 200 && tail -n 1 "$WORK/seen" >>"$WORK/dry"
}

# one: a check of it, and before it of its dry run.
one() {
    local status=$1 writes=0
    [[ $3 == GET || $4 == /explain* || $4 == /simulate* || $4 == /expectations/check || "$3 $4" == "DELETE /required_signoffs/"* ]] || writes=1
    ((!writes)) || check "$3 $4: dry run" unchanged rehearsed "$@"
    check "$3 $4" as "$@"
    ((!writes || status < 400)) || check "$3 $4: refused in the same words" cmp -s "$WORK/rehearsed" "$WORK/body"
}

public() { # PATH
    local status
    status=$(curl -s --noproxy '*' --path-as-is -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "$PUBLIC_URL$1")
    check "public $1: $status" documented GET "$1" "$status"
}

# The number NAME of the last answer.
new() {
    number sc_id
}

run_rules() {
    local id sc=/scheduled_changes/rules
    local body='"priority": 1, "backgroundRate": 50, "update_type": "minor", "mapping": "R1", "product": "Thunderbird", "channel": "beta"'
    one 200 admin@x POST /rules "{$body}"
    id=$(<"$WORK/body")
    one 400 admin@x POST /rules '{}'
    one 401 - POST /rules "{$body}"
    one 403 qa@x POST /rules "{$body}"
    one 200 - GET /rules
    one 200 - GET "/rules?timestamp=$LATER"
    one 200 - GET /rules/fx
    one 404 - GET /rules/none
    one 200 admin@x POST "/rules/$id" '{"data_version": 1, "comment": "one"}'
    one 200 admin@x PUT "/rules/$id" '{"data_version": "2", "comment": "two"}'
    one 200 - GET "/rules/$id/revisions"
    one 200 admin@x POST "/rules/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM rules_history WHERE rule_id = $id AND data_version = 1")}"
    one 200 - GET /rules/columns/product
    one 200 admin@x POST "$sc" "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"when\": $LATER, $body}"
    id=$(new)
    one 200 - GET "$sc"
    one 200 - GET "$sc/$id"
    one 200 qa@x GET /pending
    one 200 - GET /pending
    one 400 qa@x GET /pending?kind=none
    one 200 admin@x GET /history
    one 401 - GET /history
    one 200 qa@x GET "/pending?expectations=1"
    one 403 - GET "/pending?expectations=1"
    one 403 qa@x GET /history?object=roles
    one 200 admin@x POST "$sc/$id" "{\"sc_data_version\": 1, \"data_version\": 1, \"when\": $LATER, $body, \"comment\": \"new\"}"
    one 200 - GET "$sc/$id/revisions"
    one 200 - GET "/rules/history?product=Thunderbird"
    one 200 admin@x POST "$sc/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM rules_scheduled_changes_history WHERE sc_id = $id AND data_version = 1")}"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 403 qa@x POST "$sc/$id/enact"
    one 400 agent POST "$sc/$id/enact"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 agent POST "$sc/$id/enact"
    one 200 - GET "$sc?all=1"
    one 200 admin@x POST "$sc" "{\"change_type\": \"insert\", \"when\": $LATER, $body}"
    id=$(new)
    one 200 admin@x DELETE "$sc/$id?data_version=1"
    one 200 admin@x DELETE "/rules/2?data_version=1"
}

run_expectations() {
    local query=/update/3/Firefox/1.0/1/p/de/release/os/d/d/update.xml one='"must": {"mapping": ["R1"]}'
    one 201 qa@x POST /expectations "{\"product\": \"Firefox\", \"name\": \"de\", \"query\": \"$query\", $one}"
    one 400 qa@x POST /expectations "{\"product\": \"Firefox\", \"name\": \"de\", \"query\": \"/\", $one}"
    one 401 - POST /expectations '{}'
    one 403 qa@x POST /expectations "{\"product\": \"GMP\", \"name\": \"de\", \"query\": \"$query\", $one}"
    one 200 - GET /expectations
    one 200 - GET /expectations/Firefox/de
    one 404 - GET /expectations/Firefox/none
    one 200 qa@x GET /expectations/check
    one 200 qa@x GET "/expectations/check?format=text"
    one 401 - GET /expectations/check
    one 403 nobody@x GET /expectations/check
    one 400 qa@x GET "/expectations/check?with=rules:99"
    one 200 qa@x POST /expectations/check '{"changes": [{"table": "rules", "change_type": "delete", "rule_id": 1}]}'
    one 400 qa@x POST /expectations/check '{"changes": [1]}'
    one 200 admin@x PUT /expectations/Firefox/de "{\"query\": \"$query\", $one, \"comment\": \"c\", \"data_version\": 1}"
    one 403 qa@x PUT /expectations/Firefox/de "{\"query\": \"$query\", $one, \"data_version\": 2}"
    one 404 admin@x PUT /expectations/Firefox/none "{\"query\": \"$query\", $one, \"data_version\": 2}"
    one 200 - GET /expectations/Firefox/de/revisions
    one 200 admin@x POST "/expectations/import?plan=0" \
        "{\"expectations\": [{\"product\": \"Firefox\", \"name\": \"fr\", \"query\": \"$query\", $one}]}"
    one 400 admin@x POST /expectations/import '{"expectations": [{}]}'
    one 200 admin@x DELETE "/expectations/Firefox/fr?data_version=1"
    one 404 admin@x DELETE "/expectations/Firefox/fr?data_version=1"
}

run_releases() {
    local id sc=/scheduled_changes/releases text
    text=$(quoted "$(blob R2)")
    one 201 admin@x POST /releases "{\"name\": \"R2\", \"product\": \"Thunderbird\", \"blob\": $text}"
    one 201 admin@x PUT /releases/R3 "{\"name\": \"R3\", \"product\": \"Thunderbird\", \"blob\": $(quoted "$(blob R3)")}"
    one 200 admin@x PUT /releases/R3 \
        "{\"name\": \"R3\", \"product\": \"Thunderbird\", \"blob\": $(quoted "$(blob R3)"), \"data_version\": 1}"
    one 200 admin@x POST /releases/R3 '{"product": "Thunderbird", "data": "{\"displayVersion\": \"70\"}", "data_version": 2, "schema_version": 4, "hashFunction": "sha512"}'
    one 201 admin@x PUT /releases/R3/builds/p/fr "{\"product\": \"Thunderbird\", \"data\": $(quoted "$LOCALE"), \"data_version\": 3, $FORMAT}"
    one 200 admin@x PUT /releases/R3/builds/p/fr "{\"product\": \"Thunderbird\", \"data\": $(quoted "$LOCALE"), \"data_version\": 4, $FORMAT}"
    one 200 - GET /releases
    one 200 - GET '/releases?names_only=1'
    one 200 - GET /releases/R3
    one 404 - GET /releases/None
    one 200 - GET /releases/R3/builds/p/de
    one 200 - GET /releases/columns/product
    one 200 - GET /releases/R1/read_only
    one 200 - GET /releases/R1/servable
    one 404 - GET /releases/None/servable
    one 200 - GET /releases/R1/read_only/product/required_signoffs
    one 200 admin@x POST "$sc" "{\"change_type\": \"update\", \"name\": \"Plain\", \"product\": \"Firefox\",
        \"data\": $(quoted "$(blob Plain)"), \"data_version\": 1, \"when\": $LATER}"
    id=$(new)
    one 200 - GET "$sc"
    one 200 - GET "$sc/$id"
    one 200 - GET "/scheduled_change/diff/release/$id"
    one 200 - GET /releases
    one 200 admin@x POST "$sc/$id" "{\"sc_data_version\": 1, \"data_version\": 1, \"when\": $LATER,
        \"data\": $(quoted "$(blob Plain)")}"
    one 200 - GET "$sc/$id/revisions"
    one 200 admin@x POST "$sc/$id/revisions" \
        "{\"change_id\": $(query "SELECT change_id FROM releases_scheduled_changes_history WHERE sc_id = $id AND data_version = 1")}"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 200 agent POST "$sc/$id/enact"
    one 200 admin@x POST "$sc" "{\"change_type\": \"delete\", \"name\": \"R2\", \"data_version\": 1, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/$(new)?data_version=1"
    one 201 admin@x PUT /releases/R2/read_only '{"read_only": true, "data_version": 1}'
    one 403 admin@x DELETE "/releases/R2?data_version=2"
    one 200 admin@x GET "/releases/R3/revisions?limit=1&page=2"
    one 200 admin@x POST /releases/R3/revisions "{\"change_id\": $(number change_id)}"
    one 200 admin@x GET '/release_diff?left=R3@v1&right=R3'
    one 200 admin@x GET '/release_diff?left=R3@v1&right=R3&format=text'
    one 200 admin@x GET '/release_part?name=R3&depth=3'
    one 200 admin@x GET /release_index
    one 200 admin@x DELETE "/releases/R3?data_version=6"
}

# A pin of V2, at version 2, changed and changed back.
run_scheduled_pins() {
    local id sc=/scheduled_changes/pinnable_releases
    local pin='"product": "Firefox", "channel": "beta", "version": "70."'
    one 200 admin@x POST "$sc" "{$pin, \"change_type\": \"delete\", \"data_version\": 2, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/$(number sc_id)?data_version=1"
    one 200 admin@x POST "$sc" "{$pin, \"mapping\": \"V2\", \"change_type\": \"update\", \"data_version\": 2, \"when\": $LATER}"
    id=$(number sc_id)
    one 200 - GET "$sc/$id"
    one 200 admin@x POST "$sc/$id" "{\"sc_data_version\": 1, \"data_version\": 2, \"when\": $((LATER + 1))}"
    one 200 - GET "$sc/$id/revisions"
    one 200 admin@x POST "$sc/$id/revisions" \
        "{\"change_id\": $(query "SELECT MAX(change_id) FROM pinnable_releases_scheduled_changes_history WHERE data_version = 1")}"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 200 agent POST "$sc/$id/enact"
}

run_releases_in_parts() {
    local v2 base=/v2/releases
    v2=$(blob V2)
    one 200 admin@x PUT "$base/V2" "{\"blob\": $v2, \"product\": \"Firefox\"}"
    one 200 - GET "$base"
    one 200 - GET "$base?names_only=1"
    one 200 - GET "$base/V2"
    one 404 - GET "$base/None"
    one 200 - GET "$base/V2/data_versions"
    one 200 - GET "$base/V2/servable"
    one 200 - GET "$base/V2/.platforms.p.locales.de/data_version"
    one 200 admin@x POST "$base/V2" '{"blob": {"displayVersion": "71"}, "old_data_versions": {".": 1}}'
    one 200 admin@x POST "$base/V2" "{\"blob\": {\"displayVersion\": \"72\", \"platforms\": {\"p\": {\"locales\": {\"fr\": $LOCALE}}}},
        \"old_data_versions\": {\".\": 2}, \"when\": $LATER}"
    one 200 - GET "$base"
    one 200 - GET "$base/V2"
    one 200 qa@x PUT "$base/V2/signoff" '{"role": "qa"}'
    one 200 - GET "$base"
    one 200 qa@x DELETE "$base/V2/signoff"
    one 200 agent POST "$base/V2/enact"
    one 200 admin@x PUT "$base/V2/read_only" '{"read_only": true, "old_data_version": 3}'
    one 200 admin@x PUT "$base/V2/read_only" '{"read_only": false, "old_data_version": 4}'
    one 200 admin@x PUT "$base/V2/pinnable" '{"product": "Firefox", "channel": "beta", "version": "70."}'
    one 200 admin@x PUT "$base/V2/pinnable" '{"product": "Firefox", "channel": "beta", "version": "70."}'
    one 200 admin@x PUT "$base/V2/pinnable" "{\"product\": \"Firefox\", \"channel\": \"esr\", \"version\": \"70.\", \"when\": $LATER}"
    one 200 - GET /scheduled_changes/pinnable_releases
    one 200 agent POST "/scheduled_changes/pinnable_releases/$(query 'SELECT sc_id FROM pinnable_releases_scheduled_changes')/enact"
    one 200 - GET /v2/pins
    one 200 - GET '/v2/pins?product=Firefox&channel=beta'
    one 200 - GET /v2/pins/Firefox/beta/70.
    run_scheduled_pins
    one 200 admin@x DELETE "/v2/pins/Firefox/beta/70.?data_version=3"
    one 200 admin@x PUT "$base/V3" "{\"blob\": ${v2//V2/V3}, \"product\": \"Thunderbird\"}"
    one 200 admin@x PUT "$base/V4" "{\"blob\": ${v2//V2/V4}, \"product\": \"Thunderbird\", \"when\": $LATER}"
    one 200 - GET "$base"
    one 200 admin@x DELETE "$base/V4/scheduled_changes"
    one 200 admin@x GET "$base/V3/revisions?path=."
    one 200 admin@x POST "$base/V3/revisions" "{\"change_id\": $(number change_id)}"
    one 200 admin@x DELETE "$base/V3"
}

run_shutoffs() {
    local id sc=/scheduled_changes/emergency_shutoff
    one 201 admin@x POST /emergency_shutoff '{"product": "Firefox", "channel": "release", "comment": "bad"}'
    one 201 admin@x POST /emergency_shutoff '{"product": "Thunderbird", "channel": "beta"}'
    one 200 - GET /emergency_shutoff
    one 200 qa@x GET /shutoffs
    one 401 - GET /shutoffs
    one 403 stranger@x GET /shutoffs
    one 200 - GET /emergency_shutoff/Thunderbird/beta
    one 404 - GET /emergency_shutoff/Thunderbird/none
    one 200 admin@x POST /emergency_shutoff/Thunderbird/beta "{\"comment\": \"why\", \"data_version\": 1}"
    one 200 admin@x DELETE "/emergency_shutoff/Thunderbird/beta?data_version=2"
    one 200 admin@x POST "$sc" "{\"change_type\": \"delete\", \"product\": \"Firefox\", \"channel\": \"release\",
        \"data_version\": 1, \"when\": $LATER}"
    id=$(new)
    one 200 - GET "$sc"
    one 200 admin@x POST "$sc/$id" "{\"sc_data_version\": 1, \"when\": $LATER}"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 200 agent POST "$sc/$id/enact"
    one 200 admin@x POST "$sc" "{\"change_type\": \"delete\", \"product\": \"Fennec\", \"channel\": \"release\",
        \"data_version\": 1, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/$(new)?data_version=1"
}

run_partial_stops() {
    local id stop sc=/scheduled_changes/partial_stops
    one 201 admin@x POST /emergency_shutoff '{"product": "Firefox", "channel": "release", "locale": "de", "mig64": true}'
    stop=$(number stop_id)
    one 201 admin@x POST /emergency_shutoff '{"product": "Thunderbird", "channel": "beta", "version": "<100.0", "comment": "why"}'
    id=$(number stop_id)
    one 400 admin@x POST /emergency_shutoff '{"product": "Thunderbird", "channel": "beta", "version": ""}'
    one 200 - GET /partial_stops
    one 200 qa@x GET /shutoffs
    one 200 - GET "/partial_stops/$id"
    one 404 - GET /partial_stops/999
    one 200 admin@x POST "/partial_stops/$id" "{\"comment\": \"why\", \"data_version\": 1}"
    one 404 admin@x POST /partial_stops/999 "{\"comment\": \"why\", \"data_version\": 1}"
    one 200 admin@x DELETE "/partial_stops/$id?data_version=2"
    one 404 admin@x DELETE "/partial_stops/999?data_version=2"
    one 200 admin@x POST "$sc" "{\"change_type\": \"delete\", \"stop_id\": $stop, \"data_version\": 1, \"when\": $LATER}"
    id=$(new)
    one 200 - GET "$sc"
    one 200 admin@x GET '/pending?kind=partial_stops'
    one 200 admin@x POST "$sc/$id" "{\"sc_data_version\": 1, \"when\": $LATER}"
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$sc/$id/signoffs"
    one 200 admin@x DELETE "$sc/$id?data_version=2"
    one 200 admin@x POST "$sc" "{\"change_type\": \"delete\", \"stop_id\": $stop, \"data_version\": 1, \"when\": $LATER}"
    id=$(new)
    one 200 qa@x POST "$sc/$id/signoffs" '{"role": "qa"}'
    one 200 agent POST "$sc/$id/enact"
}

# The life of one scheduled change at URL: made with BODY, edited with EDIT.
live() { # URL BODY EDIT
    local id
    one 200 admin@x POST "$1" "$2"
    id=$(new)
    one 200 - GET "$1"
    one 200 admin@x POST "$1/$id" "{\"sc_data_version\": 1, \"when\": $LATER, $3}"
    one 200 - GET "$1/$id/revisions"
    one 200 admin@x POST "$1/$id/revisions" \
        "{\"change_id\": $(curl -s --noproxy '*' "$ADMIN_URL$1/$id/revisions" | grep -o '"change_id":[0-9]*' | tail -n 1 | tr -dc 0-9)}"
    one 200 qa@x POST "$1/$id/signoffs" '{"role": "qa"}'
    one 200 qa@x DELETE "$1/$id/signoffs"
    one 200 qa@x POST "$1/$id/signoffs" '{"role": "qa"}'
    one 200 agent POST "$1/$id/enact"
    one 200 - GET "$1?all=1"
    one 404 admin@x DELETE "$1/999?data_version=1"
}

run_required() {
    local url=/required_signoffs sc=/scheduled_changes/required_signoffs
    one 200 - GET $url/product
    one 200 - GET $url/permissions
    one 201 admin@x POST $url/product '{"product": "Thunderbird", "channel": "x", "role": "qa", "signoffs_required": 1}'
    one 201 admin@x POST $url/permissions '{"product": "Thunderbird", "role": "qa", "signoffs_required": 1}'
    one 400 - DELETE $url/product
    one 400 - DELETE $url/permissions
    one 200 - GET "$url/product/revisions?product=Thunderbird&channel=x&role=qa"
    one 200 - GET "$url/permissions/revisions?product=Thunderbird&role=qa"
    live $sc/product "{\"change_type\": \"update\", \"product\": \"Thunderbird\", \"channel\": \"x\", \"role\": \"qa\",
        \"signoffs_required\": 2, \"data_version\": 1, \"when\": $LATER}" '"signoffs_required": 1, "data_version": 1'
    live $sc/permissions "{\"change_type\": \"update\", \"product\": \"Thunderbird\", \"role\": \"qa\",
        \"signoffs_required\": 2, \"data_version\": 1, \"when\": $LATER}" '"signoffs_required": 1, "data_version": 1'
    one 200 admin@x POST $sc/product "{\"change_type\": \"insert\", \"product\": \"N\", \"channel\": \"x\", \"role\": \"qa\",
        \"signoffs_required\": 1, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/product/$(new)?data_version=1"
    one 200 admin@x POST $sc/permissions "{\"change_type\": \"insert\", \"product\": \"N\", \"role\": \"qa\",
        \"signoffs_required\": 1, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/permissions/$(new)?data_version=1"
    one 200 - GET $url/product/history
    one 200 - GET $url/permissions/history
}

run_users() {
    local sc=/scheduled_changes/permissions
    one 201 admin@x PUT /users/n@x/permissions/rule '{"options": "{\"products\": [\"Other\"]}"}'
    one 200 admin@x PUT /users/n@x/permissions/rule '{"options": "{\"products\": [\"Others\"]}", "data_version": 1}'
    one 200 admin@x POST /users/n@x/permissions/rule '{"options": "{\"products\": [\"Other\"]}", "data_version": 2}'
    one 201 admin@x PUT /users/n@x/roles/r
    one 200 admin@x PUT /users/n@x/roles/r
    one 200 admin@x GET /users
    one 200 admin@x GET /users?names_only=1
    one 200 qa@x GET /roles
    one 403 nobody@x GET /roles
    one 403 admin@x POST /users/n@x/roles/r/confirm
    one 200 second@x POST /users/n@x/roles/r/confirm
    one 400 second@x POST /users/n@x/roles/r/confirm
    one 403 qa@x GET /users
    one 200 admin@x GET /users/n@x
    one 200 admin@x GET /users/qa@x/permissions
    one 200 qa@x GET /users/qa@x/permissions/rule
    one 404 admin@x GET /users/qa@x/permissions/admin
    one 200 qa@x GET /whoami
    one 200 - GET /ui/config.json
    one 200 qa@x GET /served
    one 401 - GET /served
    one 403 stranger@x GET /served
    one 400 qa@x GET /served?feed_id=0
    one 404 qa@x GET /served?feed_id=999999
    one 200 qa@x GET /status
    one 200 agent PUT '/app_instances/h%3Abalrog-agent%3A1%3A2' \
        '{"program": "balrog-agent", "host": "h", "pid": 1, "version": "0.2", "detail": {"enacted": 0}}'
    one 403 qa@x PUT /app_instances/x '{"program": "balrog-agent", "host": "h", "pid": 1, "version": "0.2"}'
    one 200 qa@x GET /app_instances
    one 200 agent DELETE '/app_instances/h%3Abalrog-agent%3A1%3A2'
    one 404 agent DELETE '/app_instances/h%3Abalrog-agent%3A1%3A2'
    one 200 admin@x DELETE "/users/n@x/roles/r?data_version=1"
    one 200 admin@x DELETE "/users/n@x/permissions/rule?data_version=3"
    live $sc "{\"change_type\": \"insert\", \"username\": \"s@x\", \"permission\": \"rule\", \"when\": $LATER}" \
        '"options": "{\"products\": [\"Firefox\"]}"'
    one 200 admin@x POST $sc "{\"change_type\": \"delete\", \"username\": \"s@x\", \"permission\": \"rule\",
        \"data_version\": 1, \"when\": $LATER}"
    one 200 admin@x DELETE "$sc/$(new)?data_version=1"
    one 200 admin@x GET /permissions/history
}

run_public() {
    local client=Firefox/60.0/20190101000000/p/de/release
    sandbox restart "$BOX" public >/dev/null 2>&1
    public "/update/1/$client/update.xml"
    public "/update/2/$client/os/update.xml"
    public "/update/3/$client/os/default/default/update.xml"
    public "/update/4/$client/os/default/default/60/update.xml"
    public "/update/5/$client/os/default/default/1/update.xml"
    public "/update/6/$client/os/SSE3/default/default/update.xml?force=1"
    public "/update/6/${client/60.0/x}/os/SSE3/default/default/update.xml?pin=x"
    public "/update/6/$client/os/SSE3/default/default/update.xml?other=1"
    public /json/1/FirefoxVPN/1.0/WINNT_x86_64/release/update.json
    public /json/1/None/1.0/WINNT_x86_64/release/update.json
    public /json/2/FirefoxVPN/1.0/WINNT_x86_64/release/os/update.json
    public /api/v1/releases
    public "/api/v1/releases?names_only=1"
    public /api/v1/releases/R1
    public /api/v1/releases/None
    public /api/v1/releases/R1/builds/p/de
    public /api/v1/rules
    public /api/v1/rules/fx
    public /api/v1/rules/1/revisions
    public /api/v1/emergency_shutoff
    public /api/v1/emergency_shutoff/Fennec/release
    public /api/v1/pins/Firefox/esr/102.
    public "/api/v1/rules?other=1"
    public /robots.txt
    public /contribute.json
    public /swagger.json
    check "the public's operations" body_has '"/api/v1/rules":'
    check "not the admin's" body_lacks '"/v2/releases/{name}":'
    public /__heartbeat__
    public /__version__
}

run_service() {
    one 200 - GET /__heartbeat__
    one 200 - GET /__lbheartbeat__
    one 200 - GET /__version__
    one 200 - GET /openapi.json
    one 200 - GET /swagger.json
    check "the admin's operations" body_has '"/v2/releases/{name}":'
    check "not the public's" body_lacks '"/api/v1/rules":'
}

run_explain() {
    local url=/update/1/Firefox/60.0/20190101000000/p/de/release/update.xml
    one 200 - GET "/explain?url=$url&dice=3"
    one 200 - GET "/explain?url=$url&format=text"
    one 200 - GET "/explain?url=$url&timestamp=1700000000000"
    one 200 admin@x POST /explain "{\"url\": \"$url\", \"changes\": [{\"table\": \"rules\", \"change_type\": \"update\",
        \"rule_id\": 1, \"backgroundRate\": 10}]}"
    one 200 admin@x POST /explain "{\"url\": \"$url?pin=1.\", \"changes\": []}"
    one 200 - GET "/explain?url=$url%3Fnope=1"
    one 400 - GET "/explain?url=/update/9/x"
    one 401 - POST /explain "{\"url\": \"$url\", \"changes\": []}"
    one 200 admin@x POST /simulate "{\"changes\": [{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1,
        \"backgroundRate\": 10}], \"sample\": {\"urls\": [\"$url\"]}}"
    one 400 admin@x POST /simulate '{"changes": [], "sample": {"urls": ["/update/9/x"]}}'
    one 401 - POST /simulate '{"changes": [], "sample": {"urls": []}}'
}

# balrog-uptake beside the public's nginx, and the admin that asks it.
run_uptake() {
    printf '%s\n' '[uptake]' "socket = $BOX/run/uptake.sock" "log = $BOX/log/access.log" 'state_dir =' \
        'min_queries = 0' 'watch = Firefox release 60.0' '[log]' 'crash_dir =' >"$WORK/uptake.conf"
    one 503 qa@x GET '/uptake?product=Firefox&channel=release'
    sandbox up "$BOX" --set "admin.uptake_url=$PUBLIC_URL/__uptake__" >/dev/null
    "${BALROG_BUILD:-$TOP/build}/balrog-uptake" --config "$WORK/uptake.conf" >"$WORK/uptake.log" 2>&1 &
    uptake=$!
    check "balrog-uptake has read the log" until_true 10 uptake_is_known
    one 200 qa@x GET '/uptake?product=Firefox&channel=release&step_s=3600'
    check "with what is watched" body_has '"version":"60.0"'
    one 404 qa@x GET '/uptake?product=Firefox&channel=none'
    one 400 qa@x GET '/uptake?product=Firefox&channel=release&step_s=301'
    kill "$uptake"
}

uptake_is_known() {
    gives 200 qa@x GET '/uptake?product=Firefox&channel=release' 2>/dev/null && grep -q '"queries":[1-9]' "$WORK/body"
}

every_success_was_seen() {
    local unseen
    unseen=$("$TOOL" "$DOC" | sort | comm -23 - <(sort -u "$WORK/seen"))
    [[ -z $unseen ]] || { printf '  not seen: %s\n' "${unseen//$'\n'/, }" >&2 && return 1; }
}

every_write_was_rehearsed() {
    local lacking
    lacking=$(comm -23 <("$TOOL" "$DOC" | grep -E '^(post|put|delete) ' | sed 's/ [0-9]*$//' | sort -u |
        grep -vxE '(post /(explain|simulate|expectations/check)|delete /required_signoffs/(product|permissions))') \
        <(sed 's/ [0-9]*$//' "$WORK/dry" | sort -u))
    [[ -z $lacking ]] || { printf '  not rehearsed: %s\n' "${lacking//$'\n'/, }" >&2 && return 1; }
}

guardian() {
    printf "INSERT INTO releases (name, product, data, data_version) VALUES ('Vpn-2', 'FirefoxVPN', '%s', 1);\n" \
        "{\"name\": \"Vpn-2\", \"product\": \"FirefoxVPN\", \"schema_version\": 10000, \"version\": \"2.0\", \"required\": true,
        \"hashFunction\": \"sha512\", \"platforms\": {\"WINNT_x86_64\": {\"fileUrl\": \"https://archive.mozilla.org/x.exe\",
        \"hashValue\": \"abc\"}}}"
    printf "INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
        (50, 1, 'Vpn-2', 100, 'minor', 'FirefoxVPN', 'release', 1);\n"
}

{ rows && guardian; } >"$WORK/rows.sql"
: >"$WORK/seen"
: >"$WORK/dry"
admin_up "$WORK/rows.sql"
CHECKSUMS="CHECKSUM TABLE $(query "SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT IN ('app_instances', 'balrog_heartbeat')")"
run_public
run_service
run_uptake
run_explain
run_rules
run_expectations
run_releases
run_releases_in_parts
run_shutoffs
run_partial_stops
run_required
run_users
public /api/v1/releases
check "every success that is documented was seen" every_success_was_seen
check "every request that writes was rehearsed" every_write_was_rehearsed
summary
