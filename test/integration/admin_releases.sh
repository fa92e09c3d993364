#!/bin/bash
# Releases of the v1 table in the admin API: input, permissions, sign-offs and the ways around them, merges with
# what came meanwhile, scheduled changes, many writers at the same time.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_releases.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

LOCALES=200 # submitted to one release by 16 clients
MANY=1000   # releases, where statements are counted
[[ -z ${BALROG_TEST_FULL-} ]] || LOCALES=1000 MANY=20000
SC=/scheduled_changes/releases

# blob NAME [MEMBERS]: of an app release.
blob() {
    printf '{"name": "%s", "schema_version": 4, "hashFunction": "sha512"%s}' "$1" "${2:+, $2}"
}

rows() {
    cat <<EOF
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1),
    ('tbadmin@x', 'admin', '{"products": ["Thunderbird"]}', 1),
    ('rel@x', 'release', '{"products": ["Firefox", "Thunderbird"]}', 1),
    ('mod@x', 'release', '{"products": ["Firefox"], "actions": ["modify"]}', 1),
    ('loc@x', 'release_locale', NULL, 1),
    ('both@x', 'release_locale', NULL, 1), ('both@x', 'release', '{"actions": ["modify"]}', 1),
    ('lock@x', 'release_read_only', '{"actions": ["set"]}', 1),
    ('unlock@x', 'release_read_only', NULL, 1),
    ('qa@x', 'rule', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES
    ('qa@x', 'qa', 1), ('unlock@x', 'relman', 1), ('unlock@x', 'releng', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'beta', 'qa', 2, 1), ('Firefox', 'beta', 'relman', 1, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('Live', 'Firefox', 0, '$(blob Live '"platforms": {}')', 1),
    ('Free', 'Firefox', 0, '$(blob Free)', 1),
    ('Locked', 'Firefox', 1, '$(blob Locked)', 1),
    ('Old', 'Thunderbird', 0, '$(blob Old '"appVersion": "1.0", "platforms": {"P": {"locales": {"de": {"buildID": "1"}}}}')', 7),
    ('Lane', 'Thunderbird', 0, '$(blob Lane '"appVersion": "1.0"')', 7),
    ('Both', 'Thunderbird', 0, '$(blob Both '"appVersion": "1.0"')', 1);
INSERT INTO releases_json (name, product, data, data_version) VALUES
    ('Both', 'Thunderbird', '$(blob Both '"appVersion": "2.0"')', 5);
INSERT INTO rules (rule_id, priority, mapping, fallbackMapping, backgroundRate, update_type, product, channel, data_version)
    VALUES (1, 100, 'Live', NULL, 100, 'minor', 'Firefox', 'release', 1);
EOF
}

# text JSON: as a JSON string.
text() {
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}

# whole NAME PRODUCT BLOB [MEMBERS]: the body that makes or replaces a release.
whole() {
    printf '{"name": "%s", "product": "%s", "blob": %s%s}' "$1" "$2" "$(text "$3")" "${4:+, $4}"
}

# part PRODUCT DATA [MEMBERS]: the body that changes a part.
part() {
    printf '{"product": "%s", "data": %s, "schema_version": 4%s}' "$1" "$(text "$2")" "${3:+, $3}"
}

version_of() {
    query "SELECT data_version FROM releases WHERE name = '$1'"
}

stored() { # NAME: its blob
    query "SELECT data FROM releases WHERE name = '$1'"
}

# schedule USER BODY: prints the new sc_id.
schedule() {
    ask "$1" POST "$SC" "$2" >/dev/null
    number sc_id
}

test_input() {
    local deep
    deep=$(printf '[%.0s' {1..200})
    check "data must be an object" refused 400 "object" admin@x PUT /releases/N/builds/P/de "$(part Firefox '[]')"
    check "at most a thousand aliases can be given at a time" refused 400 "alias: 1001 names; at most 1000" admin@x \
        PUT /releases/N/builds/P/de "$(part Firefox '{}' "\"alias\": \"[$(seq -s, -f '\"%g\"' 1001)]\"")"
    check "copyTo must be a list" refused 400 "list of names" admin@x PUT /releases/N/builds/P/de \
        "$(part Firefox '{}' '"copyTo": "7"')"
    check "of names" refused 400 "list of names" admin@x PUT /releases/N/builds/P/de \
        "$(part Firefox '{}' '"copyTo": "[1]"')"
    check "so must alias" refused 400 "list of names" admin@x PUT /releases/N/builds/P/de \
        "$(part Firefox '{}' '"alias": "\"x\""')"
    check "deep nesting is refused" gives 400 admin@x POST /releases "$(whole N Firefox "$deep")"
    check "an empty blob" gives 400 admin@x POST /releases "$(whole N Firefox '')"
    check "a blob that is none" gives 400 admin@x POST /releases "$(whole N Firefox '7')"
    check "data_version is a number" gives 400 admin@x DELETE '/releases/Free?data_version=x'
    check "and not missing" refused 400 "Missing query parameter" admin@x DELETE /releases/Free
    check "a name of 101 characters" gives 400 admin@x GET "/releases/$(printf 'x%.0s' {1..101})"
    check "a name that is not ASCII" gives 400 admin@x GET /releases/%C3%A4
    check "no body" gives 400 admin@x PUT /releases/N
    check "no such column" gives 404 admin@x GET /releases/columns/data
    check "none of these made anything" equal 6 "$(query "SELECT COUNT(*) FROM releases")"
    check "a product that is too long for the table" gives 400 admin@x POST /releases \
        "$(whole N 'Product-of-16-ch' "$(blob N)")"
}

many_wrong_platforms() {
    local i
    printf '"platforms": {'
    for ((i = 0; i < 300; i++)); do
        printf '"p%d": {"locales": {"de": {"completes": [{"from": "*", "filesize": "x", "hashValue": "%0300d"}]}}},' "$i" "$i"
    done
    printf '"q": {}}'
}

is_short() {
    (($(wc -c <"$WORK/body") < 2000))
}

test_validation() {
    check "a forbidden host" refused 400 "'evil.example.com' at fileUrls.*.completes.*" admin@x POST /releases "$(whole N Firefox \
        "$(blob N '"fileUrls": {"*": {"completes": {"*": "https://evil.example.com/x"}}}')")"
    check "the length of a GMP hash" refused 400 "hashValue length" admin@x POST /releases "$(whole N OpenH264 \
        '{"name": "N", "schema_version": 1000, "hashFunction": "sha512", "vendors": {"v": {"version": "1", "platforms": {"p": {"filesize": 1, "hashValue": "ab", "fileUrl": "https://ciscobinary.openh264.org/x.zip"}}}}}')"
    check "update lines for one query" refused 400 '[{}, {}, ["type"]]' admin@x POST /releases "$(whole N Firefox \
        '{"name": "N", "schema_version": 9, "hashFunction": "sha512", "appVersion": "1.0", "displayVersion": "1", "fileUrls": {"*": {"completes": {"*": "https://archive.mozilla.org/x"}}}, "platforms": {}, "updateLine": [{"for": {}, "fields": {"type": "minor"}}, {"for": {}, "fields": {"type": "major"}}]}')"
    check "a schema" refused 400 "bogus" admin@x PUT /releases/N "$(whole N Firefox "$(blob N '"bogus": 1')")"
    check "a locale's schema" refused 400 "is not of type 'array' at platforms.P.locales.de.completes" admin@x PUT /releases/Free/builds/P/de \
        "$(part Firefox '{"completes": "no"}' '"data_version": 1')"
    check "much that is wrong" refused 400 "more errors than are shown" admin@x POST /releases \
        "$(whole N Firefox "$(blob N "$(many_wrong_platforms)")")"
    check "in a short answer" is_short
    check "what can never be served" refused 400 "'128.0b1' at appVersion can never be served" admin@x POST /releases \
        "$(whole N Firefox "$(blob N '"appVersion": "128.0b1"')")"
    check "nor in a locale" refused 400 "platforms.P.locales.de.appVersion can never be served" admin@x \
        PUT /releases/Free/builds/P/de "$(part Firefox '{"appVersion": "128.0esr"}' '"data_version": 1')"
    check "nor scheduled" refused 400 "alias can never be served" admin@x POST /scheduled_changes/releases \
        '{"change_type": "insert", "when": 4102444800000, "name": "N", "product": "Firefox", "data": "{\"name\": \"N\", \"schema_version\": 4, \"hashFunction\": \"sha512\", \"platforms\": {\"P\": {\"alias\": \"Q\"}}}"}'
    check "nothing came of these" equal 1 "$(version_of Free)"
}

test_permissions() {
    check "nobody" gives 401 - PUT /releases/Free "$(whole Free Firefox "$(blob Free)" '"data_version": 1')"
    check "a stranger" gives 403 x@y PUT /releases/Free "$(whole Free Firefox "$(blob Free)" '"data_version": 1')"
    check "modify does not create" refused 403 "not allowed to create" mod@x POST /releases \
        "$(whole N Firefox "$(blob N)")"
    check "nor delete" refused 403 "not allowed to delete" mod@x DELETE '/releases/Free?data_version=1'
    check "the new product counts too" refused 403 "for product Fennec" mod@x PUT /releases/Free \
        "$(whole Free Fennec "$(blob Free)" '"data_version": 1')"
    check "an admin of another product" refused 403 "for product Firefox" tbadmin@x DELETE '/releases/Free?data_version=1'
    check "a locale needs release_locale" refused 403 "not allowed to add builds" mod@x \
        PUT /releases/Free/builds/P/de "$(part Firefox '{}' '"data_version": 1')"
    check "and the right to modify" refused 403 "not allowed to modify" loc@x \
        PUT /releases/Free/builds/P/de "$(part Firefox '{}' '"data_version": 1')"
    check "with both it goes" gives 201 both@x PUT /releases/Free/builds/P/de "$(part Firefox '{}' '"data_version": 1')"
    check "a release that must be made needs that right" refused 403 "not allowed to create" both@x \
        PUT /releases/N/builds/P/de "$(part Firefox '{}' '"hashFunction": "sha512"')"
    check "and is not made by halves" equal "" "$(version_of N)"
}

test_read_only() {
    check "setting is a right of its own" refused 403 "read only" mod@x PUT /releases/Free/read_only \
        '{"read_only": true, "data_version": 2}'
    check "it needs no sign-off" gives 201 lock@x PUT /releases/Live/read_only '{"read_only": true, "data_version": 1}'
    check "a second time changes nothing" gives 201 lock@x PUT /releases/Live/read_only '{"read_only": true, "data_version": 2}'
    check "not the version" says '{"new_data_version": 2}'
    check "as it is" equal 2 "$(version_of Live)"
    check "unsetting is another right" refused 403 "read write" lock@x PUT /releases/Live/read_only \
        '{"read_only": false, "data_version": 2}'
    check "it needs the rules' sign-offs" refused 400 "Signoff Required" unlock@x PUT /releases/Live/read_only \
        '{"read_only": false, "data_version": 2}'
    check "without rules those of the product" refused 400 "Signoff Required" unlock@x PUT /releases/Locked/read_only \
        '{"read_only": "", "data_version": 1}'
    check "which are told" gives 200 - GET /releases/Locked/read_only/product/required_signoffs
    check "the maximum per role" says '{"required_signoffs":{"qa":2,"relman":1}}'
    check "a read-only release cannot be replaced" refused 403 "marked read only" admin@x PUT /releases/Locked \
        "$(whole Locked Firefox "$(blob Locked)" '"data_version": 1')"
    check "nor given a locale" refused 403 "read only" admin@x PUT /releases/Locked/builds/P/de \
        "$(part Firefox '{}' '"data_version": 1')"
    check "nor deleted" refused 403 "marked read only" admin@x DELETE '/releases/Locked?data_version=1'
    check "writable stays writable at the next version" gives 201 unlock@x PUT /releases/Free/read_only \
        '{"read_only": false, "data_version": 2}'
    check "as said" says '{"new_data_version": 3}'
    check "an old version" refused 400 OutdatedDataError unlock@x PUT /releases/Free/read_only \
        '{"read_only": false, "data_version": 2}'
}

# Ways to change a protected release without sign-offs.
test_bypasses() {
    local sc
    run_sql <<<"UPDATE releases SET read_only = 0 WHERE name = 'Live'"
    local changed
    changed=$(text "$(blob Live '"appVersion": "6.6", "platforms": {}')")
    check "directly" refused 400 "Signoff Required" rel@x PUT /releases/Live \
        "$(whole Live Firefox "$(blob Live)" '"data_version": 2')"
    check "by a locale" refused 400 "Signoff Required" admin@x PUT /releases/Live/builds/P/de \
        "$(part Firefox '{}' '"data_version": 2')"
    check "by copying one to it" refused 400 "Signoff Required" admin@x PUT /releases/Free/builds/P/it \
        "$(part Firefox '{}' '"data_version": 3, "copyTo": "[\"Live\"]"')"
    check "and nothing is copied by halves" equal 3 "$(version_of Free)"
    check "with an sc_id" refused 400 "sc_id" admin@x POST "$SC" \
        "{\"sc_id\": 1, \"change_type\": \"update\", \"name\": \"Live\", \"data_version\": 2, \"when\": $LATER}"
    check "with complete" refused 400 "read-only" admin@x POST "$SC" \
        "{\"complete\": true, \"change_type\": \"update\", \"name\": \"Live\", \"data_version\": 2, \"when\": $LATER}"
    sc=$(schedule admin@x "{\"change_type\": \"update\", \"name\": \"Live\", \"product\": \"Firefox\", \"data_version\": 2,
        \"when\": $LATER, \"read_only\": true, \"data\": $changed}")
    check "scheduled together with read_only" refused 400 "Signoff Required" balrogagent POST "$SC/$sc/enact"
    check "nothing of it is done" equal "0 2" "$(query "SELECT read_only, data_version FROM releases WHERE name = 'Live'")"
    check "what is scheduled stays" equal 0 "$(query "SELECT complete FROM releases_scheduled_changes WHERE sc_id = $sc")"
    check "with a sign-off" gives 200 qa@x POST "$SC/$sc/signoffs" '{"role": "qa"}'
    check "it is enacted" gives 200 balrogagent POST "$SC/$sc/enact"
    check "as it was said" equal "1 3" "$(query "SELECT read_only, data_version FROM releases WHERE name = 'Live'")"
    sc=$(schedule admin@x "{\"change_type\": \"update\", \"name\": \"Live\", \"product\": \"Firefox\", \"data_version\": 3,
        \"when\": $LATER, \"read_only\": false}")
    check "making it writable, scheduled" refused 400 "Signoff Required" balrogagent POST "$SC/$sc/enact"
    check "its blob goes with it" equal 1 "$(query "SELECT base_data LIKE '%6.6%' FROM releases_scheduled_changes WHERE sc_id = $sc")"
    check "dropped" gives 200 admin@x DELETE "$SC/$sc?data_version=1"
}

# What was scheduled before a release became read-only.
test_locked_meanwhile() {
    local sc
    sc=$(schedule admin@x "{\"change_type\": \"update\", \"name\": \"Lane\", \"product\": \"Thunderbird\", \"data_version\": 7,
        \"when\": $LATER, \"data\": $(text "$(blob Lane '"appVersion": "3.0"')")}")
    check "making it read-only meanwhile" gives 201 admin@x PUT /releases/Lane/read_only '{"read_only": true, "data_version": 7}'
    check "what was scheduled before is refused" refused 400 "Release 'Lane' is read only" balrogagent POST "$SC/$sc/enact"
    check "so is editing it" refused 400 "is read only" admin@x POST "$SC/$sc" \
        "{\"sc_data_version\": 2, \"data_version\": 8, \"when\": $((LATER + 1))}"
    check "not by saying that it is writable either" refused 400 "is read only" admin@x POST "$SC/$sc" \
        "{\"sc_data_version\": 2, \"data_version\": 8, \"data\": $(text "$(blob Lane '"appVersion": "3.1"')")}"
    run_sql <<<"UPDATE releases_scheduled_changes SET base_read_only = 0 WHERE sc_id = $sc"
    check "as the reference writes it" refused 400 "Release 'Lane' is read only" balrogagent POST "$SC/$sc/enact"
    check "it is as it was" equal "1 8" "$(query "SELECT read_only, data_version FROM releases WHERE name = 'Lane'")"
    run_sql <<<"UPDATE releases_scheduled_changes SET base_read_only = 1 WHERE sc_id = $sc"
    check "writable again" gives 201 admin@x PUT /releases/Lane/read_only '{"read_only": false, "data_version": 8}'
    check "the same change is made" gives 200 balrogagent POST "$SC/$sc/enact"
    check "with what it says" equal "0 10" "$(query "SELECT read_only, data_version FROM releases WHERE name = 'Lane'")"
    sc=$(schedule admin@x "{\"change_type\": \"delete\", \"name\": \"Lane\", \"data_version\": 10, \"when\": $LATER}")
    check "read-only while its deletion is scheduled" gives 201 admin@x PUT /releases/Lane/read_only \
        '{"read_only": true, "data_version": 10}'
    check "it is not deleted" refused 400 "Release 'Lane' is read only" balrogagent POST "$SC/$sc/enact"
    check "what cannot be made can be dropped" gives 200 admin@x DELETE "$SC/$sc?data_version=2"
}

test_scheduling() {
    local sc data
    data=$(text "$(blob Old '"appVersion": "3.0"')")
    check "in the past" refused 400 "in the past" admin@x POST "$SC" \
        '{"change_type": "delete", "name": "Old", "data_version": 7, "when": 1}'
    check "a time is needed" refused 400 "cannot be set to null" admin@x POST "$SC" \
        '{"change_type": "delete", "name": "Old", "data_version": 7, "when": null}'
    check "of a release that is none" gives 400 admin@x POST "$SC" \
        "{\"change_type\": \"update\", \"name\": \"N\", \"data_version\": 1, \"when\": $LATER, \"read_only\": true}"
    check "an old version" refused 400 OutdatedDataError admin@x POST "$SC" \
        "{\"change_type\": \"update\", \"name\": \"Old\", \"product\": \"Thunderbird\", \"data_version\": 6, \"when\": $LATER, \"data\": $data}"
    check "a blob without schema_version" refused 400 "Invalid Blob" admin@x POST "$SC" \
        "{\"change_type\": \"insert\", \"name\": \"N\", \"product\": \"Firefox\", \"when\": $LATER, \"data\": \"{}\"}"
    check "a read-only release" refused 400 "Failed to schedule change" admin@x POST "$SC" \
        "{\"change_type\": \"update\", \"name\": \"Locked\", \"product\": \"Firefox\", \"data_version\": 1, \"when\": $LATER,
        \"data\": $(text "$(blob Locked)")}"
    sc=$(schedule admin@x "{\"change_type\": \"update\", \"name\": \"Old\", \"product\": \"Thunderbird\", \"data_version\": 7, \"when\": $LATER, \"data\": $data}")
    check "one at a time" refused 400 ChangeScheduledError admin@x POST "$SC" \
        "{\"change_type\": \"delete\", \"name\": \"Old\", \"data_version\": 7, \"when\": $LATER}"
    check "it keeps the release from being deleted" refused 400 ChangeScheduledError admin@x DELETE '/releases/Old?data_version=7'
    check "a change to the blob conflicts" refused 400 UpdateMergeError admin@x POST /releases/Old \
        "$(part Thunderbird '{"appVersion": "9.0"}' '"data_version": 7')"
    check "editing the name changes nothing" gives 200 admin@x POST "$SC/$sc" \
        "{\"sc_data_version\": 1, \"data_version\": 7, \"name\": \"Other\", \"product\": \"Other\"}"
    check "as stored" equal "Old Thunderbird 2" \
        "$(query "SELECT base_name, base_product, data_version FROM releases_scheduled_changes WHERE sc_id = $sc")"
    check "its revisions" gives 200 admin@x GET "$SC/$sc/revisions"
    check "both of them" body_has '"count":2'
    check "how it differs" gives 200 - GET "/scheduled_change/diff/release/$sc"
    check "is shown" body_has '+  "appVersion": "3.0"'
    check "no such change differs" gives 404 - GET /scheduled_change/diff/release/999
    check "what is scheduled for a name" gives 200 - GET "$SC?name=Old"
    check "is one change" body_has '"count":1'
    check "its name compares exactly" gives 200 - GET "$SC?name=old"
    check "to none" says '{"count":0,"scheduled_changes":[]}'
    check "enacted, whatever its time" gives 200 balrogagent POST "$SC/$sc/enact"
    check "in the name of who scheduled it" equal "admin@x" \
        "$(query "SELECT changed_by FROM balrog_release_history WHERE name = 'Old' AND data_version = 8")"
    check "not twice" refused 400 OutdatedDataError balrogagent POST "$SC/$sc/enact"
    check "nor changed any more" refused 400 "already completed" admin@x POST "$SC/$sc" \
        '{"sc_data_version": 3, "data_version": 8}'
    sc=$(schedule admin@x "{\"change_type\": \"update\", \"name\": \"Old\", \"product\": \"Thunderbird\", \"data_version\": 8, \"when\": $LATER}")
    check "a whole row is scheduled: without a blob it cannot be enacted" gives 400 balrogagent POST "$SC/$sc/enact"
    check "and is dropped" gives 200 admin@x DELETE "$SC/$sc?data_version=1"
}

test_merging() {
    run_sql <<<"UPDATE releases SET data_version = 9, data = '$(blob Old \
        '"appVersion": "1.0", "displayVersion": "a", "platforms": {"P": {"locales": {"de": {"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "A"}]}}}}')' WHERE name = 'Old'"
    check "the first write to a release that others wrote" gives 201 admin@x PUT /releases/Old/builds/P/fr \
        "$(part Thunderbird '{"buildID": "2"}' '"data_version": 9')"
    check "keeps what it replaces" equal "9 NULL" \
        "$(query "SELECT data_version, changed_by FROM balrog_release_history WHERE name = 'Old' AND changed_by IS NULL ORDER BY change_id DESC LIMIT 1")"
    check "an outdated locale" gives 201 admin@x PUT /releases/Old/builds/P/it "$(part Thunderbird '{"buildID": "3"}' '"data_version": 9')"
    check "is merged to tip + 1" says '{"new_data_version": 11}'
    check "a whole release" gives 200 admin@x POST /releases/Old "$(part Thunderbird '{"appVersion": "2.0"}' '"data_version": 11')"
    check "another locale from before" gives 201 admin@x PUT /releases/Old/builds/P/es "$(part Thunderbird '{"buildID": "4"}' '"data_version": 9')"
    check "the same locale twice conflicts" refused 400 "Couldn't update release" admin@x PUT /releases/Old/builds/P/es \
        "$(part Thunderbird '{"buildID": "5"}' '"data_version": 9')"
    check "a platform that became an alias" gives 201 admin@x PUT /releases/Old/builds/P/pl \
        "$(part Thunderbird '{"buildID": "6"}' '"data_version": 13, "alias": "[\"Q\"]"')"
    check "is followed, though the client cannot know" gives 201 admin@x PUT /releases/Old/builds/Q/ru \
        "$(part Thunderbird '{"buildID": "7"}' '"data_version": 9')"
    check "in the platform that it stands for" equal 1 \
        "$(query "SELECT data LIKE '%\"ru\": {\"buildID\": \"7\"}%' AND data LIKE '%\"Q\": {\"alias\": \"P\"}%' FROM releases WHERE name = 'Old'")"
    local version
    version=$(version_of Old)
    check "a deletion" gives 200 admin@x PUT /releases/Old "$(whole Old Thunderbird \
        "$(blob Old '"appVersion": "2.0", "platforms": {"P": {"locales": {"de": {"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "B"}]}}}}')" \
        '"data_version": 12')"
    check "comes back, and lists are sets" equal 1 "$(query "SELECT data LIKE '%\"fr\"%' AND data LIKE '%displayVersion%' AND data LIKE '%\"A\"%' AND data LIKE '%\"B\"%' FROM releases WHERE name = 'Old'")"
    check "at tip + 1" equal $((version + 1)) "$(version_of Old)"
    check "a type mismatch" refused 400 OutdatedDataError admin@x PUT /releases/Old "$(whole Old Thunderbird \
        "$(blob Old '"detailsUrl": "x", "platforms": {"P": {"locales": {"de": {"completes": [], "buildID": "1"}, "pl": {"buildID": "8"}}}}')" '"data_version": 9')"
    check "a version that is not known" refused 400 "is not known" admin@x PUT /releases/Old "$(whole Old Thunderbird \
        "$(blob Old)" '"data_version": 99')"
    check "nothing came of these" equal $((version + 1)) "$(version_of Old)"
    check "the history has no gap" equal "$((version + 1 - 9 + 1))" \
        "$(query "SELECT COUNT(DISTINCT data_version) FROM balrog_release_history WHERE name = 'Old' AND data_version >= 9")"
}

test_parts() {
    check "the product must be the release's" refused 400 "doesn't match" admin@x POST /releases/Both \
        "$(part Firefox '{}' '"data_version": 1')"
    check "and the hash function" refused 400 "hashFunction 'sha1'" admin@x PUT /releases/Both/builds/P/de \
        "$(part Thunderbird '{}' '"data_version": 1, "hashFunction": "sha1"')"
    check "copies are made of nothing" gives 201 admin@x PUT /releases/New-1/builds/P/de \
        "$(part Thunderbird '{"buildID": "1"}' '"copyTo": "[\"New-2\", \"Both\"]", "hashFunction": "sha512"')"
    check "the first" says '{"new_data_version": 2}'
    check "and the others" equal "2 2 2" \
        "$(query "SELECT data_version FROM releases WHERE name IN ('New-1', 'New-2', 'Both')")"
    check "their names are their own" equal 1 "$(query "SELECT data LIKE '%\"name\": \"New-2\"%' FROM releases WHERE name = 'New-2'")"
    check "members replace members" gives 200 admin@x POST /releases/New-1 \
        "$(part Thunderbird '{"platforms": {"Q": {"buildID": "2"}}}' '"data_version": 2')"
    check "whole" equal '{"name": "New-1", "schema_version": 4, "hashFunction": "sha512", "platforms": {"Q": {"buildID": "2"}}}' \
        "$(stored New-1)"
    check "what would not be served" refused 200 '"servable":false' - GET /releases/New-1/servable
    check "of a name in both tables, v2 is shown" gives 200 - GET /releases/Both
    check "at its version" body_has '"appVersion": "2.0"'
    check "what was there is a 200" gives 200 admin@x PUT /releases/New-2/builds/P/de \
        "$(part Thunderbird '{"buildID": "1"}' '"data_version": 2')"
    check "eight SELECTs, since the release is read once" equal 8 \
        "$(statements admin@x PUT /releases/New-2/builds/P/de "$(part Thunderbird '{"buildID": "2"}' '"data_version": 3')")"
    check "at its version" says '{"new_data_version": 4}'
    check "deleted" gives 200 admin@x DELETE '/releases/New-2?data_version=4'
    check "and made again at version 1" gives 201 admin@x PUT /releases/New-2 "$(whole New-2 Thunderbird "$(blob New-2)")"
    check "what it was before is no ancestor" gives 400 admin@x PUT /releases/New-2 \
        "$(whole New-2 Thunderbird "$(blob New-2)" '"data_version": 3')"
}

# quickly PATH: it is answered within a second.
quickly() {
    local start=$EPOCHREALTIME
    ask - GET "$1" >/dev/null
    local us=$((${EPOCHREALTIME/./} - ${start/./}))
    ((us < 1000000)) || { echo "  it took $us us" >&2 && return 1; }
}

# submit N: one client's locale, put into what it saw at first.
# submit NAME N: prints the status.
submit() {
    curl -s --noproxy '*' --max-time 120 -o /dev/null -w '%{http_code}\n' -X PUT -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' --data-binary \
        "{\"product\": \"Thunderbird\", \"data_version\": 1, \"schema_version\": 4, \"data\": \"{\\\"buildID\\\": \\\"$2\\\"}\"}" \
        "$ADMIN_URL/releases/$1/builds/P$(($2 % 8))/l$2"
}

# same_with PATH DATA VERSION: sends a locale to Known, whose text the admin knows to be valid, and to Fresh, whose text it
# has never seen, because it gets a blank at its end first. Prints both answers if they or the stored texts differ.
same_with() {
    local name answer=() got text
    query "UPDATE releases SET data = CONCAT(TRIM(data), ' ') WHERE name = 'Fresh'"
    for name in Known Fresh; do
        got=$(ask admin@x PUT "/releases/$name/builds/$1" "$(part Thunderbird "$2" "\"data_version\": $3")")
        text=$(<"$WORK/body")
        answer+=("$got ${text//$name/Name}")
    done
    text=$(stored Known)
    [[ ${answer[0]} == "${answer[1]}" && ${text//Known/Name} == "$(stored Fresh | sed 's/Fresh/Name/; s/ *$//')" ]] ||
        { printf '  %s\n' "${answer[@]}" "$(stored Known)" "$(stored Fresh)" && return 1; }
}

test_known_texts() {
    local name locales='"de": {"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "A"}]}, "fr": {"buildID": "1"}'
    for name in Known Fresh; do
        query "INSERT INTO releases (name, product, read_only, data_version, data) VALUES ('$name', 'Thunderbird', 0, 1,
            '$(blob $name "\"platforms\": {\"P\": {\"locales\": {$locales}}, \"Q\": {\"alias\": \"P\"}, \"R\": {\"locales\": {$locales}}}")')"
    done
    check "the first locale" same_with P/it '{"buildID": "2"}' 1
    check "the next" same_with P/es '{"buildID": "3"}' 2
    check "one that is there" same_with R/fr '{"buildID": "4", "appVersion": "1.0", "displayVersion": "ü\"😀"}' 3
    check "by an alias" same_with Q/pl '{"buildID": "5"}' 4
    check "from an old version" same_with R/ru '{"buildID": "6"}' 2
    check "lists are sets" same_with P/de '{"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "B"}]}' 2
    check "from a version before that" same_with P/hu '{"buildID": "7"}' 2
    check "a conflict" same_with R/fr '{"buildID": "8"}' 2
    check "a version that is not known" same_with P/fr '{"buildID": "8"}' 99
    check "a platform that is new" same_with S/de '{"buildID": "9"}' 8
    check "a list that has an item twice" same_with P/nl '{"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "B"}, {"filesize": 1, "from": "*", "hashValue": "B"}]}' 9
    check "what is merged then has it once" same_with P/da '{"buildID": "1"}' 9
    check "a member that the format does not have" same_with P/de '{"odd": 1}' 11
    check "a forbidden URL" same_with P/de '{"buildID": "1", "completes": [{"filesize": 1, "from": "*", "hashValue": "B", "fileUrl": "https://evil.example/x"}]}' 11
    check "control characters" same_with P/de '{"buildID": "1\u0007"}' 11
    check "a version that no client understands" same_with P/de '{"buildID": "1", "appVersion": "oops"}' 11
    check "nothing came of these" equal 11 "$(version_of Known)"
    check "others delete a locale meanwhile" query "UPDATE releases SET data_version = 12, data = REPLACE(data, ', \"it\": {\"buildID\": \"2\"}', '') WHERE name IN ('Known', 'Fresh')"
    check "which comes back" same_with P/sv '{"buildID": "1"}' 11
    check "it is there" equal 1 "$(query "SELECT data LIKE '%\"it\"%' FROM releases WHERE name = 'Known'")"
    check "each version is in the history of both" equal "13 13" \
        "$(query "SELECT GROUP_CONCAT(n SEPARATOR ' ') FROM (SELECT COUNT(DISTINCT data_version) n FROM balrog_release_history WHERE name IN ('Known', 'Fresh') GROUP BY name) x")"
}

test_crowd() {
    local got
    export -f submit
    check "a release" gives 201 admin@x POST /releases "$(whole Crowd Thunderbird "$(blob Crowd)")"
    got=$(seq "$LOCALES" | xargs -P 16 -I % bash -c 'submit Crowd %' | sort | uniq -c | tr -s ' ')
    check "16 clients, all land" equal " $LOCALES 201" "$got"
    check "a version each" equal $((LOCALES + 1)) "$(version_of Crowd)"
    check "all are there" equal "$LOCALES" "$(query "SELECT (LENGTH(data) - LENGTH(REPLACE(data, 'buildID', ''))) DIV 7 FROM releases WHERE name = 'Crowd'")"
    check "history has no gap" equal "$((LOCALES + 1)) $((LOCALES + 1))" "$(query "SELECT COUNT(*), COUNT(DISTINCT data_version) FROM balrog_release_history WHERE name = 'Crowd'")"
    query "INSERT INTO releases (name, product, read_only, data_version, data) VALUES ('Adopted', 'Thunderbird', 0, 1, '$(blob Adopted)')"
    got=$(seq 16 | xargs -P 16 -I % bash -c 'submit Adopted %' | sort | uniq -c | tr -s ' ')
    check "the same at once for a release that others wrote" equal " 16 201" "$got"
}

# race USER-SUFFIX: makes the same release as others do.
race() {
    curl -s --noproxy '*' --max-time 60 -o /dev/null -w '%{http_code}\n' -X PUT -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' --data-binary \
        "{\"product\": \"Thunderbird\", \"schema_version\": 4, \"hashFunction\": \"sha512\", \"data\": \"{\\\"buildID\\\": \\\"$1\\\"}\"}" \
        "$ADMIN_URL/releases/Race/builds/P/de"
}

test_race() {
    local got
    export -f race
    got=$(seq 16 | xargs -P 16 -I % bash -c 'race %' | sort | uniq -c | tr -s ' \n' ' ')
    check "of 16 that make a release one does, and the rest see it" equal " 1 201 15 400 " "$got"
    check "it is made once" equal 2 "$(version_of Race)"
}

test_lists() {
    local few
    few=$(statements - GET /releases)
    {
        printf 'INSERT INTO releases (name, product, data, data_version) VALUES '
        seq -f "('many-%.0f', 'Many', '{}', 1)," "$MANY"
        printf "('last', 'Many', '{}', 1)"
    } | run_sql
    check "however many releases, as many statements" equal "$few" "$(statements - GET /releases)"
    check "which are few" test "$few" -le 6
    check "in no time" quickly /releases
    check "by product and prefix" gives 200 - GET '/releases?product=Many&name_prefix=many-10'
    check "exactly" body_lacks '"last"'
    check "names alone" gives 200 - GET '/releases?names_only=1&product=Many&name_prefix=l'
    check "are these" says '{"names":["last"]}'
    check "none of v2" gives 200 - GET '/releases?names_only=1&name_prefix=Both'
    check "is listed" says '{"names":["Both"]}'
    check "what changes need" gives 200 - GET '/releases?name_prefix=Live'
    check "is told" body_has '"required_signoffs":{"qa":1},"rule_ids":[1],"rule_info":{"1":{"channel":"release","product":"Firefox"}}'
    check "columns" gives 200 - GET /releases/columns/product
    check "have each value once" says '{"count":3,"product":["Firefox","Many","Thunderbird"]}'
    few=$(statements - GET "$SC?all")
    {
        echo "INSERT INTO releases_scheduled_changes (scheduled_by, complete, change_type, base_name, base_product,"
        echo "base_data_version, data_version) SELECT 'u', 0, 'delete', name, product, 1, 1 FROM releases"
        echo "WHERE product = 'Many';"
        echo "INSERT IGNORE INTO releases_scheduled_changes_conditions SELECT sc_id, 1, 1 FROM releases_scheduled_changes"
    } | run_sql
    check "however many are scheduled" test "$(statements - GET "$SC?all")" -le $((few + 2))
    check "in no time either" quickly "$SC"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set public.poll_ms=60000 # statements are counted
export ADMIN_URL # for those that run at the same time
test_input
test_validation
test_permissions
test_read_only
test_bypasses
test_locked_meanwhile
test_scheduling
test_merging
test_parts
test_known_texts
test_race
test_crowd
test_lists
summary
