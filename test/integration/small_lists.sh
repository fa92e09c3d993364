#!/bin/bash
# Lists that the reference lacks: pins, who has which role, the names of users. And comments of shutoffs.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: small_lists.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

rows() {
    cat <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('boss@x', 'admin', NULL, 1), ('qa@x', 'rule', NULL, 1), ('new@x', 'rule', NULL, 1), ('new@x', 'release', NULL, 1),
    ('robot', 'scheduled_change', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('boss@x', 'qa', 1), ('boss@x', 'releng', 1);
INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version) VALUES ('Firefox', 'qa', 1, 1);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES
    ('Firefox', '102.', 'esr', 'B', 2), ('Firefox', '115.', 'release', 'C', 1), ('Fennec', '68.', 'release', 'A', 1);
END_ROWS
}

pin() { # PRODUCT CHANNEL VERSION MAPPING DATA_VERSION
    echo "{\"channel\":\"$2\",\"data_version\":$5,\"mapping\":\"$4\",\"product\":\"$1\",\"version\":\"$3\"}"
}

test_pins() {
    check "all pins" gives 200 - GET /v2/pins
    check "sorted" says "{\"count\":3,\"pins\":[$(pin Fennec release 68. A 1),$(pin Firefox esr 102. B 2),$(pin Firefox release 115. C 1)]}"
    check "of a product" gives 200 - GET '/api/v2/pins?product=Firefox'
    check "and no others" says "{\"count\":2,\"pins\":[$(pin Firefox esr 102. B 2),$(pin Firefox release 115. C 1)]}"
    check "and channel" gives 200 - GET '/v2/pins?product=Firefox&channel=release'
    check "alone" says "{\"count\":1,\"pins\":[$(pin Firefox release 115. C 1)]}"
    check "a product that there is not" gives 200 - GET '/v2/pins?product=firefox'
    check "has none" says '{"count":0,"pins":[]}'
    check "any other parameter" refused 400 version - GET '/v2/pins?version=68.'
    check "an empty one" gives 400 - GET '/v2/pins?product='
}

test_roles() {
    local all='{"roles":{"qa":["boss@x","qa@x"],"releng":["boss@x"]}}'
    check "who can sign" gives 200 qa@x GET /roles
    check "as what" says "$all"
    check "a program with a permission" gives 200 robot GET /api/roles
    check "one without" gives 403 stranger GET /roles
    check "somebody without any" gives 403 nobody@x GET /roles
    check "nobody in particular" gives 401 - GET /roles
    check "a role that waits" gives 201 boss@x PUT /users/new@x/roles/qa
    check "does not count" gives 200 qa@x GET /roles
    check "yet" says "$all"
}

test_names() {
    check "the users" gives 200 boss@x GET '/users?names_only=1'
    check "each once" says '{"users":["boss@x","new@x","qa@x","robot"]}'
    check "who may not see permissions" gives 403 qa@x GET '/users?names_only=1'
    check "all of them, else" gives 200 boss@x GET '/users?names_only=0'
    check "with permissions" body_has '"permissions"'
}

test_shutoffs() {
    local path=/emergency_shutoff/Firefox/esr
    check "a shutoff" gives 201 boss@x POST /emergency_shutoff '{"product": "Firefox", "channel": "esr", "comment": "why"}'
    check "its comment" gives 200 boss@x POST $path '{"comment": "because", "data_version": 1}'
    check "has another version" says '{"new_data_version":2}'
    check "and is there" gives 200 - GET $path
    check "as it was sent" body_has '"comment": "because"'
    check "without sign-offs, where they are required" equal 1 "$(query "INSERT INTO product_req_signoffs (product, channel, role,
        signoffs_required, data_version) VALUES ('Firefox', 'esr', 'qa', 1, 1); SELECT COUNT(*) FROM product_req_signoffs")"
    check "who stopped it, and who changed that" gives 200 qa@x GET /shutoffs
    check "is shown" equal \
        '{"count":1,"partial_stops":[],"shutoffs":[{"changed_at":T,"changed_by":"boss@x","channel":"esr","comment":"because","created_at":T,"created_by":"boss@x","data_version":2,"product":"Firefox"}]}' \
        "$(sed 's/":[0-9]\{13\}/":T/g' "$WORK/body")"
    check "not in the reference's list" gives 200 qa@x GET /emergency_shutoff
    check "which stays as it was" body_lacks created
    check "nor to strangers" gives 403 stranger@x GET /shutoffs
    check "nor to nobody in particular" gives 401 - GET /shutoffs
    check "none" gives 200 boss@x POST $path '{"comment": null, "data_version": 2}'
    check "turning updates on needs them" refused 400 "Signoff" boss@x DELETE "$path?data_version=3"
    check "an old version" gives 400 boss@x POST $path '{"comment": "x", "data_version": 1}'
    check "who may not shut off" gives 403 qa@x POST $path '{"comment": "x", "data_version": 3}'
    check "a shutoff that there is not" gives 404 boss@x POST /emergency_shutoff/Firefox/beta '{"comment": "x", "data_version": 1}'
    check "without a comment" refused 400 "'comment' is a required property" boss@x POST $path '{"data_version": 3}'
    check "without a version" refused 400 "'data_version' is a required property" boss@x POST $path '{"comment": "x"}'
    check "nothing of this is changed" equal 'NULL 3' "$(query "SELECT comment, data_version FROM emergency_shutoffs")"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_pins
test_roles
test_names
test_shutoffs
summary
