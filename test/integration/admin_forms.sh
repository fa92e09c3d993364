#!/bin/bash
# Fields of admin forms that hold JSON as a text: every such field with every odd value. A value that is false in
# Python counts as no value where the reference takes it so. ("alias": "null" is what the reference's client library
# sends for a platform without aliases.) No value may lead to a 500 or leave anything behind when it is refused.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_forms.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

# The values; "(null)" stands for null instead of a text.
VALUES=('' null '{}' '[]' false 0 0.0 -0 '""' 1 true '"ab"' '{"a": 1}' '[1]' '["x"]' '[null]' '[""]' nope ' ' '(null)')
# Values that stand for no list, and for no options. The reference fails with a 500 at options of null, false and 0:
# null counts as no options here, false and 0 are refused.
NO_LIST=('' null '{}' '[]' false 0 0.0 -0 '""')
NO_OPTIONS=('' null '{}' '[]' '""' '(null)')
SC="\"when\": $LATER, \"change_type\""

rows() {
    cat <<'SQL'
INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@x', 'admin', NULL, 1),
    ('them@x', 'rule', '{"products": ["Firefox"]}', 1), ('edit@x', 'rule', NULL, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('Edit', 'Firefox', 0, '{"name": "Edit", "schema_version": 4, "hashFunction": "sha512"}', 1);
SQL
}

# text VALUE: as it is written into a body.
text() {
    local s=${1//\\/\\\\}
    [[ $s != '(null)' ]] || { echo null && return; }
    printf '"%s"' "${s//\"/\\\"}"
}

# send FIELD NAME VALUE: the request with VALUE in that field, for the release or user NAME; prints the status.
send() {
    local name=$2 text part='"product": "Firefox", "schema_version": 4, "hashFunction": "sha512"'
    local locale='"data": "{\"buildID\": \"1\"}"' member='"data": "{\"hashFunction\": \"sha512\"}"'
    text=$(text "$3")
    case $1 in
    locale.alias) ask admin@x PUT "/releases/$name/builds/P/de" "{$part, $locale, \"alias\": $text}" ;;
    locale.copyTo) ask admin@x PUT "/releases/$name/builds/P/de" "{$part, $locale, \"copyTo\": $text}" ;;
    locale.data) ask admin@x PUT "/releases/$name/builds/P/de" "{$part, \"data\": $text}" ;;
    part.alias) ask admin@x POST "/releases/$name" "{$part, $member, \"alias\": $text}" ;;
    part.copyTo) ask admin@x POST "/releases/$name" "{$part, $member, \"copyTo\": $text}" ;;
    part.data) ask admin@x POST "/releases/$name" "{$part, \"data\": $text}" ;;
    create.blob) ask admin@x POST /releases "{\"name\": \"$name\", \"product\": \"Firefox\", \"blob\": $text}" ;;
    ensure.blob) ask admin@x PUT "/releases/$name" "{\"name\": \"$name\", \"product\": \"Firefox\", \"blob\": $text}" ;;
    sc.data) ask admin@x POST /scheduled_changes/releases \
        "{$SC: \"insert\", \"name\": \"$name\", \"product\": \"Firefox\", \"data\": $text}" ;;
    sc_edit.data) ask admin@x POST /scheduled_changes/releases/1 \
        "{\"sc_data_version\": $(sc_version releases), \"data_version\": 1, \"when\": $LATER, \"data\": $text}" ;;
    put.options) ask admin@x PUT "/users/$name/permissions/rule" "{\"options\": $text}" ;;
    post.options) ask admin@x POST /users/them@x/permissions/rule \
        "{\"data_version\": $(query "SELECT data_version FROM permissions WHERE username = 'them@x'"), \"options\": $text}" ;;
    sc.options) ask admin@x POST /scheduled_changes/permissions \
        "{$SC: \"insert\", \"username\": \"$name\", \"permission\": \"rule\", \"options\": $text}" ;;
    sc_edit.options) ask admin@x POST /scheduled_changes/permissions/1 \
        "{\"sc_data_version\": $(sc_version permissions), \"data_version\": 1, \"options\": $text}" ;;
    esac
}

sc_version() { # TABLE: the version of its scheduled change 1
    query "SELECT data_version FROM $1_scheduled_changes WHERE sc_id = 1"
}

# takes FIELD STATUS [VALUE…]: these values are taken with STATUS, all others refused with a 400.
takes() {
    local field=$1 status=$2 value wanted one i=0
    shift 2
    for value in "${VALUES[@]}"; do
        wanted=400
        for one in "$@"; do
            [[ $one != "$value" ]] || wanted=$status
        done
        i=$((i + 1))
        check "$field: $value" equal "$wanted" "$(send "$field" "$field-$i" "$value")"
    done
}

test_lists() {
    local field
    for field in locale.alias part.alias locale.copyTo part.copyTo; do
        takes "$field" 201 "${NO_LIST[@]}" '["x"]'
        check "$field: nothing is made by what is refused" equal $((${#NO_LIST[@]} + 1)) \
            "$(query "SELECT COUNT(*) FROM releases WHERE name LIKE '$field-%'")"
    done
    check "one alias, where one was named" equal 'locale.alias-15' \
        "$(query "SELECT name FROM releases WHERE data LIKE '%\"alias\"%'")"
    check "one copy, where one was named" equal 1 "$(query "SELECT COUNT(*) FROM releases WHERE name = 'x'")"
    check "nothing besides" equal $((4 * (${#NO_LIST[@]} + 1) + 2)) "$(query "SELECT COUNT(*) FROM releases")"
}

test_blobs() {
    takes locale.data 201 '{}'
    takes part.data 201 '{}'
    takes create.blob 201
    takes ensure.blob 201
    check "what is refused makes no release" equal 2 \
        "$(query "SELECT COUNT(*) FROM releases WHERE name LIKE '%.data-%' OR name LIKE '%.blob-%'")"
    ask admin@x POST /scheduled_changes/releases "{$SC: \"update\", \"name\": \"Edit\", \"data_version\": 1,
        \"data\": \"{\\\"name\\\": \\\"Edit\\\", \\\"schema_version\\\": 4, \\\"hashFunction\\\": \\\"sha512\\\"}\"}" >/dev/null
    takes sc.data 200
    takes sc_edit.data 200 ''
    check "what is refused schedules nothing" equal 1 "$(query "SELECT COUNT(*) FROM releases_scheduled_changes")"
    check "an edit without data leaves the data" equal 1 \
        "$(query "SELECT base_data LIKE '%\"schema_version\": 4%' FROM releases_scheduled_changes")"
}

test_options() {
    local taken=${#NO_OPTIONS[@]}
    takes put.options 201 "${NO_OPTIONS[@]}"
    takes post.options 200 "${NO_OPTIONS[@]}"
    check "no options" equal "$taken 0" \
        "$(query "SELECT COUNT(*), COUNT(options) FROM permissions WHERE username LIKE 'put.options-%'")"
    ask admin@x POST /scheduled_changes/permissions "{$SC: \"update\", \"username\": \"edit@x\", \"permission\": \"rule\",
        \"data_version\": 1, \"options\": \"{\\\"products\\\": [\\\"Firefox\\\"]}\"}" >/dev/null
    takes sc.options 200 "${NO_OPTIONS[@]}"
    takes sc_edit.options 200 "${NO_OPTIONS[@]}"
    check "an empty text, alone, is kept as it is when it is scheduled" equal "$taken 1" \
        "$(query "SELECT COUNT(*), COUNT(base_options) FROM permissions_scheduled_changes WHERE base_username LIKE 'sc.options-%'")"
    ask admin@x GET /scheduled_changes/permissions >/dev/null
    check "and listed so" body_has '"options":"","'
    send sc_edit.options - '' >/dev/null
    ask admin@x GET /scheduled_changes/permissions >/dev/null
    check "after an edit, too" equal 2 "$(grep -o '"options":""' "$WORK/body" | wc -l)"
    check "it can be enacted" gives 200 admin@x POST /scheduled_changes/permissions/1/enact '{}'
    check "and allows what no options allow" gives 404 edit@x DELETE '/rules/77?data_version=1'
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_lists
test_blobs
test_options
summary
