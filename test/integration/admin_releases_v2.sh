#!/bin/bash
# /v2/releases against a real stack: what needs sign-offs and what gets around them, scheduled changes, permissions,
# damaged requests, and many who write to one release at the same time.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_releases_v2.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
MANY=200 # locales that are submitted in parallel
RACES=10
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    MANY=1000
    RACES=100
fi
HASH=$(printf 'ab%.0s' {1..64})

# exactly STATUS BODY USER METHOD PATH [BODY]: so is it answered.
exactly() {
    local status=$1 wanted=$2
    shift 2
    gives "$status" "$@" && says "$wanted"
}

# shows STATUS TEXT USER METHOD PATH [BODY]: the answer has TEXT in it.
shows() {
    refused "$@"
}

# ---- bodies ----

locale() { # BUILDID
    printf '{"buildID":"%s","completes":[{"filesize":100,"from":"*","hashValue":"%s"}]}' "$1" "$HASH"
}

platform() { # LOCALES
    printf '{"platforms":{"Linux":{"locales":%s}}}' "$1"
}

blob() { # NAME VERSION LOCALES
    printf '{"name":"%s","schema_version":9,"hashFunction":"sha512","appVersion":"%s","displayVersion":"50.0",' "$1" "$2"
    printf '"fileUrls":{"*":{"completes":{"*":"https://archive.mozilla.org/x.mar"}}},"updateLine":[],'
    printf '"platforms":{"Linux":{"OS_BOUNCER":"l","OS_FTP":"l","buildID":"20160101000000","locales":%s}}}' "$3"
}

de() { # VERSION: a release with one locale
    blob "${2:-X}" "$1" "{\"de\":$(locale 20160101000000)}"
}

versions() { # BASE [DE]
    printf '{".":%s,"platforms":{"Linux":{"locales":{"de":%s}}}}' "$1" "${2:-1}"
}

# ---- rows ----

rows() {
    cat <<'SQL'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('rel@x', 'release', '{"products": ["Firefox"]}', 1),
    ('qa@x', 'release', NULL, 1), ('two@x', 'release', NULL, 1), ('rm@x', 'scheduled_change', NULL, 1),
    ('maker@x', 'release', '{"actions": ["create"]}', 1), ('eraser@x', 'release', '{"actions": ["delete"]}', 1),
    ('lock@x', 'release_read_only', '{"actions": ["set"]}', 1),
    ('unlock@x', 'release_read_only', '{"actions": ["unset"]}', 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1), ('balrogagent', 'release', NULL, 1),
    ('balrogagent', 'release_read_only', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('rm@x', 'relman', 1),
    ('two@x', 'qa', 1), ('two@x', 'relman', 1), ('balrogagent', 'other', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'relman', 1, 1);
INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (90, 'Old', 100, 'minor', 'Firefox', 'release', 1);
SQL
}

protect() { # NAME: a rule that needs sign-offs maps to it
    echo "INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        VALUES (90, '$1', 100, 'minor', 'Firefox', 'release', 1)" | run_sql
}

put_new() { # NAME PRODUCT
    shows 200 '".":1' admin@x PUT "/v2/releases/$1" "{\"blob\":$(de 50.0 "$1"),\"product\":\"$2\"}"
}

# How much is scheduled for NAME.
scheduled() {
    echo "SELECT (SELECT COUNT(*) FROM releases_json_scheduled_changes WHERE base_name = '$1' AND complete = 0) +
        (SELECT COUNT(*) FROM release_assets_scheduled_changes WHERE base_name = '$1' AND complete = 0)" | run_sql
}

# ---- tests ----

test_protected() {
    local fr
    fr=$(platform "{\"fr\":$(locale 20160101000001)}")
    check "make Live" put_new Live Firefox
    protect Live
    check "a POST that changes nothing needs sign-offs" shows 400 'Signoff Required' admin@x POST /v2/releases/Live \
        "{\"blob\":{},\"old_data_versions\":$(versions 1)}"
    check "when: 0 is no time" shows 400 'Signoff Required' admin@x POST /v2/releases/Live \
        "{\"blob\":{},\"old_data_versions\":{},\"when\":0}"
    check "a PUT that changes nothing does not" exactly 200 '{}' admin@x PUT /v2/releases/Live "{\"blob\":$(de 50.0 Live)}"
    check "a PUT that does needs them" shows 400 'cannot update Release directly' admin@x PUT /v2/releases/Live \
        "{\"blob\":$(de 51.0 Live),\"old_data_versions\":$(versions 1)}"
    check "a new locale is scheduled" shows 200 '"change_type":"insert","data_version":1,"sc_id":1,"signoffs":{}' \
        rel@x POST /v2/releases/Live "{\"blob\":$fr,\"old_data_versions\":{},\"when\":$LATER,\"sc_id\":77,\"complete\":true}"
    check "it does not slip past the sign-offs" shows 400 'Signoff Required' balrogagent POST /v2/releases/Live/enact
    check "a system account cannot sign off" shows 403 'System account' balrogagent PUT /v2/releases/Live/signoff '{"role":"other"}'
    check "nor one without the role" shows 403 "cannot signoff with role 'qa'" rel@x PUT /v2/releases/Live/signoff '{"role":"qa"}'
    check "a sign-off" exactly 200 '' two@x PUT /v2/releases/Live/signoff '{"role":"qa"}'
    check "not with a second role" shows 403 'second role' two@x PUT /v2/releases/Live/signoff '{"role":"relman"}'
    check "one of two is not enough" shows 400 'Signoff Required' balrogagent POST /v2/releases/Live/enact
    check "none to take back" shows 404 'no signoff to revoke' rm@x DELETE /v2/releases/Live/signoff
    check "taken back" exactly 200 '' two@x DELETE /v2/releases/Live/signoff
    check "qa" exactly 200 '' qa@x PUT /v2/releases/Live/signoff '{"role":"qa"}'
    check "relman" exactly 200 '' rm@x PUT /v2/releases/Live/signoff '{"role":"relman"}'
    check "not everybody enacts" shows 403 'not allowed to enact' rel@x POST /v2/releases/Live/enact
    check "enacted, long before its time" exactly 200 '' balrogagent POST /v2/releases/Live/enact
    check "it is there" shows 200 '"locales":{"de":1,"fr":1}' '-' GET /v2/releases/Live/data_versions
    check "once" shows 404 'Release has no scheduled changes' balrogagent POST /v2/releases/Live/enact
}

test_cancelling() {
    local body
    body="{\"blob\":$(blob Live 51.0 "{\"de\":$(locale 20160101000000)}"),\"old_data_versions\":
        {\".\":1,\"platforms\":{\"Linux\":{\"locales\":{\"de\":1,\"fr\":1}}}},\"when\":$LATER}"
    check "who holds one role signs off by scheduling" shows 200 '"signoffs":{"qa@x":"qa"}' qa@x PUT /v2/releases/Live "$body"
    check "base and removed locale are scheduled" equal 2 "$(scheduled Live)"
    check "a second time is refused" shows 400 ChangeScheduledError qa@x PUT /v2/releases/Live "$body"
    check "a PUT of what is live cancels" exactly 200 '{}' rel@x PUT /v2/releases/Live \
        "{\"blob\":$(blob Live 50.0 "{\"de\":$(locale 20160101000000),\"fr\":$(locale 20160101000001)}")}"
    check "nothing is left" equal 0 "$(scheduled Live)"
    check "scheduled again" shows 200 '"when":' qa@x PUT /v2/releases/Live "$body"
    check "replaced by another change" shows 200 '".":{' qa@x PUT /v2/releases/Live \
        "{\"blob\":$(blob Live 52.0 "{\"de\":$(locale 20160101000000),\"fr\":$(locale 20160101000001)}"),\"old_data_versions\":
        {\".\":1},\"when\":$LATER,\"replace_scheduled\":true}"
    check "which alone is left" equal 1 "$(scheduled Live)"
    check "who may not change it may not drop that" shows 403 'not allowed to modify' maker@x DELETE /v2/releases/Live/scheduled_changes
    check "dropped" exactly 200 '' rel@x DELETE /v2/releases/Live/scheduled_changes
    check "all of it" equal 0 "$(scheduled Live)"
    check "once" shows 404 'Release has no scheduled changes' rel@x DELETE /v2/releases/Live/scheduled_changes
    check "who holds both roles does not" shows 200 '"signoffs":{}' two@x PUT /v2/releases/Live "$body"
    echo "DELETE FROM permissions WHERE username = 'two@x'" | run_sql
    check "qa" exactly 200 '' qa@x PUT /v2/releases/Live/signoff '{"role":"qa"}'
    check "relman" exactly 200 '' rm@x PUT /v2/releases/Live/signoff '{"role":"relman"}'
    check "enacting asks for the permissions of today" shows 403 'two@x is not allowed to modify' \
        balrogagent POST /v2/releases/Live/enact
    echo "INSERT INTO permissions (username, permission, options, data_version) VALUES ('two@x', 'release', NULL, 1)" | run_sql
    check "enacted" exactly 200 '' balrogagent POST /v2/releases/Live/enact
    check "the locale is gone, history names who scheduled" equal "two@x" \
        "$(echo "SELECT changed_by FROM balrog_release_history WHERE name = 'Live' AND size = 0" | run_sql)"
}

test_new() {
    local body
    body="\"blob\":$(de 50.0 Soon),\"product\":\"Firefox\""
    check "a new release with a time" shows 200 '".":1' rel@x PUT /v2/releases/Soon "{$body,\"when\":$LATER}"
    check "its base is there at once, its locales are not" exactly 200 '{"data_versions":{".":1}}' '-' GET /v2/releases/Soon/data_versions
    check "what it will be" shows 200 '"sc_data_versions":{"platforms":{"Linux":{"locales":{"de":1}}}}' '-' GET /v2/releases/Soon
    check "a name that a protected rule serves from v1 needs sign-offs" shows 400 'Signoff Required' admin@x \
        PUT /v2/releases/Old "{\"blob\":$(de 50.0 Old),\"product\":\"Firefox\"}"
    check "with a time too" shows 400 'Signoff Required' admin@x PUT /v2/releases/Old \
        "{\"blob\":$(de 50.0 Old),\"product\":\"Firefox\",\"when\":$LATER}"
    check "who may create may create locales" shows 200 '"de":1' maker@x PUT /v2/releases/Made \
        "{\"blob\":$(de 50.0 Made),\"product\":\"Thunderbird\"}"
    check "but not change them" shows 403 'not allowed to modify' maker@x PUT /v2/releases/Made \
        "{\"blob\":$(de 51.0 Made),\"old_data_versions\":$(versions 1)}"
    check "who may delete" exactly 200 '' eraser@x DELETE /v2/releases/Made
    check "only the products allowed" shows 403 'not allowed to create Thunderbird' rel@x PUT /v2/releases/Made \
        "{\"blob\":$(de 50.0 Made),\"product\":\"Thunderbird\"}"
    check "a product there must be" gives 400 admin@x PUT /v2/releases/Made "{\"blob\":$(de 50.0 Made)}"
}

test_read_only() {
    local now when
    check "make Lock" put_new Lock Firefox
    check "set needs set" shows 403 'not allowed to set' unlock@x PUT /v2/releases/Lock/read_only '{"read_only":true,"old_data_version":1}'
    check "read-only" exactly 200 '{".":2}' lock@x PUT /v2/releases/Lock/read_only '{"read_only":true,"old_data_version":1}'
    check "unset needs unset" shows 403 'not allowed to unset' lock@x PUT /v2/releases/Lock/read_only '{"read_only":false,"old_data_version":2}'
    check "no POST" shows 400 'Read only' admin@x POST /v2/releases/Lock "{\"blob\":{\"appVersion\":\"51.0\"},\"old_data_versions\":{\".\":2}}"
    check "no PUT" shows 400 'Read only' admin@x PUT /v2/releases/Lock "{\"blob\":$(de 51.0 Lock),\"old_data_versions\":$(versions 2)}"
    check "no DELETE" shows 400 'Read only' admin@x DELETE /v2/releases/Lock
    now=$(date +%s)
    check "writable again is scheduled where the product needs sign-offs" shows 200 '"change_type":"update"' \
        unlock@x PUT /v2/releases/Lock/read_only '{"read_only":false,"old_data_version":2}'
    when=$(grep -o '"when":[0-9]*' "$WORK/body" | cut -d: -f2)
    check "30 s ahead" test "$((when / 1000 - now))" -ge 28 -a "$((when / 1000 - now))" -le 40
    check "it does not slip past the sign-offs" shows 400 'Signoff Required' balrogagent POST /v2/releases/Lock/enact
    check "qa" exactly 200 '' qa@x PUT /v2/releases/Lock/signoff '{"role":"qa"}'
    check "relman" exactly 200 '' rm@x PUT /v2/releases/Lock/signoff '{"role":"relman"}'
    check "enacted" exactly 200 '' balrogagent POST /v2/releases/Lock/enact
    check "it can be changed" exactly 200 '{".":4}' admin@x POST /v2/releases/Lock \
        "{\"blob\":{\"appVersion\":\"51.0\"},\"old_data_versions\":{\".\":3}}"
    check "make Free" put_new Free Thunderbird
    check "read-only" exactly 200 '{".":2}' admin@x PUT /v2/releases/Free/read_only '{"read_only":true,"old_data_version":1}'
    check "writable at once where nothing needs sign-offs" exactly 200 '{".":3}' admin@x PUT /v2/releases/Free/read_only \
        '{"read_only":false,"old_data_version":2}'
    check "an outdated version" shows 400 OutdatedDataError admin@x PUT /v2/releases/Free/read_only '{"read_only":true,"old_data_version":2}'
    check "a release that is not there" shows 404 'does not exist' admin@x PUT /v2/releases/Nope/read_only '{"read_only":true,"old_data_version":1}'
}

# What is scheduled and what is written at once may not get into each other's way: no change may be left that can
# never be enacted.
test_both_ways() {
    local one it
    one="\"product\":\"Thunderbird\",\"blob\":$(de 50.0 Twice)"
    it=$(platform "{\"it\":$(locale 20160101000000)}")
    check "a new release, scheduled" shows 200 '"sc_id":' admin@x PUT /v2/releases/Twice "{$one,\"when\":$LATER}"
    check "twice" shows 400 ChangeScheduledError admin@x PUT /v2/releases/Twice "{$one,\"when\":$LATER}"
    check "twice, with another base" shows 400 ChangeScheduledError admin@x PUT /v2/releases/Twice \
        "{\"product\":\"Thunderbird\",\"blob\":$(de 51.0 Twice),\"when\":$LATER}"
    check "and then at once" shows 400 ChangeScheduledError admin@x PUT /v2/releases/Twice "{$one}"
    check "the refusal names the change" shows 400 "Scheduled change $(echo "SELECT MAX(sc_id) FROM
        release_assets_scheduled_changes WHERE base_name = 'Twice'" | run_sql) is to insert this row" admin@x PUT /v2/releases/Twice "{$one}"
    check "a base without its version" shows 400 OutdatedDataError admin@x PUT /v2/releases/Twice \
        "{\"product\":\"Thunderbird\",\"blob\":$(de 51.0 Twice)}"
    check "what was scheduled is enacted" exactly 200 '' admin@x POST /v2/releases/Twice/enact
    check "all of it" exactly 200 '{"data_versions":{".":1,"platforms":{"Linux":{"locales":{"de":1}}}}}' \
        '-' GET /v2/releases/Twice/data_versions
    check "without versions, with a time" shows 400 OutdatedDataError admin@x PUT /v2/releases/Twice \
        "{\"product\":\"Thunderbird\",\"blob\":$(de 51.0 Twice),\"when\":$LATER}"
    check "a locale without its version" shows 400 OutdatedDataError admin@x PUT /v2/releases/Twice \
        "{\"blob\":$(blob Twice 50.0 "{\"de\":$(locale 20160101000009)}"),\"old_data_versions\":{\".\":1}}"
    check "a locale, scheduled" shows 200 '"change_type":"insert"' admin@x POST /v2/releases/Twice \
        "{\"blob\":$it,\"old_data_versions\":{},\"when\":$LATER}"
    check "and then added at once" shows 400 ChangeScheduledError admin@x POST /v2/releases/Twice \
        "{\"blob\":$it,\"old_data_versions\":{}}"
    check "by PUT, too" shows 400 ChangeScheduledError admin@x PUT /v2/releases/Twice \
        "{\"blob\":$(blob Twice 50.0 "{\"de\":$(locale 20160101000000),\"it\":$(locale 20160101000001)}"),\"old_data_versions\":{\".\":1}}"
    check "enacted" exactly 200 '' admin@x POST /v2/releases/Twice/enact
    check "nothing is left" equal 0 "$(scheduled Twice)"
    echo "SELECT * FROM release_assets WHERE name = 'Twice'" | run_sql >"$WORK/rows"
    check "both locales" equal 2 "$(wc -l <"$WORK/rows")"
}

test_merging() {
    local es
    es=$(platform "{\"es\":$(locale 20160101000000)}")
    check "make Mix" put_new Mix Thunderbird
    check "a locale is scheduled" shows 200 '"sc_id"' admin@x POST /v2/releases/Mix \
        "{\"blob\":$(platform '{"de":{"buildID":"20170101000000"}}'),\"old_data_versions\":$(versions 1),\"when\":$LATER}"
    check "another one is not in its way" shows 200 '"es":1' admin@x POST /v2/releases/Mix "{\"blob\":$es,\"old_data_versions\":{}}"
    check "the same one is" shows 400 UpdateMergeError admin@x POST /v2/releases/Mix \
        "{\"blob\":$(platform '{"de":{"buildID":"20180101000000"}}'),\"old_data_versions\":$(versions 1)}"
    check "the base is scheduled" shows 200 '"sc_id"' admin@x POST /v2/releases/Mix \
        "{\"blob\":{\"appVersion\":\"51.0\"},\"old_data_versions\":{\".\":1},\"when\":$LATER}"
    check "read-only goes into it" exactly 200 '{".":2}' admin@x PUT /v2/releases/Mix/read_only '{"read_only":true,"old_data_version":1}'
    check "its version rises" shows 200 '"sc_data_versions":{".":2,' '-' GET /v2/releases/Mix
    check "what was scheduled before is refused" shows 400 "Release 'Mix' is read only" balrogagent POST /v2/releases/Mix/enact
    run_sql <<<"UPDATE releases_json_scheduled_changes SET complete = 1 WHERE base_name = 'Mix'"
    check "locales alone, too" shows 400 "Release 'Mix' is read only" balrogagent POST /v2/releases/Mix/enact
    run_sql <<<"UPDATE release_assets_scheduled_changes SET change_type = 'delete', base_data_version = 1 WHERE base_name = 'Mix'"
    check "their deletion" shows 400 "Release 'Mix' is read only" balrogagent POST /v2/releases/Mix/enact
    run_sql <<<"UPDATE release_assets_scheduled_changes SET change_type = 'insert', base_path = '.platforms.Linux.locales.xx'
        WHERE base_name = 'Mix'"
    check "and new ones" shows 400 "Release 'Mix' is read only" balrogagent POST /v2/releases/Mix/enact
    run_sql <<<"UPDATE release_assets_scheduled_changes SET change_type = 'update', base_path = '.platforms.Linux.locales.de'
        WHERE base_name = 'Mix'; UPDATE releases_json_scheduled_changes SET complete = 0, base_read_only = 0 WHERE base_name = 'Mix'"
    check "though the change says that it is writable" shows 400 "Release 'Mix' is read only" admin@x POST /v2/releases/Mix/enact
    run_sql <<<"UPDATE releases_json_scheduled_changes SET base_read_only = 1 WHERE base_name = 'Mix'"
    check "writable again" exactly 200 '{".":3}' admin@x PUT /v2/releases/Mix/read_only '{"read_only":false,"old_data_version":2}'
    check "enacted" exactly 200 '' balrogagent POST /v2/releases/Mix/enact
    check "both changes are there" equal "0	51.0	20170101000000" "$(echo "SELECT b.read_only, JSON_VALUE(b.data,
        '\$.appVersion'), JSON_VALUE(a.data, '\$.buildID') FROM releases_json b JOIN release_assets a USING (name)
        WHERE name = 'Mix' AND path = '.platforms.Linux.locales.de'" | run_sql)"
    check "what is the same is left alone" exactly 200 '{"platforms":{"Linux":{"locales":{"es":1}}}}' admin@x POST /v2/releases/Lock \
        "{\"blob\":$(platform "{\"de\":$(locale 20160101000000)}"),\"old_data_versions\":{\"platforms\":{\"Linux\":{\"locales\":{\"es\":1}}}}}"
}

test_deleting() {
    check "make Del" put_new Del Thunderbird
    check "schedule base and locale" shows 200 '"sc_id"' admin@x POST /v2/releases/Del \
        "{\"blob\":$(blob Del 51.0 '{"de":{"buildID":"20180101000000"}}'),\"old_data_versions\":$(versions 1),\"when\":$LATER}"
    check "a PUT cannot remove what has changes scheduled" shows 400 ChangeScheduledError admin@x PUT /v2/releases/Del \
        "{\"blob\":$(blob Del 50.0 '{}'),\"old_data_versions\":$(versions 1)}"
    check "deleted with all that is scheduled" exactly 200 '' eraser@x DELETE /v2/releases/Del
    check "no trace of it" equal 0 "$(echo "SELECT (SELECT COUNT(*) FROM releases_json WHERE name = 'Del') +
        (SELECT COUNT(*) FROM release_assets WHERE name = 'Del') +
        (SELECT COUNT(*) FROM releases_json_scheduled_changes WHERE base_name = 'Del') +
        (SELECT COUNT(*) FROM release_assets_scheduled_changes WHERE base_name = 'Del')" | run_sql)"
    check "again" shows 404 'does not exist' admin@x DELETE /v2/releases/Del
    check "not what a rule maps to" shows 400 'mapped to' admin@x DELETE /v2/releases/Live
}

test_pinnable() {
    check "make Pin-1" put_new Pin-1 Thunderbird
    check "make Pin-2" shows 200 '".":1' admin@x PUT /v2/releases/Pin-2 "{\"blob\":$(de 50.1 Pin-2),\"product\":\"Thunderbird\"}"
    local pin='{"product":"Thunderbird","channel":"release","version":"50."}'
    check "who may not" shows 403 'not allowed' rel@x PUT /v2/releases/Pin-2/pinnable "$pin"
    check "pinned" exactly 200 '{".":1}' admin@x PUT /v2/releases/Pin-2/pinnable "$pin"
    check "an older one does not take its place" exactly 200 '{"pin_not_set":true,"reason":"existing_pin_is_newer"}' \
        admin@x PUT /v2/releases/Pin-1/pinnable "$pin"
    check "the same again" exactly 200 '{".":2}' admin@x PUT /v2/releases/Pin-2/pinnable "$pin"
    check "later" shows 200 '"change_type":"update","data_version":3' admin@x PUT /v2/releases/Pin-2/pinnable "${pin%\}},\"when\":$LATER}"
    check "pins never need sign-offs" body_has '"signoffs":{}'
    check "what is pinned stays" shows 400 'pinnable' admin@x DELETE /v2/releases/Pin-2
    check "of a release that is not there" shows 404 'does not exist' admin@x PUT /v2/releases/Nope/pinnable "$pin"
    local odd
    for odd in 50 50.1 50.. 050. x. .50 '50. ' '' '*' 50.1.2.; do
        check "no version: '$odd'" shows 400 "The version of a pin is" admin@x PUT /v2/releases/Pin-2/pinnable \
            "{\"product\":\"Thunderbird\",\"channel\":\"beta\",\"version\":\"$odd\"}"
    done
    for odd in 51. 50.2. 50.0. 49.; do
        check "50.1 is outside of $odd" shows 400 "whose version 50.1 is outside of it" admin@x PUT \
            /v2/releases/Pin-2/pinnable "{\"product\":\"Thunderbird\",\"channel\":\"beta\",\"version\":\"$odd\"}"
        check "later, too" shows 400 "whose version 50.1 is outside of it" admin@x PUT /v2/releases/Pin-2/pinnable \
            "{\"product\":\"Thunderbird\",\"channel\":\"beta\",\"version\":\"$odd\",\"when\":$LATER}"
    done
    check "a closer pin" exactly 200 '{".":1}' admin@x PUT /v2/releases/Pin-2/pinnable \
        '{"product":"Thunderbird","channel":"beta","version":"50.1."}'
    run_sql <<<"UPDATE pinnable_releases SET version = '49.' WHERE version = '50.1.'"
    check "a pin that leads past itself takes any release that lies within it" put_new Pin-3 Thunderbird
    check "one that does" shows 200 '".":2' admin@x PUT /v2/releases/Pin-3 \
        "{\"blob\":$(de 49.5 Pin-3),\"old_data_versions\":{\".\":1}}"
    check "is taken" exactly 200 '{".":2}' admin@x PUT /v2/releases/Pin-3/pinnable \
        '{"product":"Thunderbird","channel":"beta","version":"49."}'
}

test_bad_input() {
    local long
    long=$(printf 'x%.0s' {1..150})
    check "make Bad" put_new Bad Thunderbird
    check "no blob" shows 400 "'blob' is a required property" admin@x POST /v2/releases/Bad '{"old_data_versions":{}}'
    check "no versions" shows 400 "'old_data_versions' is a required property" admin@x POST /v2/releases/Bad '{"blob":{}}'
    check "a blob that is none" equal 400 "$(ask admin@x PUT /v2/releases/Bad '{"blob":[]}')"
    check "a time that is none" equal 400 "$(ask admin@x POST /v2/releases/Bad '{"blob":{},"old_data_versions":{},"when":"soon"}')"
    check "a time that is past" shows 400 'in the past' admin@x POST /v2/releases/Bad \
        '{"blob":{"appVersion":"51.0"},"old_data_versions":{".":1},"when":1000}'
    check "broken JSON" equal 400 "$(ask admin@x POST /v2/releases/Bad '{"blob":')"
    check "the base's version is missing" shows 400 'Missing data_version' admin@x POST /v2/releases/Bad \
        '{"blob":{"appVersion":"51.0"},"old_data_versions":{}}'
    check "a locale's version is missing" shows 400 'Missing data_version for .platforms.Linux.locales.de' admin@x \
        POST /v2/releases/Bad "{\"blob\":$(platform '{"de":{"buildID":"20170101000000"}}'),\"old_data_versions\":{}}"
    check "a locale that is no object" shows 400 'Invalid Blob' admin@x POST /v2/releases/Bad \
        "{\"blob\":$(platform '{"it":7}'),\"old_data_versions\":{}}"
    check "what can never be served" shows 400 "'51.0b1' at appVersion can never be served" admin@x POST /v2/releases/Bad \
        '{"blob":{"appVersion":"51.0b1"},"old_data_versions":{".":1}}'
    check "nor scheduled" shows 400 "'51.0b1' at appVersion can never be served" admin@x POST /v2/releases/Bad \
        '{"blob":{"appVersion":"51.0b1"},"old_data_versions":{".":1},"when":4102444800000}'
    check "nor put" shows 400 "'R' at platforms.Q.alias can never be served" admin@x PUT /v2/releases/Bad2 \
        '{"blob":{"name":"Bad2","schema_version":4,"hashFunction":"sha512","platforms":{"Q":{"alias":"R"}}},"product":"Thunderbird"}'
    check "make Odd" put_new Odd Thunderbird
    check "it would be served" shows 200 '"count":0' '-' GET /v2/releases/Odd/servable
    run_sql <<<"UPDATE releases_json SET data = JSON_SET(data, '$.appVersion', '51.0b1') WHERE name = 'Odd'"
    check "a release that was odd before still gets locales" equal 200 "$(ask admin@x POST /v2/releases/Odd \
        "{\"blob\":$(platform '{"sv":{"buildID":"20170101000000"}}'),\"old_data_versions\":{}}")"
    check "but would not be served" shows 200 '"locale":"de","platform":"Linux","what":"Version number' '-' \
        GET /v2/releases/Odd/servable
    check "what is not there" shows 404 'does not exist' '-' GET /v2/releases/None/servable
    check "a new locale on a forbidden host" shows 400 'forbidden domain' admin@x POST /v2/releases/Bad \
        "{\"blob\":$(platform '{"it":{"buildID":"20170101000000","completes":[{"filesize":1,"from":"*",
        "hashValue":"'"$HASH"'","fileUrl":"https://evil.example.com/x"}]}}'),\"old_data_versions\":{}}"
    check "an unknown format" equal 400 "$(ask admin@x PUT /v2/releases/Bad2 '{"blob":{"name":"Bad2","schema_version":77},"product":"Thunderbird"}')"
    check "one version wrong of two, nothing is written" shows 400 OutdatedDataError admin@x PUT /v2/releases/Bad \
        "{\"blob\":$(blob Bad 51.0 "{\"de\":$(locale 20170101000000)}"),\"old_data_versions\":$(versions 1 7)}"
    check "a locale that is there already" equal 400 "$(ask admin@x PUT /v2/releases/Bad \
        "{\"blob\":$(blob Bad 51.0 "{\"de\":$(locale 20170101000000)}"),\"old_data_versions\":{\".\":1}}")"
    check "a locale that is not there" shows 400 OutdatedDataError admin@x PUT /v2/releases/Bad \
        "{\"blob\":$(blob Bad 50.0 "{\"fr\":$(locale 20170101000000)}"),\"old_data_versions\":{\".\":1,
        \"platforms\":{\"Linux\":{\"locales\":{\"de\":1,\"fr\":4}}}}}"
    check "a removed locale's version is missing" shows 400 'must be passed' admin@x PUT /v2/releases/Bad \
        "{\"blob\":$(blob Bad 50.0 '{}'),\"old_data_versions\":{\".\":1}}"
    check "all is as it was" exactly 200 "{\"data_versions\":$(versions 1)}" '-' GET /v2/releases/Bad/data_versions
    check "a name too long" equal 400 "$(ask admin@x PUT "/v2/releases/$long" "{\"blob\":$(de 50.0),\"product\":\"Thunderbird\"}")"
    check "a name with a NUL" gives 400 admin@x PUT /v2/releases/a%00b "{\"blob\":$(de 50.0),\"product\":\"Thunderbird\"}"
    check "a path that is not there" shows 404 'does not exist' '-' GET /v2/releases/Bad/.platforms.Linux.locales.it/data_version
    check "nobody" equal 401 "$(ask '-' POST /v2/releases/Bad '{"blob":{},"old_data_versions":{}}')"
    check "a stranger" shows 403 'Authorization Required' stranger@x POST /v2/releases/Bad '{"blob":{},"old_data_versions":{}}'
}

# ---- at the same time ----

# For curl: POST of the locale L of Many at VERSION.
submission() { # L VERSION FILE
    printf '{"blob":%s,"old_data_versions":{"platforms":{"Linux":{"locales":{"%s":%s}}}}}' \
        "$(platform "{\"$1\":$(locale "$3")}")" "$1" "$2" >"$WORK/body.$1"
    printf '%s\n' "url = \"$ADMIN_URL/v2/releases/Many\"" 'request = POST' 'header = "X-Test-User: admin@x"' \
        'header = "Content-Type: application/json"' "data-binary = \"@$WORK/body.$1\"" "output = \"/dev/null\"" \
        'write-out = "%{http_code}\n"' 'noproxy = "*"' next
}

submit_all() { # VERSION BUILDID: how many were answered 200
    local i
    for ((i = 0; i < MANY; i++)); do
        submission "l$i" "$1" "$2"
    done | sed '$d' >"$WORK/curl"
    curl -s -Z --parallel-max 16 --config "$WORK/curl" 2>/dev/null | grep -c '^200$' || true
}

test_parallel() {
    check "make Many" put_new Many Thunderbird
    check "new locales, 16 at a time" equal "$MANY" "$(submit_all 0 20160101000000)"
    check "changed ones" equal "$MANY" "$(submit_all 1 20170101000000)"
    check "every one landed" equal "$MANY	2" "$(echo "SELECT COUNT(*), MIN(data_version) FROM release_assets
        WHERE name = 'Many' AND path LIKE '.platforms.Linux.locales.l%' AND data LIKE '%20170101000000%'" | run_sql)"
}

race() { # VERSION: how many of 8 won
    local i
    for i in {1..8}; do
        curl -s --noproxy '*' -X POST -H 'X-Test-User: admin@x' -H 'Content-Type: application/json' -o /dev/null \
            -w '%{http_code}\n' --data-binary \
            "{\"blob\":$(platform "{\"de\":{\"buildID\":\"201601010000$((10 + i))\"}}"),\"old_data_versions\":$(versions 1 "$1")}" \
            "$ADMIN_URL/v2/releases/Race" &
    done | grep -c '^200$' || true
    wait
}

test_races() {
    local i winners=''
    check "make Race" put_new Race Thunderbird
    for ((i = 1; i <= RACES; i++)); do
        winners+=$(race "$i")
    done
    check "of those who change the same version one wins" equal "$(printf '1%.0s' $(seq "$RACES"))" "$winners"
    check "no version is missing" shows 200 "\"de\":$((RACES + 1))" '-' GET /v2/releases/Race/data_versions
}

test_lists() {
    local before
    check "names" shows 200 '"Bad","Free","Live"' '-' GET '/v2/releases?names_only=1'
    check "names, not asked for" shows 200 '{"releases":[' '-' GET '/v2/releases?names_only='
    before=$(statements - GET /v2/releases)
    echo "INSERT INTO releases_json (name, product, read_only, data, data_version)
        SELECT CONCAT('Seq-', seq), 'Firefox', 0, '{}', 1 FROM seq_1_to_2000;
        INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        SELECT 1, CONCAT('Seq-', seq), 100, 'minor', 'Firefox', 'beta', 1 FROM seq_1_to_500" | run_sql
    check "as many statements however many releases" equal "$before" "$(statements - GET /v2/releases)"
    check "all of them" equal 2000 "$(ask '-' GET /v2/releases >/dev/null && grep -o '"name":"Seq-' "$WORK/body" | wc -l)"
}

main() {
    rows >"$WORK/rows.sql"
    # No polling: statements are counted.
    admin_up "$WORK/rows.sql" --set public.poll_ms=60000
    test_protected
    test_cancelling
    test_new
    test_read_only
    test_both_ways
    test_merging
    test_deleting
    test_pinnable
    test_bad_input
    test_parallel
    test_races
    test_lists
    summary
}

main
