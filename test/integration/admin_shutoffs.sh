#!/bin/bash
# Emergency shutoffs, their scheduled deletion, and pins in the admin API.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_shutoffs.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

SHUTOFF=/emergency_shutoff
SC=/scheduled_changes/emergency_shutoff
PINS=/scheduled_changes/pinnable_releases

rows() {
    cat <<EOF
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1),
    ('off@x', 'emergency_shutoff', '{"products": ["Firefox"], "actions": ["create"]}', 1),
    ('on@x', 'emergency_shutoff', '{"products": ["Firefox"]}', 1),
    ('pin@x', 'pinnable_release', '{"products": ["Firefox"]}', 1),
    ('qa@x', 'release_locale', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('on@x', 'releng', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1), ('Other', 'beta', 'qa', 1, 1);
INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
    ('Fx-100', 'Firefox', 0, '{"name": "Fx-100", "schema_version": 9, "appVersion": "100.0"}', 1),
    ('Fx-100.1', 'Firefox', 0, '{"name": "Fx-100.1", "schema_version": 9, "appVersion": "100.1"}', 1),
    ('Fx-103', 'Firefox', 0, '{"name": "Fx-103", "schema_version": 9, "appVersion": "103.0"}', 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('Other-1', 'Other', 0, '{"name": "Other-1", "schema_version": 1, "extv": "1.5", "appv": "9.0"}', 1),
    ('Gmp', 'Firefox', 0, '{"name": "Gmp", "schema_version": 1000}', 1);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES
    ('Firefox', '100.', 'release', 'Fx-100', 3), ('Firefox', '102', 'esr', 'Fx-103', 1), ('Firefox', '102.', 'esr', 'Fx-103', 1),
    ('Firefox', '103.', 'esr', 'Gone', 1), ('Firefox', '104.', 'esr', 'Gmp', 1);
INSERT INTO pinnable_releases_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_product, base_version,
    base_channel, base_mapping, base_data_version, data_version) VALUES
    (1, 'pin@x', 0, 'update', 'Firefox', '100.', 'release', 'Fx-100.1', 3, 1),
    (2, 'pin@x', 0, 'insert', 'Other', '1.', 'release', 'Other-1', NULL, 1),
    (3, 'admin@x', 0, 'insert', 'Firefox', '101.', 'release', 'Fx-103', NULL, 1),
    (4, 'admin@x', 0, 'insert', 'Firefox', '105.', 'release', 'Gone', NULL, 1);
INSERT INTO pinnable_releases_scheduled_changes_conditions (sc_id, \`when\`, data_version) VALUES
    (1, $LATER, 1), (2, $LATER, 1), (3, $LATER, 1), (4, $LATER, 1);
EOF
}

test_shutoffs() {
    local long
    long=$(printf 'x%.0s' {1..501})
    check "shutting off needs no sign-off" gives 201 off@x POST "$SHUTOFF" '{"product": "Firefox", "channel": "release"}'
    check "what was made" says '{"product": "Firefox", "channel": "release", "comment": null, "data_version": 1}'
    check "twice" refused 400 "already exists" off@x POST "$SHUTOFF" '{"product": "Firefox", "channel": "release"}'
    check "another product" refused 403 "off@x is not allowed to shut off updates for product Other" off@x POST "$SHUTOFF" \
        '{"product": "Other", "channel": "release"}'
    check "nobody" gives 401 - POST "$SHUTOFF" '{"product": "Firefox", "channel": "beta"}'
    check "an empty channel" refused 400 "is too short" admin@x POST "$SHUTOFF" '{"product": "Firefox", "channel": ""}'
    check "a channel of many" refused 400 "make one for each channel" admin@x POST "$SHUTOFF" \
        '{"product": "Firefox", "channel": "beta*"}'
    check "nor with the * elsewhere" refused 400 "cannot contain '*', got 'be*ta'" admin@x POST "$SHUTOFF" \
        '{"product": "Firefox", "channel": "be*ta"}'
    check "who may not shut off learns only that" gives 403 off@x POST "$SHUTOFF" '{"product": "Other", "channel": "beta*"}'
    check "none was made" equal 0 "$(query "SELECT COUNT(*) FROM emergency_shutoffs WHERE channel LIKE '%*%'")"
    check "no channel" refused 400 "'channel' is a required property" admin@x POST "$SHUTOFF" '{"product": "Firefox"}'
    check "null" refused 400 "is not of type" admin@x POST "$SHUTOFF" '{"product": null, "channel": "x"}'
    check "a long comment" refused 400 "is too long" admin@x POST "$SHUTOFF" \
        "{\"product\": \"Firefox\", \"channel\": \"x\", \"comment\": \"$long\"}"
    check "a version is not obeyed" gives 201 admin@x POST "$SHUTOFF" \
        '{"product": "Other", "channel": "odd", "comment": "why", "data_version": 7}'
    check "it is 1" body_has '"data_version": 1'
    check "one of them" gives 200 - GET "$SHUTOFF/Other/odd"
    check "its version in the head" grep -qi '^X-Data-Version: 1' "$WORK/head"
    check "none" gives 404 - GET "$SHUTOFF/Other/Odd"
    check "all of them" gives 200 - GET "$SHUTOFF"
    check "two" body_has '"count":2'
    check "turning on without need of sign-offs" gives 200 admin@x DELETE "$SHUTOFF/Other/odd?data_version=1"
    check "an empty answer" says ''
    check "turning on where they are needed" refused 400 "Signoff Required" on@x DELETE "$SHUTOFF/Firefox/release?data_version=1"
    check "an action not granted" refused 403 "off@x is not allowed to delete shutoffs for product Firefox" off@x DELETE \
        "$SHUTOFF/Firefox/release?data_version=1"
    check "one that is not there" refused 404 "Shutoff wasn't found" admin@x DELETE "$SHUTOFF/Firefox/no?data_version=1"
    check "without a version" gives 400 admin@x DELETE "$SHUTOFF/Firefox/release"
    check "version 0" gives 400 admin@x DELETE "$SHUTOFF/Firefox/release?data_version=0"
    check "its history" equal "NULL 1" \
        "$(query "SELECT data_version FROM emergency_shutoffs_history WHERE product = 'Firefox' ORDER BY change_id")"
}

test_scheduled() {
    local id body="\"product\": \"Firefox\", \"channel\": \"release\", \"data_version\": 1, \"when\": $LATER"
    check "only deletions" refused 400 "is not one of ['delete']" on@x POST "$SC" "{$body, \"change_type\": \"update\"}"
    check "no kind" refused 400 "Invalid or missing change_type" on@x POST "$SC" "{$body}"
    check "sc_id" refused 400 "sc_id cannot be set" on@x POST "$SC" "{$body, \"change_type\": \"delete\", \"sc_id\": 3}"
    check "complete" refused 400 "read-only" on@x POST "$SC" "{$body, \"change_type\": \"delete\", \"complete\": true}"
    check "of one that is not there" gives 400 on@x POST "$SC" \
        "{\"product\": \"No\", \"channel\": \"no\", \"data_version\": 1, \"when\": $LATER, \"change_type\": \"delete\"}"
    check "an action not granted" gives 403 off@x POST "$SC" "{$body, \"change_type\": \"delete\"}"
    check "no time" refused 400 "No conditions found" on@x POST "$SC" \
        '{"product": "Firefox", "channel": "release", "data_version": 1, "change_type": "delete"}'
    check "scheduling" gives 200 on@x POST "$SC" "{$body, \"change_type\": \"delete\"}"
    check "signs off with one's role" body_has '"signoffs":{"on@x":"releng"}'
    id=$(number sc_id)
    check "the list" gives 200 - GET "$SC"
    check "says what is needed" body_has '"required_signoffs":{"qa":1,"releng":1}'
    check "there is no single one" gives 405 - GET "$SC/$id"
    check "nor revisions" gives 404 - GET "$SC/$id/revisions"
    check "editing" gives 200 on@x POST "$SC/$id" "{\"sc_data_version\": 1, \"when\": $((LATER + 1))}"
    check "its new version" body_has '"new_data_version":2'
    check "a shutoff that is not named" gives 200 on@x POST "$SC/$id" \
        "{\"sc_data_version\": 2, \"when\": $LATER, \"product\": \"Other\"}"
    check "stays" equal "Firefox" "$(query "SELECT base_product FROM emergency_shutoffs_scheduled_changes WHERE sc_id = $id")"
    check "another kind of change" refused 400 "is not one of ['delete']" on@x POST "$SC/$id" \
        "{\"sc_data_version\": 3, \"when\": $LATER, \"change_type\": \"update\"}"
    check "nothing was edited" equal "delete 3" \
        "$(query "SELECT change_type, data_version FROM emergency_shutoffs_scheduled_changes WHERE sc_id = $id")"
    check "to the past" refused 400 "in the past" on@x POST "$SC/$id" '{"sc_data_version": 3, "when": 5}'
    check "one that is not there" refused 404 "does not exist" on@x POST "$SC/999" "{\"sc_data_version\": 1, \"when\": $LATER}"
    check "too few sign-offs" refused 400 "Signoff Required" balrogagent POST "$SC/$id/enact"
    check "deleting the shutoff meanwhile" refused 400 "Signoff Required" admin@x DELETE "$SHUTOFF/Firefox/release?data_version=1"
    check "signing" gives 200 qa@x POST "$SC/$id/signoffs" '{"role": "qa"}'
    check "an outdated deletion" refused 400 OutdatedDataError on@x DELETE "$SC/$id?data_version=1"
    check "enacting" gives 200 balrogagent POST "$SC/$id/enact"
    check "it is on again" gives 404 - GET "$SHUTOFF/Firefox/release"
    check "in the name of who scheduled" equal "on@x" \
        "$(query "SELECT changed_by FROM emergency_shutoffs_history ORDER BY change_id DESC LIMIT 1")"
    check "done is not shown" gives 200 - GET "$SC"
    check "none" says '{"count":0,"scheduled_changes":[]}'
    check "but among all" gives 200 - GET "$SC?all="
    check "one" body_has '"count":1'
}

test_pins() {
    check "a pin" gives 200 - GET /v2/pins/Firefox/release/100.
    check "as it is" says '{"channel":"release","data_version":3,"mapping":"Fx-100","product":"Firefox","version":"100."}'
    check "none" refused 404 "Pin does not exist" - GET /v2/pins/Firefox/release/100
    check "what is scheduled" gives 200 - GET "$PINS"
    check "needs no sign-offs" body_has '"required_signoffs":{}'
    check "four" body_has '"count":4'
    check "enacting" gives 200 balrogagent POST "$PINS/1/enact"
    check "the pin" equal "Fx-100.1 4" "$(query "SELECT mapping, data_version FROM pinnable_releases WHERE version = '100.'")"
    check "one who may not pin" refused 403 "pin@x is not allowed to create pinnable releases for product Other" \
        balrogagent POST "$PINS/2/enact"
    check "one who may not enact" gives 403 pin@x POST "$PINS/2/enact"
    check "one that is not there" gives 404 balrogagent POST "$PINS/99/enact"
    check "one outside of its version, scheduled when that was not asked" refused 400 "whose version 103.0 is outside of it" \
        balrogagent POST "$PINS/3/enact"
    check "one whose release is gone" refused 400 "release 'Gone', which does not exist" balrogagent POST "$PINS/4/enact"
}

test_scheduled_pins() {
    local id pin='"product": "Firefox", "channel": "release", "version": "100."'
    check "no time" refused 400 "'when' cannot be set to null" pin@x POST "$PINS" \
        "{$pin, \"change_type\": \"delete\", \"data_version\": 4, \"when\": null}"
    check "no mapping" refused 400 "A pin needs a mapping" pin@x POST "$PINS" \
        "{${pin/100/103}, \"change_type\": \"insert\", \"when\": $LATER}"
    check "no version" refused 400 "The version of a pin is a number and a dot" pin@x POST "$PINS" \
        "{${pin/100./100}, \"change_type\": \"insert\", \"mapping\": \"Fx-100\", \"when\": $LATER}"
    check "a release without a version" refused 400 "which has no version" pin@x POST "$PINS" \
        "{${pin/100/103}, \"change_type\": \"insert\", \"mapping\": \"Gmp\", \"when\": $LATER}"
    check "another product" gives 403 pin@x POST "$PINS" \
        "{\"product\": \"Other\", \"channel\": \"c\", \"version\": \"1.\", \"change_type\": \"insert\", \"mapping\": \"Other-1\", \"when\": $LATER}"
    check "a new one" gives 200 pin@x POST "$PINS" \
        "{${pin/100/103}, \"change_type\": \"insert\", \"mapping\": \"Fx-103\", \"when\": $LATER}"
    id=$(number sc_id)
    check "once" refused 400 ChangeScheduledError pin@x POST "$PINS" \
        "{${pin/100/103}, \"change_type\": \"insert\", \"mapping\": \"Fx-103\", \"when\": $LATER}"
    check "editing it to a release outside" refused 400 "is outside of it" pin@x POST "$PINS/$id" \
        '{"sc_data_version": 1, "mapping": "Fx-100"}'
    check "editing its time" gives 200 pin@x POST "$PINS/$id" "{\"sc_data_version\": 1, \"when\": $((LATER + 1))}"
    check "alone" gives 200 - GET "$PINS/$id"
    check "as edited" body_has "\"when\":$((LATER + 1))"
    check "its revisions" gives 200 - GET "$PINS/$id/revisions"
    check "two" body_has '"count":2'
    check "signing" gives 200 qa@x POST "$PINS/$id/signoffs" '{"role": "qa"}'
    check "is not needed" gives 200 balrogagent POST "$PINS/$id/enact"
    check "the new pin" gives 200 - GET /v2/pins/Firefox/release/103.
    check "a deletion" gives 200 pin@x POST "$PINS" "{$pin, \"change_type\": \"delete\", \"data_version\": 4, \"when\": $LATER}"
    id=$(number sc_id)
    check "what is scheduled is in the way of deleting at once" refused 400 "changes scheduled" pin@x DELETE \
        "/v2/pins/Firefox/release/100.?data_version=4"
    check "dropping it" gives 200 pin@x DELETE "$PINS/$id?data_version=1"
    check "an old version" refused 400 OutdatedDataError pin@x DELETE "/v2/pins/Firefox/release/100.?data_version=3"
    check "somebody else" gives 403 qa@x DELETE "/v2/pins/Firefox/release/100.?data_version=4"
    check "nobody" gives 401 - DELETE "/v2/pins/Firefox/release/100.?data_version=4"
    check "deleting" gives 200 pin@x DELETE "/v2/pins/Firefox/release/100.?data_version=4"
    check "again" refused 404 "Pin does not exist" pin@x DELETE "/v2/pins/Firefox/release/100.?data_version=4"
    check "its history" equal "4 NULL" \
        "$(query "SELECT data_version FROM pinnable_releases_history WHERE version = '100.' ORDER BY change_id")"
    check "odd pins of before" gives 200 admin@x GET /status
    check "no version" body_has '"mapping":"Fx-103","product":"Firefox","reason":"The version of a pin is'
    check "past itself" body_has "\"reason\":\"Pin 102. cannot map to release 'Fx-103', whose version 103.0 is outside of it\""
    check "to nothing" body_has "release 'Gone', which does not exist"
    check "to what has no version" body_has "release 'Gmp', which has no version"
    check "the others are not there" body_lacks '"channel":"release"'
    check "an odd one can go" gives 200 pin@x DELETE "/v2/pins/Firefox/esr/102?data_version=1"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_shutoffs
test_scheduled
test_pins
test_scheduled_pins
summary
