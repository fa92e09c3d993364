#!/bin/bash
# Names of releases: one that both release tables have, and what keeps a release from being deleted.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_names.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

SC=/scheduled_changes

blob() { # NAME VERSION
    printf '{"name": "%s", "schema_version": 9, "hashFunction": "sha512", "appVersion": "%s", "displayVersion": "%s",
        "fileUrls": {"*": {"completes": {"*": "https://archive.mozilla.org/x.mar"}}}, "updateLine": [],
        "platforms": {"p": {"OS_BOUNCER": "l", "OS_FTP": "l", "buildID": "20160101000000", "locales": {}}}}' "$1" "$2" "$2" |
        tr -d '\n'
}

text() { # JSON: as a JSON string
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}

rows() {
    cat <<EOF
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1),
    ('fx@x', 'release', '{"products": ["Firefox"]}', 1), ('fx@x', 'release_locale', '{"products": ["Firefox"]}', 1),
    ('tb@x', 'release', '{"products": ["Thunderbird"]}', 1),
    ('maker@x', 'release', '{"products": ["Firefox"], "actions": ["create"]}', 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('admin@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1);
EOF
    local name
    for name in Old Twice Unlike Same Locked; do
        printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('%s', '%s', %d, '%s', 1);\n" \
            "$name" "$([[ $name == Unlike ]] && echo Thunderbird || echo Firefox)" "$([[ $name == Locked ]] && echo 1 || echo 0)" \
            "$(blob "$name" 1.0)"
    done
    for name in New Newer Twice Unlike Same; do
        printf "INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('%s', 'Firefox', 0, '%s', 1);\n" \
            "$name" "$(blob "$name" 2.0)"
    done
    cat <<'EOF'
INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 100, 'Twice', 100, 'minor', 'Firefox', 'release', 1), (2, 90, NULL, 100, 'minor', 'Firefox', 'nightly', 1);
INSERT INTO releases_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name, base_product, base_data,
    data_version) VALUES (100, 'admin@x', 0, 'insert', 'New', 'Firefox', '{"name": "New"}', 1);
INSERT INTO releases_scheduled_changes_conditions (sc_id, `when`, data_version) VALUES (100, 4102444800000, 1);
EOF
    printf "UPDATE releases_scheduled_changes SET base_data = '%s' WHERE sc_id = 100;\n" "$(blob New 3.0)"
}

# whole NAME PRODUCT VERSION [MEMBERS]: the body by which a v1 release is made or replaced.
whole() {
    printf '{"name": "%s", "product": "%s", "blob": %s%s}' "$1" "$2" "$(text "$(blob "$1" "$3")")" "${4:+, $4}"
}

# A v1 write that would make a release which v2 has.
test_shadows() {
    local locale='"schema_version": 9, "hashFunction": "sha512", "data": "{\"buildID\": \"1\"}"'
    local there="Release 'New' exists as a v2 release"
    check "a v1 release beside a v2 one" refused 400 "$there" admin@x POST /releases "$(whole New Firefox 1.0)"
    check "put" refused 400 "$there" admin@x PUT /releases/New "$(whole New Firefox 1.0)"
    check "by a locale" refused 400 "$there" admin@x PUT /releases/New/builds/p/de "{\"product\": \"Firefox\", $locale}"
    check "by a copy of one" refused 400 "$there" admin@x PUT /releases/Old/builds/p/de \
        "{\"product\": \"Firefox\", \"data_version\": 1, \"copyTo\": \"[\\\"New\\\"]\", $locale}"
    check "scheduled" refused 400 "${there/New/Newer}" admin@x POST $SC/releases "{\"change_type\": \"insert\",
        \"name\": \"Newer\", \"product\": \"Firefox\", \"when\": $LATER, \"data\": $(text "$(blob Newer 1.0)")}"
    check "scheduled before" refused 400 "$there" balrogagent POST $SC/releases/100/enact
    check "who may not make it learns only that" gives 403 tb@x POST /releases "$(whole New Firefox 1.0)"
    check "nothing was made" equal "Locked Old Same Twice Unlike" "$(query 'SELECT name FROM releases ORDER BY name')"
    check "nor changed" equal 1 "$(query "SELECT data_version FROM releases WHERE name = 'Old'")"
}

test_v2_over_v1() {
    local own
    own=$(blob Old 2.0)
    check "a v2 release over a v1 one of another product" refused 400 "is there twice" admin@x PUT /v2/releases/Old \
        "{\"product\": \"Thunderbird\", \"blob\": $own}"
    check "by who may only create" gives 403 maker@x PUT /v2/releases/Old "{\"product\": \"Firefox\", \"blob\": $own}"
    check "by who has no rights on it" gives 403 tb@x PUT /v2/releases/Old "{\"product\": \"Thunderbird\", \"blob\": $own}"
    check "over a read-only one" refused 400 "Release 'Locked' is read only" fx@x PUT /v2/releases/Locked \
        "{\"product\": \"Firefox\", \"blob\": $(blob Locked 2.0)}"
    check "with rights on both" gives 200 fx@x PUT /v2/releases/Old "{\"product\": \"Firefox\", \"blob\": $own}"
    check "another's name in the blob" refused 400 "does not match name in blob" fx@x PUT /v2/releases/Mine \
        "{\"product\": \"Firefox\", \"blob\": $own}"
    check "also in a part" refused 400 "does not match name in blob" fx@x POST /v2/releases/Old \
        '{"blob": {"name": "Mine"}, "old_data_versions": {".": 1}}'
    check "also later" refused 400 "does not match name in blob" fx@x POST /v2/releases/Old \
        "{\"blob\": {\"name\": \"Mine\"}, \"old_data_versions\": {\".\": 1}, \"when\": $LATER}"
}

test_both() {
    local locale='{"blob": {"platforms": {"p": {"locales": {"de": {"buildID": "1"}}}}}, "old_data_versions": {}'
    check "of two products, v1" refused 400 "the products differ (Thunderbird, Firefox)" admin@x PUT /releases/Unlike \
        "$(whole Unlike Thunderbird 1.1 '"data_version": 1')"
    check "v2" refused 400 "the products differ (Firefox, Thunderbird)" fx@x POST /v2/releases/Unlike \
        '{"blob": {"appVersion": "3.0"}, "old_data_versions": {".": 1}}'
    check "a locale" refused 400 "the products differ" fx@x POST /v2/releases/Unlike "$locale}"
    check "scheduled" refused 400 "the products differ" fx@x POST /v2/releases/Unlike "$locale, \"when\": $LATER}"
    check "given to another product" refused 400 "the products differ" admin@x PUT /v2/releases/Same \
        "{\"product\": \"Thunderbird\", \"blob\": $(blob Same 2.1), \"old_data_versions\": {\".\": 1}}"
    check "deleting asks for both products" gives 403 tb@x DELETE '/releases/Unlike?data_version=1'
    check "v2, too" gives 403 fx@x DELETE /v2/releases/Unlike
    check "of one product it can be changed" gives 200 fx@x PUT /releases/Same "$(whole Same Firefox 1.1 '"data_version": 1')"
    check "by both routes" gives 200 fx@x POST /v2/releases/Same '{"blob": {"appVersion": "3.0"}, "old_data_versions": {".": 1}}'
    check "no rule is made to map to it, and why" refused 400 "Release 'Same' is there twice" admin@x POST /rules/2 \
        '{"mapping": "Same", "data_version": 1}'
    check "no v2 release goes while a rule would fall back to v1" refused 400 "mapped to" admin@x DELETE /v2/releases/Twice
    check "v1, which is not served, goes at any time, without sign-offs" gives 200 fx@x DELETE '/releases/Twice?data_version=1'
    check "then a rule may map to it" gives 200 admin@x POST /rules/2 '{"mapping": "Twice", "data_version": 1}'
    check "of two products, by who has both" gives 200 admin@x DELETE '/releases/Unlike?data_version=1'
}

# What keeps releases from being deleted: each release is named by one thing alone.
uses() {
    local name
    for name in By-rule By-fallback By-pin By-member By-partial By-sc-rule By-sc-pin By-sc-member By-sc-partial By-nothing; do
        printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('%s', 'Other', 0, '%s', 1);\n" \
            "$name" "$(blob "$name" 1.0)"
        printf "INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('%s2', 'Other', 0, '%s', 1);\n" \
            "$name" "$(blob "${name}2" 1.0)"
    done
    for name in '' 2; do
        cat <<EOF
INSERT INTO rules (mapping, fallbackMapping, priority, backgroundRate, update_type, product, channel, data_version) VALUES
    ('By-rule$name', NULL, 1, 100, 'minor', 'Other', 'c', 1), (NULL, 'By-fallback$name', 1, 100, 'minor', 'Other', 'c', 1),
    ('Maps$name', NULL, 1, 100, 'minor', 'Other', 'c', 1);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES ('Other', '1.', 'c$name', 'By-pin$name', 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('Super$name', 'Other', 0, '{"name": "Super$name", "schema_version": 4000, "blobs": ["By-member$name"]}', 1),
    ('Idle$name', 'Other', 0, '{"name": "Idle$name", "x": [{"from": "By-nothing$name"}], "note": "By-nothing$name"}', 1);
INSERT INTO rules_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_mapping, base_priority, base_backgroundRate,
    base_update_type, base_product, base_channel, data_version)
    VALUES (20$name, 'admin@x', 0, 'insert', 'By-sc-rule$name', 1, 100, 'minor', 'Other', 'c', 1);
INSERT INTO rules_scheduled_changes_conditions (sc_id, \`when\`, data_version) VALUES (20$name, $LATER, 1);
INSERT INTO pinnable_releases_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_product, base_version,
    base_channel, base_mapping, data_version) VALUES (30$name, 'admin@x', 0, 'insert', 'Other', '1.', 'd$name', 'By-sc-pin$name', 1);
INSERT INTO pinnable_releases_scheduled_changes_conditions (sc_id, \`when\`, data_version) VALUES (30$name, $LATER, 1);
INSERT INTO releases_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name, base_product, base_data,
    data_version) VALUES (40$name, 'admin@x', 0, 'insert', 'Soon$name', 'Other', '{"blobs": ["By-sc-member$name"]}', 1);
INSERT INTO release_assets_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name, base_path, base_data,
    data_version) VALUES (50$name, 'admin@x', 0, 'insert', 'Later$name', '.platforms.p.locales.de',
    '{"partials": [{"from": "By-sc-partial$name"}]}', 1);
EOF
    done
    cat <<'EOF'
INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('Maps', 'Other', 0,
    '{"name": "Maps", "platforms": {"p": {"locales": {"de": {"partials": [{"from": "*"}, {"from": "By-partial"}]}}}}}', 1);
INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('Maps2', 'Other', 0, '{"name": "Maps2"}', 1);
INSERT INTO release_assets (name, path, data, data_version) VALUES ('Maps2', '.platforms.p.locales.de',
    '{"partials": [{"from": "By-partial2"}], "note": "By-nothing2"}', 1);
EOF
}

stays() { # NAME TEXT: neither the v1 release NAME nor the v2 release NAME2 can be deleted, for that reason
    local second=$2
    second=${second//$1/${1}2}
    check "$1 stays" refused 400 "$2" admin@x DELETE "/releases/$1?data_version=1"
    check "$1 stays, later" refused 400 "$2" admin@x POST $SC/releases \
        "{\"change_type\": \"delete\", \"name\": \"$1\", \"data_version\": 1, \"when\": $LATER}"
    check "${1}2 stays" refused 400 "${3:-$second}" admin@x DELETE "/v2/releases/${1}2"
}

test_deletions() {
    local id
    uses | run_sql
    stays By-rule "has rules pointing to it. Hence it cannot be deleted." "mapped to: rule"
    stays By-fallback "has rules pointing to it. Hence it cannot be deleted." "mapped to: rule"
    check "which rule" body_has "rule $(query "SELECT rule_id FROM rules WHERE fallbackMapping = 'By-fallback2'")"
    stays By-pin "cannot be deleted while pin Other/c/1. names it" "pinnable: pin Other/c2/1."
    stays By-member "cannot be deleted while superblob Super names it" "cannot be deleted while superblob Super2 names it"
    stays By-partial "while partials of Maps names it" "while partials of Maps2 names it"
    stays By-sc-rule "while scheduled change 20 of rules names it" "while scheduled change 202 of rules names it"
    stays By-sc-pin "while scheduled change 30 of pinnable_releases" "while scheduled change 302 of pinnable_releases"
    stays By-sc-member "while scheduled change 40 of releases names it" "while scheduled change 402 of releases names it"
    stays By-sc-partial "while scheduled change 50 of release_assets" "while scheduled change 502 of release_assets"
    check "who may not learns only that" gives 403 fx@x DELETE '/releases/By-member?data_version=1'
    check "what nobody is offered keeps nothing" gives 200 admin@x DELETE '/releases/By-nothing?data_version=1'
    check "nor v2" gives 200 admin@x DELETE /v2/releases/By-nothing2
    check "none is gone" equal 18 "$(query "SELECT (SELECT COUNT(*) FROM releases WHERE name LIKE 'By-%')
        + (SELECT COUNT(*) FROM releases_json WHERE name LIKE 'By-%')")"
    run_sql <<<"DELETE FROM rules_scheduled_changes WHERE sc_id IN (20, 202)"
    check "a deletion is scheduled" gives 200 admin@x POST $SC/releases \
        "{\"change_type\": \"delete\", \"name\": \"By-sc-rule\", \"data_version\": 1, \"when\": $LATER}"
    id=$(number sc_id)
    check "then a rule is made to map to it" gives 200 admin@x POST /rules '{"mapping": "By-sc-rule", "priority": 1,
        "backgroundRate": 100, "update_type": "minor", "product": "Other", "channel": "c"}'
    check "it stays" refused 400 "Hence it cannot be deleted" balrogagent POST "$SC/releases/$id/enact"
    check "what cannot be made can be dropped" gives 200 admin@x DELETE "$SC/releases/$id?data_version=1"
}

# Rules and pins whose release is gone when they are enacted.
test_gone() {
    local id
    check "a rule is scheduled" gives 200 admin@x POST $SC/rules "{\"change_type\": \"insert\", \"mapping\": \"By-sc-rule2\",
        \"priority\": 1, \"backgroundRate\": 100, \"update_type\": \"minor\", \"product\": \"Other\", \"channel\": \"c\", \"when\": $LATER}"
    id=$(number sc_id)
    run_sql <<<"DELETE FROM releases_json WHERE name IN ('By-sc-rule2', 'By-sc-pin2')"
    check "its release is gone" refused 400 "The rule's mapping, release 'By-sc-rule2', does not exist" \
        balrogagent POST "$SC/rules/$id/enact"
    check "a pin's" refused 400 "release 'By-sc-pin2', which does not exist" balrogagent POST "$SC/pinnable_releases/302/enact"
    check "what cannot be made can be dropped" gives 200 admin@x DELETE "$SC/rules/$id?data_version=1"
}

# In each round a release is deleted while something comes to name it: one of the two is refused.
test_race() {
    local i rule pin
    rule='"priority": 1, "backgroundRate": 100, "update_type": "minor", "product": "Other", "channel": "race"'
    for i in {1..12}; do
        printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('Race-%s', 'Other', 0, '%s', 1);\n" \
            "$i" "$(blob "Race-$i" 1.0)"
        printf "INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('RaceV2-%s', 'Other', 0, '%s', 1);\n" \
            "$i" "$(blob "RaceV2-$i" 1.0)"
    done | run_sql
    for i in {1..12}; do
        pin="{\"product\": \"Other\", \"channel\": \"race$i\", \"version\": \"1.\"}"
        curl_as DELETE "/releases/Race-$i?data_version=1" &
        curl_as DELETE "/v2/releases/RaceV2-$i" &
        curl_as POST /rules "{$rule, \"mapping\": \"Race-$i\"}" &
        case $((i % 3)) in
        0) curl_as POST /rules "{$rule, \"mapping\": \"RaceV2-$i\"}" & ;;
        1) curl_as PUT "/v2/releases/RaceV2-$i/pinnable" "$pin" & ;;
        2) curl_as POST $SC/rules "{$rule, \"mapping\": \"RaceV2-$i\", \"change_type\": \"insert\", \"when\": $LATER}" & ;;
        esac
        wait
    done
    check "nothing names a release that is gone" equal 0 "$(query "SELECT COUNT(*) FROM
        (SELECT mapping AS name FROM rules WHERE channel = 'race' UNION ALL
        SELECT base_mapping FROM rules_scheduled_changes WHERE base_channel = 'race' UNION ALL
        SELECT mapping FROM pinnable_releases WHERE channel LIKE 'race%') u
        WHERE name NOT IN (SELECT name FROM releases UNION SELECT name FROM releases_json)")"
    check "each was deleted or is named" equal 24 "$(query "SELECT
        (SELECT COUNT(*) FROM rules WHERE channel = 'race') +
        (SELECT COUNT(*) FROM rules_scheduled_changes WHERE base_channel = 'race') +
        (SELECT COUNT(*) FROM pinnable_releases WHERE channel LIKE 'race%') +
        24 - (SELECT COUNT(*) FROM releases WHERE name LIKE 'Race-%') -
        (SELECT COUNT(*) FROM releases_json WHERE name LIKE 'RaceV2-%')")"
}

curl_as() { # METHOD PATH [BODY]: as the administrator, whatever the answer
    curl -s --noproxy '*' --max-time 60 -o /dev/null -X "$1" -H 'X-Test-User: admin@x' -H 'Content-Type: application/json' \
        ${3:+--data-binary "$3"} "$ADMIN_URL$2" || true
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_shadows
test_v2_over_v1
test_both
test_deletions
test_gone
test_race
summary
