#!/bin/bash
# Many clients of the admin API at the same time: of those who write the same version exactly one wins, whatever the
# resource; of those who submit locales of one release nobody loses, v1 and v2 side by side.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_parallel.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
ROUNDS=25 # of eight who race
MANY=200  # locales
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    ROUNDS=100
    MANY=1000
fi
HASH=$(printf 'ab%.0s' {1..64})

rows() {
    echo "INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@x', 'admin', NULL, 1),
        ('racer@x', 'rule', '{\"products\": [\"A0\"]}', 1);"
}

# request METHOD PATH BODY: for curl's configuration, as admin@x; only the status is printed.
request() {
    local quoted=${3//\\/\\\\}
    printf '%s\n' "url = \"$ADMIN_URL$2\"" "request = $1" 'header = "X-Test-User: admin@x"' \
        'header = "Content-Type: application/json"' "data-binary = \"${quoted//\"/\\\"}\"" 'output = "/dev/null"' \
        'write-out = "%{http_code}\n"' 'noproxy = "*"' next
}

# statuses N <CONFIGURATION: sends all requests, N at a time; how often each status came.
statuses() {
    sed '$d' >"$WORK/curl"
    curl -s -Z --parallel-immediate --parallel-max "$1" --config "$WORK/curl" 2>/dev/null | sort | uniq -c |
        tr -s ' \n' ' '
}

# ---- one wins ----

# race METHOD PATH BODY: ROUNDS times eight clients with the same BODY, but that %V is the round and %I the client.
race() {
    local v i body got
    for ((v = 1; v <= ROUNDS; v++)); do
        got=$(for i in {1..8}; do
            body=${3//%V/$v}
            request "$1" "$2" "${body//%I/$i}"
        done | statuses 8)
        [[ $got == ' 1 200 7 400 ' ]] || { echo "  round $v:$got" >&2 && return 1; }
    done
}

# gapless SQL: the versions that it gives are those from 1, each once.
gapless() {
    equal "1 $((ROUNDS + 1)) $((ROUNDS + 1)) $((ROUNDS + 1))" "$(query "SELECT MIN(v), MAX(v), COUNT(v), COUNT(DISTINCT v) FROM ($1) AS t")"
}

races() {
    local rule='"priority":1,"backgroundRate":100,"update_type":"minor"'
    check "a release" gives 200 admin@x PUT /v2/releases/Race '{"product":"A0","blob":{"name":"Race","schema_version":9,
        "hashFunction":"sha512","appVersion":"1.0","displayVersion":"1","platforms":{}}}'
    check "a rule" gives 200 admin@x POST /rules "{\"product\":\"A0\",\"channel\":\"c\",\"mapping\":\"Race\",$rule}"
    check "for a rule one of eight wins" race POST /rules/1 '{"comment":"%V by %I","data_version":%V}'
    check "and its history has no gap" gapless "SELECT data_version AS v FROM rules_history WHERE rule_id = 1"
    check "for a release" race POST /v2/releases/Race '{"blob":{"displayVersion":"%V.%I"},"old_data_versions":{".":%V}}'
    check "as well" gapless "SELECT data_version AS v FROM balrog_release_history WHERE name = 'Race'"
    check "for a permission" race POST /users/racer@x/permissions/rule \
        '{"options":"{\"products\":[\"A%V%I\"]}","data_version":%V}'
    check "the last is there" equal "$((ROUNDS + 1))" "$(query "SELECT data_version FROM permissions WHERE username = 'racer@x'")"
    check "a change is scheduled" gives 200 admin@x POST /scheduled_changes/rules \
        "{\"change_type\":\"insert\",\"product\":\"A0\",\"channel\":\"d\",\"mapping\":\"Race\",\"when\":$LATER,$rule}"
    check "for a scheduled change" race POST /scheduled_changes/rules/1 \
        "{\"comment\":\"%V by %I\",\"sc_data_version\":%V,\"when\":$LATER}"
    check "once more" gapless "SELECT data_version AS v FROM rules_scheduled_changes_history WHERE sc_id = 1"
    check "whoever is first enacts" equal ' 1 200 7 400 ' "$(for _ in {1..8}; do
        request POST /scheduled_changes/rules/1/enact '{}'
    done | statuses 8)"
    check "once" equal 1 "$(query "SELECT COUNT(*) FROM rules WHERE channel = 'd'")"
}

# ---- all land ----

locale() { # BUILDID
    printf '{"buildID":"%s","completes":[{"filesize":100,"from":"*","hashValue":"%s"}]}' "$1" "$HASH"
}

blob() { # NAME
    printf '{"name":"%s","schema_version":9,"hashFunction":"sha512","appVersion":"1.0","displayVersion":"1",' "$1"
    printf '"fileUrls":{"*":{"completes":{"*":"https://archive.mozilla.org/x.mar"}}},"platforms":{"P":{"locales":{}}}}'
}

quoted() {
    printf '"%s"' "${1//\"/\\\"}"
}

# submissions BUILDID V1 V2: the locales of both releases by turns. V1: the version of the v1 release that all of them
# have seen; V2: that of each locale of the v2 release.
submissions() {
    local i data v1 v2
    data=$(locale "$1")
    v1="{\"product\":\"Firefox\",\"schema_version\":9,\"data_version\":$2,\"data\":$(quoted "$data")}"
    for ((i = 0; i < MANY; i++)); do
        v2="{\"platforms\":{\"P\":{\"locales\":{\"l$i\":$3}}}}"
        request PUT "/releases/One/builds/P/l$i" "$v1"
        request POST /v2/releases/Two "{\"blob\":${v2/:$3/:$data},\"old_data_versions\":$v2}"
    done
}

# How many locales of BUILDID the last answer holds.
built() {
    grep -oE "\"buildID\": ?\"$1\"" "$WORK/body" | wc -l
}

crowd() {
    check "a v1 release" gives 201 admin@x POST /releases "{\"name\":\"One\",\"product\":\"Firefox\",\"blob\":$(quoted "$(blob One)")}"
    check "a v2 release" gives 200 admin@x PUT /v2/releases/Two "{\"product\":\"Firefox\",\"blob\":$(blob Two)}"
    check "new locales, by 16 clients" equal " $MANY 200 $MANY 201 " "$(submissions 20230101000000 1 0 | statuses 16)"
    check "each of them changed" equal " $((2 * MANY)) 200 " "$(submissions 20230202000000 $((MANY + 1)) 1 | statuses 16)"
    check "the v1 release" gives 200 - GET /releases/One
    check "has all of them" equal "$MANY" "$(built 20230202000000)"
    check "a version each" equal $((2 * MANY + 1)) "$(sed -n 's/^x-data-version: \([0-9]*\).*/\1/Ip' "$WORK/head")"
    check "all of them kept" equal "$((2 * MANY + 1)) $((2 * MANY + 1))" \
        "$(query "SELECT COUNT(*), COUNT(DISTINCT data_version) FROM balrog_release_history WHERE name = 'One'")"
    check "the v2 release" gives 200 - GET /v2/releases/Two
    check "has all of them, too" equal "$MANY" "$(built 20230202000000)"
    check "each twice" equal "$MANY 2 2" \
        "$(query "SELECT COUNT(*), MIN(data_version), MAX(data_version) FROM release_assets WHERE name = 'Two'")"
    check "each kept" equal "$((2 * MANY))" \
        "$(query "SELECT COUNT(*) FROM balrog_release_history WHERE name = 'Two' AND path <> ''")"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set public.poll_ms=60000
races
crowd
check "none of it broke anything" equal '' "$(grep -h '"Type": "request.failed"' "$BOX/log/admin.log" | head -n 3)"
summary
