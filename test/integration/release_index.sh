#!/bin/bash
# What a release is, was and will be, against a real stack: its revisions and going back to one, for v1 and v2; two
# states compared; one outlined; the index of all.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: release_index.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
MANY=2000 # releases in the index
[[ -z ${BALROG_TEST_FULL-} ]] || MANY=20000
HASH=$(printf 'ab%.0s' {1..64})

# ---- bodies ----

locale() { # BUILDID
    printf '{"buildID":"%s","completes":[{"filesize":100,"from":"*","hashValue":"%s"}]}' "$1" "$HASH"
}

blob() { # NAME VERSION LOCALES
    printf '{"name":"%s","schema_version":9,"hashFunction":"sha512","appVersion":"%s","displayVersion":"%s",' "$1" "$2" "$2"
    printf '"fileUrls":{"*":{"completes":{"*":"https://archive.mozilla.org/x.mar"}}},"updateLine":[],'
    printf '"platforms":{"Linux":{"OS_BOUNCER":"l","OS_FTP":"l","buildID":"20160101000000","locales":%s}}}' "$3"
}

de() { # NAME VERSION BUILDID
    blob "$1" "$2" "{\"de\":$(locale "$3")}"
}

quoted() { # TEXT: as a JSON string
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

whole_v1() { # NAME BLOB [MORE]
    printf '{"name":"%s","product":"Firefox","blob":%s%s}' "$1" "$(quoted "$2")" "${3:+,$3}"
}

rows() {
    cat <<'SQL'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('rel@x', 'release', '{"products": ["Firefox"]}', 1),
    ('tb@x', 'release', '{"products": ["Thunderbird"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('rel@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1);
INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (90, 'Live', 100, 'minor', 'Firefox', 'release', 1);
SQL
    printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('%s', 'Firefox', 0, '%s', 7);\n" \
        Adopted "$(de Adopted 1.0 20160101000000)" Live "$(de Live 1.0 20160101000000)"
}

# change NAME PATH VERSION: the change_id of that entry, by what the API lists.
change() {
    local url="/releases/$1/revisions?limit=1000"
    [[ -z $2 ]] || url=/v2$url\&path=$2
    ask rel@x GET "$url" >/dev/null
    tr '{' '\n' <"$WORK/body" | sed -n "/\"data_version\":$3,\"deleted\":false/s/.*\"change_id\":\([0-9]*\).*/\1/p" | sed -n 1p
}

# ---- revisions ----

test_v1_revisions() {
    check "an adopted release" gives 200 rel@x GET /releases/Adopted/revisions
    check "has no revisions yet" says '{"count":0,"data_version":7,"revisions":[]}'
    check "of none: a 404" refused 404 "not found" rel@x GET /releases/None/revisions
    check "not for strangers" gives 401 - GET /releases/Adopted/revisions
    check "nor for those without permissions" gives 403 nobody@x GET /releases/Adopted/revisions
    check "written" gives 200 rel@x PUT /releases/Adopted \
        "$(whole_v1 Adopted "$(de Adopted 2.0 20160101000001)" '"data_version":7')"
    check "two" refused 200 '"count":2,"data_version":8,' rel@x GET /releases/Adopted/revisions
    check "the newest first" body_has '"changed_by":"rel@x","data_version":8,"deleted":false,"path":null,'
    check "what was found is nobody's" body_has '"changed_by":null,"data_version":7,"deleted":false,"path":null,'
    check "under /api, too" refused 200 '"count":2' rel@x GET '/api/releases/Adopted/revisions?limit=1&page=2'
    check "the second page" body_lacks '"data_version":8,"deleted"'
    check "a page beyond the last" refused 200 '"revisions":[]' rel@x GET '/releases/Adopted/revisions?page=2147483647'
    check "page 0" gives 400 rel@x GET '/releases/Adopted/revisions?page=0'
    check "no number" gives 400 rel@x GET '/releases/Adopted/revisions?limit=x'
    check "too many" gives 400 rel@x GET '/releases/Adopted/revisions?limit=1001'
    check "an unknown parameter" gives 400 rel@x GET '/releases/Adopted/revisions?path=.'
}

test_v1_restore() {
    local old url=/releases/Adopted/revisions
    old=$(change Adopted '' 7)
    check "no change_id" gives 400 rel@x POST "$url" '{}'
    check "an unknown one" refused 400 'Invalid change_id : 999999' rel@x POST "$url" '{"change_id":999999}'
    check "another release's" refused 400 'Invalid change_id' rel@x POST /releases/Live/revisions "{\"change_id\":$old}"
    check "no v2 release's" refused 400 'Invalid change_id' admin@x POST /v2/releases/Adopted/revisions \
        "{\"change_id\":$old,\"product\":\"Firefox\"}"
    check "another product's person" gives 403 tb@x POST "$url" "{\"change_id\":$old}"
    check "an outdated version" refused 400 OutdatedDataError rel@x POST "$url" "{\"change_id\":$old,\"data_version\":7}"
    check "back" gives 200 rel@x POST "$url" "{\"change_id\":$old,\"data_version\":8}"
    check "at a new version" says '{"new_data_version":9}'
    check "what it was" refused 200 '"appVersion": "1.0"' - GET /releases/Adopted
    check "recorded" refused 200 '"count":3,"data_version":9,' rel@x GET "$url"
    check "read-only" gives 201 admin@x PUT /releases/Adopted/read_only '{"read_only":true,"data_version":9}'
    check "cannot be restored" gives 403 rel@x POST "$url" "{\"change_id\":$old}"
    echo "UPDATE releases SET read_only = 0 WHERE name = 'Adopted'" | run_sql
    check "deleted" gives 200 rel@x DELETE '/releases/Adopted?data_version=10'
    check "its revisions stay" refused 200 '"data_version":null,' rel@x GET "$url"
    check "the deletion is one" body_has '"deleted":true,"path":null,"size":0'
    check "a deletion cannot be restored" refused 400 'Invalid change_id' rel@x POST "$url" \
        "{\"change_id\":$(query "SELECT MAX(change_id) FROM balrog_release_history WHERE name = 'Adopted' AND size = 0"),\"product\":\"Firefox\"}"
    check "a product is needed" refused 400 'product is missing' admin@x POST "$url" "{\"change_id\":$old}"
    check "one that the caller may create" gives 403 tb@x POST "$url" "{\"change_id\":$old,\"product\":\"Firefox\"}"
    check "made again" gives 200 rel@x POST "$url" "{\"change_id\":$old,\"product\":\"Firefox\"}"
    check "at version 1" says '{"new_data_version":1}'
}

# A release that a rule with required sign-offs maps to.
test_v1_protected() {
    local old url=/releases/Live/revisions
    local body
    check "scheduled and enacted" gives 200 admin@x POST /scheduled_changes/releases \
        "{\"change_type\":\"update\",\"name\":\"Live\",\"product\":\"Firefox\",\"data_version\":7,\"when\":$LATER,\"data\":$(quoted "$(de Live 2.0 20160101000002)")}"
    check "signed" gives 200 rel@x POST "/scheduled_changes/releases/$(number sc_id)/signoffs" '{"role":"qa"}'
    check "enacted" gives 200 admin@x POST "/scheduled_changes/releases/1/enact"
    old=$(change Live '' 7)
    body="{\"change_id\":$old"
    check "needs sign-offs" refused 400 'Signoff Required' rel@x POST "$url" "$body}"
    check "not in the past" refused 400 'in the past' rel@x POST "$url" "$body,\"when\":1}"
    check "scheduled" refused 200 '"signoffs":{"rel@x":"qa"}' rel@x POST "$url" "$body,\"when\":$LATER}"
    check "enacted" gives 200 admin@x POST "/scheduled_changes/releases/$(number sc_id)/enact"
    check "what it was" refused 200 '"appVersion": "1.0"' - GET /releases/Live
    check "of its product still" equal Firefox "$(query "SELECT product FROM releases WHERE name = 'Live'")"
}

test_v2() {
    local base asset url=/v2/releases/Two/revisions path=.platforms.Linux.locales.de
    check "made" gives 200 rel@x PUT /v2/releases/Two "{\"product\":\"Firefox\",\"blob\":$(de Two 1.0 20160101000000)}"
    check "changed" gives 200 rel@x POST /v2/releases/Two \
        "{\"old_data_versions\":{\".\":1,\"platforms\":{\"Linux\":{\"locales\":{\"de\":1}}}},\"blob\":$(de Two 2.0 20160101000001)}"
    check "four entries" refused 200 '"count":4,"data_version":2,' rel@x GET "$url"
    check "of the locale: two" refused 200 '"count":2,"data_version":2,' rel@x GET "$url?path=$path"
    check "with its path" body_has "\"path\":\"$path\""
    check "of the base: two" refused 200 '"count":2,"data_version":2,' rel@x GET "/api$url?path=."
    check "with its path" body_has '"path":"."'
    check "of a part that never was" gives 404 rel@x GET "$url?path=.platforms.Linux.locales.xx"
    check "no v1 release" gives 404 rel@x GET /releases/Two/revisions
    base=$(change Two . 1)
    asset=$(change Two "$path" 1)
    check "the locale goes back alone" gives 200 rel@x POST "$url" "{\"change_id\":$asset,\"data_version\":2}"
    check "at a new version" says '{"platforms":{"Linux":{"locales":{"de":3}}}}'
    check "to what it was" refused 200 '"buildID": "20160101000000"' - GET /releases/Two/builds/Linux/de
    check "the base did not" refused 200 '"appVersion":"2.0"' - GET /v2/releases/Two
    check "the base goes back" gives 200 rel@x POST "$url" "{\"change_id\":$base}"
    check "to what it was" refused 200 '"appVersion":"1.0"' - GET /v2/releases/Two
    check "with all locales" body_has '"buildID":"20160101000000","completes"'
    check "another product's person" gives 403 tb@x POST "$url" "{\"change_id\":$base}"
    check "outdated" refused 400 OutdatedDataError rel@x POST "$url" "{\"change_id\":$asset,\"data_version\":2}"
    echo "INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        VALUES (90, 'Two', 100, 'minor', 'Firefox', 'release', 1)" | run_sql
    check "needs sign-offs" refused 400 'Signoff Required' rel@x POST "$url" "{\"change_id\":$asset}"
    check "scheduled" refused 200 '"signoffs":{"rel@x":"qa"}' rel@x POST "$url" "{\"change_id\":$asset,\"when\":$LATER}"
    check "once" gives 400 rel@x POST "$url" "{\"change_id\":$asset,\"when\":$LATER}"
    echo "DELETE FROM rules WHERE mapping = 'Two'" | run_sql
    check "deleted" gives 200 rel@x DELETE /v2/releases/Two
    check "a locale cannot come back alone" gives 404 rel@x POST "$url" "{\"change_id\":$asset,\"product\":\"Firefox\"}"
    check "the base needs a product" refused 400 'product is missing' admin@x POST "$url" "{\"change_id\":$base}"
    check "with it, it comes back" gives 200 rel@x POST "$url" "{\"change_id\":$base,\"product\":\"Firefox\"}"
    check "and the locale" gives 200 rel@x POST "$url" "{\"change_id\":$asset}"
    check "as it was" refused 200 '"buildID": "20160101000000"' - GET /releases/Two/builds/Linux/de
}

# ---- differences ----

test_diff() {
    local first path=.platforms.Linux.locales.de url='/release_diff?left=Cmp&right=Cmp'
    check "made" gives 200 rel@x PUT /v2/releases/Cmp "{\"product\":\"Firefox\",\"blob\":$(de Cmp 1.0 20160101000000)}"
    first=$(change Cmp "$path" 1)
    check "nothing differs from itself" refused 200 '"summary":{"added":0,"changed":0,"removed":0}' rel@x GET "$url"
    check "not for strangers" gives 401 - GET "$url"
    check "nor for those without permissions" gives 403 nobody@x GET "$url"
    check "changed" gives 200 rel@x POST /v2/releases/Cmp \
        "{\"old_data_versions\":{\".\":1,\"platforms\":{\"Linux\":{\"locales\":{\"de\":1}}}},\"blob\":$(de Cmp 2.0 20160101000001)}"
    check "after a change and now" refused 200 '"summary":{"added":0,"changed":3,"removed":0}' \
        rel@x GET "/api/release_diff?left=Cmp@c$first&right=Cmp"
    check "one by one" body_has \
        '{"new":"20160101000001","old":"20160101000000","op":"changed","pointer":"/platforms/Linux/locales/de/buildID"}'
    check "in groups" body_has '"op":"changed","pattern":"/platforms/*/locales/*/buildID","uniform":true'
    check "which sides" body_has "\"left\":{\"at\":\"c$first\",\"kind\":\"v2\",\"name\":\"Cmp\"}"
    check "at a time" refused 200 '"summary":{"added":0,"changed":3,"removed":0}' \
        rel@x GET "/release_diff?left=Cmp@t$(query "SELECT timestamp FROM balrog_release_history WHERE change_id = $first")&right=Cmp"
    check "a part" refused 200 '"changed":1' rel@x GET "/release_diff?left=Cmp@c$first&right=Cmp&pointer=/platforms"
    check "a page" refused 200 '"next":1,' rel@x GET "/release_diff?left=Cmp@c$first&right=Cmp&limit=1"
    check "the last" refused 200 '"next":null,' rel@x GET "/release_diff?left=Cmp@c$first&right=Cmp&limit=1&after=2"
    check "as text" refused 200 '+  "appVersion": "2.0",' rel@x GET "/release_diff?left=Cmp@c$first&right=Cmp&format=text"
    check "which names the sides" body_has "--- Cmp@c$first"
    check "a v1 release, at a version" refused 200 '"changed":' rel@x GET '/release_diff?left=Live@v7&right=Live@v8'
    check "v1 and v2" refused 200 '"kind":"v1"' rel@x GET '/release_diff?left=Live&right=Cmp'
    check "not as it is now" gives 404 rel@x GET "$url@pending"
    check "scheduled" gives 200 admin@x POST /v2/releases/Cmp \
        "{\"old_data_versions\":{\".\":2},\"when\":$LATER,\"blob\":{\"displayVersion\":\"3.0\",\"platforms\":{\"Linux\":{\"locales\":{\"fr\":$(locale 20160101000001)}}}}}"
    check "what waits" refused 200 '"summary":{"added":1,"changed":1,"removed":0}' rel@x GET "$url@pending"
    check "a locale" body_has '"pattern":"/platforms/*/locales/*"'
}

test_bad_diffs() {
    local bad
    for bad in 'left=Cmp' 'right=Cmp' 'left=&right=Cmp' 'left=Cmp&right=Cmp@v1' 'left=Cmp&right=Cmp&pointer=platforms' \
        'left=Cmp&right=Cmp&limit=0' 'left=Cmp&right=Cmp&limit=1001' 'left=Cmp&right=Cmp&after=-1' \
        'left=Cmp&right=Cmp&after=x' 'left=Cmp&right=Cmp&format=xml' 'left=Cmp&right=Cmp&depth=1'; do
        check "$bad: a 400" gives 400 rel@x GET "/release_diff?$bad"
    done
    for bad in 'left=None&right=Cmp' 'left=Cmp&right=Cmp@c999999' "left=Cmp&right=Live@c$(change Cmp . 1)" \
        'left=Live&right=Live@v99' 'left=Cmp@x&right=Cmp' 'left=Cmp@v99999999999999999999&right=Cmp' \
        'left=Cmp@t1&right=Cmp' 'left=Cmp&right=Cmp&pointer=/none'; do
        check "$bad: a 404" gives 404 rel@x GET "/release_diff?$bad"
    done
}

# ---- parts ----

test_part() {
    local url='/release_part?name=Cmp'
    check "an outline" refused 200 '"kind":"v2","members":[{"bytes":' rel@x GET "/api$url"
    check "values" body_has '"name":"appVersion","type":"string","value":"2.0"}'
    check "sizes" body_has '"bytes":299,"count":1,"name":"platforms","type":"object"'
    check "a place" refused 200 '"name":"buildID","type":"string","value":"20160101000001"}' \
        rel@x GET "$url&pointer=/platforms/Linux/locales/de"
    check "levels" refused 200 '"count":2,"name":"de","type":"object"' rel@x GET "$url&pointer=/platforms&depth=3"
    check "an element" refused 200 '"name":0,"type":"object"' rel@x GET "$url&pointer=/platforms/Linux/locales/de/completes"
    check "a value" refused 200 '"type":"string","value":"2.0"}' rel@x GET "$url&pointer=/appVersion"
    check "as it was" refused 200 '"value":"1.0"}' rel@x GET "$url@c$(change Cmp . 1)&pointer=/appVersion"
    check "as it will be" refused 200 '"value":"3.0"}' rel@x GET "$url@pending&pointer=/displayVersion"
    check "a page" refused 200 '"members":[{"bytes":1,"name":"schema_version"' rel@x GET "$url&limit=1&after=1"
    check "goes on" body_has '"next":2,'
    check "not for strangers" gives 401 - GET "$url"
    check "nor for those without permissions" gives 403 nobody@x GET "$url"
    check "no pointer" gives 400 rel@x GET "$url&pointer=x"
    check "too deep" gives 400 rel@x GET "$url&depth=5"
    check "a negative page" gives 400 rel@x GET "$url&after=-1"
    check "nothing there" gives 404 rel@x GET "$url&pointer=/none"
    check "no release" gives 404 rel@x GET '/release_part?name=None'
}

# ---- big releases ----

# A v1 release of 20 platforms with 260 locales each, some 8 MB.
big() { # NAME BUILDID VERSION
    awk -v name="$1" -v id="$2" -v version="$3" -v hash="$HASH" 'BEGIN {
        printf "{\"name\":\"%s\",\"schema_version\":9,\"platforms\":{", name
        for (p = 0; p < 20; p++) {
            printf "%s\"P%d\":{\"locales\":{", p ? "," : "", p
            for (l = 0; l < 260; l++) {
                printf "%s\"l%03d\":{\"buildID\":\"%s\",\"appVersion\":\"%s\",\"partials\":[", l ? "," : "", l, id, version
                for (i = 0; i < 7; i++)
                    printf "{\"filesize\":%d,\"from\":\"R-%d\",\"hashValue\":\"%s\"},", id % 1000 + l + i, i, hash
                printf "{\"filesize\":1,\"from\":\"*\",\"hashValue\":\"%s\"}]}", hash
            }
            printf "}}"
        }
        printf "}}"
    }'
}

test_big() {
    local took
    { printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('BigA', 'Firefox', 0, '%s', 1);\n" \
        "$(big BigA 20240101000000 1.0)"
    printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('BigB', 'Firefox', 0, '%s', 1);\n" \
        "$(big BigB 20240201000999 2.0)"; } | run_sql
    echo "# $(query "SELECT GROUP_CONCAT(LENGTH(data)) FROM releases WHERE name LIKE 'Big_'") bytes"
    took=$(date +%s%N)
    check "two releases of 8 MB" refused 200 '"changed":46801,' rel@x GET '/release_diff?left=BigA&right=BigB'
    took=$((($(date +%s%N) - took) / 1000000))
    echo "# compared in $took ms, $(wc -c <"$WORK/body") bytes"
    check "a small answer" test "$(wc -c <"$WORK/body")" -lt 100000
    check "in time" test "$took" -lt "${BIG_MS:-10000}"
    check "their outline is small" refused 200 '"count":20,' rel@x GET '/release_part?name=BigA&pointer=/platforms&depth=2'
    check "large values are not in it" body_lacks '"value"'
    check "a page of it" test "$(wc -c <"$WORK/body")" -lt 400000
}

# ---- the index ----

test_index() {
    check "all" refused 200 '"next":null,"releases":[{"changed_at":' rel@x GET /release_index
    check "in order" body_has '"name":"Adopted"'
    check "what was changed by whom" body_has '"changed_by":"rel@x"'
    check "not for strangers" refused 200 '"releases":[{"data_version":1,"display_version":"1.0","kind":"v1","name":"Adopted"' \
        - GET /api/release_index
    check "they see no names" body_lacks changed_by
    check "one page" refused 200 '"next":1,' rel@x GET '/release_index?limit=1'
    check "the next" refused 200 '"name":"BigA"' rel@x GET '/release_index?limit=1&after=1'
    check "words" refused 200 '"count":2,' rel@x GET '/release_index?q=ig+B'
    check "none of them special" refused 200 '"count":0,' rel@x GET '/release_index?q=(%25'
    check "names" refused 200 '{"count":1,"next":null,"releases":[{"kind":"v2","name":"Cmp","product":"Firefox"}]}' \
        rel@x GET '/release_index?q=cmp&fields=name'
    check "one name" refused 200 '{"count":1,"next":null,"releases":[{"kind":"v1","name":"Live","product":"Firefox"}]}' \
        rel@x GET '/release_index?name=Live&fields=name'
    check "which is not searched for" refused 200 '"count":0,' rel@x GET '/release_index?name=live'
    check "one kind" refused 200 '"count":2,' rel@x GET '/release_index?kind=v2'
    check "what is mapped" refused 200 '"count":1,' rel@x GET '/release_index?state=mapped'
    check "by which rule" body_has '"used_by":[{"alias":null,"as":"mapping","channel":"release","product":"Firefox","rule_id":1}]'
    check "which needs sign-offs" body_has '"required_signoffs":{"qa":1}'
    check "what waits" refused 200 '"count":1,' rel@x GET '/release_index?state=pending'
    check "how much" body_has '"pending":{"id":"Cmp","kind":"v2/releases","parts":2}'
    check "read-only" gives 200 admin@x PUT /v2/releases/Two/read_only \
        "{\"read_only\":true,\"old_data_version\":$(query "SELECT data_version FROM releases_json WHERE name = 'Two'")}"
    check "is not writable" refused 200 '"count":5,' rel@x GET '/release_index?state=writable&product=Firefox'
    check "the content's versions and size" refused 200 '"schema_version":9,"size":'"$(query "SELECT LENGTH(data) FROM releases
        WHERE name = 'Adopted'")," rel@x GET '/release_index?q=adopted'
    check "of v2, with the locales" refused 200 '"schema_version":9,"size":'"$(query "SELECT LENGTH(r.data) + SUM(LENGTH(a.data))
        FROM releases_json r JOIN release_assets a ON a.name = r.name WHERE r.name = 'Cmp'")," rel@x GET '/release_index?q=cmp'
    check "which has a version" body_has '"display_version":"2.0"'
    check "of a big one, only the size" refused 200 '"schema_version":null,"size":'"$(query "SELECT LENGTH(data) FROM releases
        WHERE name = 'BigA'")," rel@x GET '/release_index?q=biga'
    check "not its version" body_has '"display_version":null'
    check "another product" refused 200 '"count":0,' rel@x GET '/release_index?product=Thunderbird'
    check "the last changed first" refused 200 '"name":"Two"' rel@x GET '/release_index?sort=changed&limit=1'
    for bad in kind=v3 state=x sort=size fields=all limit=51 limit=0 after=-1 after=x page=1; do
        check "$bad: a 400" gives 400 rel@x GET "/release_index?$bad"
    done
}

test_many() {
    local took
    echo "INSERT INTO releases (name, product, read_only, data, data_version)
        SELECT CONCAT('Many-', seq), 'Firefox', 0, '{\"name\":\"x\",\"schema_version\":1}', 1 FROM seq_1_to_$MANY;
        UPDATE releases SET name = 'Broken', data = '{\"displayVersion\": \"1' WHERE name = 'Many-1';
        INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        SELECT 1, CONCAT('Many-', seq), 100, 'minor', 'Firefox', CONCAT('c', seq), 1 FROM seq_1_to_$((MANY / 4))" | run_sql
    took=$(date +%s%N)
    check "many releases" refused 200 "\"count\":$((MANY + 6))," rel@x GET /release_index
    took=$((($(date +%s%N) - took) / 1000000))
    echo "# the first of $MANY releases in $took ms, $(wc -c <"$WORK/body") bytes"
    check "a small page" test "$(wc -c <"$WORK/body")" -lt 200000
    check "in time" test "$took" -lt "${INDEX_MS:-2000}"
    check "bounded statements" test "$(statements rel@x GET /release_index)" -le 25
    check "what is no JSON has no versions" refused 200 '"display_version":null,' rel@x GET '/release_index?q=broken'
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
test_v1_revisions
test_v1_restore
test_v1_protected
test_v2
test_diff
test_bad_diffs
test_part
test_big
test_index
test_many
summary
