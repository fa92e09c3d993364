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

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_shadows
test_v2_over_v1
test_both
summary
