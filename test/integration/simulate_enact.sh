#!/bin/bash
# Changes of every kind are simulated in one sandbox, then really made in a second one, whose balrog-public answers the same
# queries before and after: as many queries move from one release to another as was simulated. With rates, clients draw often.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: simulate_enact.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
PUBLIC_URL=
RELENG=releng@example.org RELMAN=relman@example.org ADMIN=admin@example.org
CLIENT=/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/default/default/update.xml
DRAWS=3000
NAMES=()         # of the changes, in the order in which they are made
declare -A MADE_OF # of each: what a simulation is told, a JSON value
declare -A MAKE    # of each: METHOD PATH BODY, after sign-offs for PATH's change

helper() {
    python3 "$TOP/test/integration/simulate.py" "$@"
}

copy() {
    sandbox "$1" "$WORK/copy" "${@:2}"
}

# asks the admin of the first sandbox, or of the copy.
use() {
    ADMIN_URL=${URL_OF[$1]}
}

# ---- the changes ----

# scheduled NAME KIND BODY: schedules it in both sandboxes, under the same number.
scheduled() {
    local id box
    for box in first copy; do
        use $box
        check "$1 is scheduled" gives 200 $ADMIN POST "/scheduled_changes/$2" "${3%\}}, \"when\": $LATER}"
        [[ $box == copy ]] || id=$(number sc_id)
    done
    check "$1: under the same number" equal "$id" "$(number sc_id)"
    NAMES+=("$1")
    MADE_OF[$1]="\"$2:$id\""
    MAKE[$1]="/scheduled_changes/$2/$id"
}

# scheduled_v2 NAME RELEASE BODY
scheduled_v2() {
    local box
    for box in first copy; do
        use $box
        check "$1 is scheduled" gives 200 $ADMIN POST "/v2/releases/$2" "${3%\}}, \"when\": $LATER}"
    done
    NAMES+=("$1")
    MADE_OF[$1]="\"v2/releases:$2\""
    MAKE[$1]="/v2/releases/$2"
}

# The stored v1 release NAME with EXPRESSION, of Python, done to `blob`.
edited() {
    gives 200 $ADMIN GET "/releases/$1" && python3 -c 'import json, sys
blob = json.load(open(sys.argv[1]))
exec(sys.argv[2])
print(json.dumps(json.dumps(blob)))' "$WORK/body" "$2"
}

schedule_all() {
    local data de
    use first
    scheduled "a new rule" rules '{"change_type": "insert", "priority": 500, "mapping": "Firefox-129.0-build2",
        "backgroundRate": 100, "product": "Firefox", "channel": "release", "update_type": "minor", "locale": "fr"}'
    scheduled "a rule's mapping" rules '{"change_type": "update", "rule_id": 2, "data_version": 1, "priority": 91,
        "mapping": "Firefox-129.0-build2", "backgroundRate": 100, "update_type": "minor", "product": "Firefox",
        "channel": "release-localtest"}'
    scheduled "a rule's deletion" rules '{"change_type": "delete", "rule_id": 3, "data_version": 1}'
    scheduled "a rule without a mapping" rules '{"change_type": "update", "rule_id": 40, "data_version": 1, "priority": 90,
        "backgroundRate": 100, "update_type": "minor", "product": "FirefoxVPN", "version": "<2.24.0", "channel": "release"}'
    data=$(edited Thunderbird-128.2.0esr-build1 'blob["detailsUrl"] = "https://www.thunderbird.net/later/"')
    scheduled "a v1 release" releases "{\"change_type\": \"update\", \"name\": \"Thunderbird-128.2.0esr-build1\",
        \"product\": \"Thunderbird\", \"data_version\": 1, \"data\": $data}"
    data=$(edited OpenH264-2.3.2 'blob["vendors"]["gmp-gmpopenh264"]["version"] = "2.4.0"')
    scheduled "a part of a superblob" releases "{\"change_type\": \"update\", \"name\": \"OpenH264-2.3.2\",
        \"product\": \"OpenH264\", \"data_version\": 1, \"data\": $data}"
    scheduled_v2 "a v2 release" Firefox-130.0-build3 '{"blob": {"updateLine": [{"for": {}, "fields": {"type": "minor",
        "detailsURL": "https://www.mozilla.org/later"}}]}, "old_data_versions": {".": 1}}'
    de='{"buildID": "20240911091532", "appVersion": "131.0", "displayVersion": "131.0", "completes": [{"from": "*",
        "filesize": 77, "hashValue": "abc"}]}'
    scheduled_v2 "a locale" Firefox-131.0b5-build1 "{\"blob\": {\"platforms\": {\"WINNT_x86_64-msvc\": {\"locales\": {\"de\": $de}}}},
        \"old_data_versions\": {\"platforms\": {\"WINNT_x86_64-msvc\": {\"locales\": {\"de\": 1}}}}}"
    scheduled "a pin's deletion" pinnable_releases '{"change_type": "delete", "product": "Firefox", "channel": "release",
        "version": "129.", "data_version": 1}'
    scheduled "a new pin" pinnable_releases '{"change_type": "insert", "product": "Firefox", "channel": "release-localtest",
        "version": "128.", "mapping": "Firefox-128.0-build1"}'
    scheduled "the end of a stop" emergency_shutoff '{"change_type": "delete", "product": "Thunderbird", "channel": "beta",
        "data_version": 1}'
    NAMES+=("a stop")
    MADE_OF["a stop"]='{"table": "emergency_shutoff", "change_type": "insert", "product": "Firefox", "channel": "beta"}'
}

# Signs and makes the change NAME in the copy.
really_make() {
    local path=${MAKE[$1]-}
    use copy
    case $path in
    '') gives 201 $RELMAN POST /emergency_shutoff '{"product": "Firefox", "channel": "beta"}' ;;
    /v2/*)
        ask $RELENG PUT "$path/signoff" '{"role": "releng"}' >/dev/null
        ask $RELMAN PUT "$path/signoff" '{"role": "relman"}' >/dev/null
        gives 200 balrogagent POST "$path/enact"
        ;;
    *)
        ask $RELENG POST "$path/signoffs" '{"role": "releng"}' >/dev/null
        ask $RELMAN POST "$path/signoffs" '{"role": "relman"}' >/dev/null
        gives 200 balrogagent POST "$path/enact"
        ;;
    esac
}

# ---- comparing ----

# simulates BOX CHANGES FILE: what the sample would get.
simulates() {
    use "$1"
    helper urls "$WORK/sample" "$2" >"$WORK/request"
    gives 200 $RELENG POST /simulate "@$WORK/request" && cp -- "$WORK/body" "$3"
}

replay() { # FILE
    helper replay "$WORK/request" "$PUBLIC_URL" >"$1"
}

came_true() {
    replay "$WORK/after"
    helper moves "$WORK/one" "$WORK/request" "$WORK/before" "$WORK/after" 2>"$WORK/differs" &&
        helper moves "$WORK/all" "$WORK/request" "$WORK/first" "$WORK/after" 2>"$WORK/differs"
}

run_changes() {
    local name all=
    helper urls "$WORK/sample" '[]' >"$WORK/request"
    replay "$WORK/first"
    cp -- "$WORK/first" "$WORK/before"
    for name in "${NAMES[@]}"; do
        all=${all:+$all, }${MADE_OF[$name]}
        check "$name: with all before it" simulates first "[$all]" "$WORK/all"
        check "$name: alone" simulates copy "[${MADE_OF[$name]}]" "$WORK/one"
        check "$name: some move" test "$(helper value "$WORK/one" "a['moved_queries'] > 0")" = True
        check "$name: it is made" really_make "$name"
        check "$name: it came true" until_true 20 came_true || cat -- "$WORK/differs" >&2
        mv -- "$WORK/after" "$WORK/before"
    done
}

# ---- rates ----

# Draws of the copy agree with the SIDE of the simulation. The first ones may be those of before.
drawn() { # SIDE
    helper draws "$WORK/rate" "$1" "$PUBLIC_URL$CLIENT" $DRAWS 2>"$WORK/differs"
}

run_rate() {
    local name="a rate" body
    body='{"change_type": "update", "rule_id": 1, "data_version": 1, "priority": 90, "mapping": "Firefox-130.0-build3",
        "fallbackMapping": "Firefox-129.0-build2", "backgroundRate": 60, "update_type": "minor", "product": "Firefox",
        "channel": "release"}'
    scheduled "$name" rules "$body"
    use first
    check "$name: simulated" gives 200 $RELENG POST /simulate \
        "{\"changes\": [${MADE_OF[$name]}], \"sample\": {\"urls\": [\"$CLIENT\"]}}"
    cp -- "$WORK/body" "$WORK/rate"
    check "$name: a share moves" equal "[('Firefox-129.0-build2', 'Firefox-130.0-build3', 0.35)]" \
        "$(helper value "$WORK/rate" "[(m['from'], m['to'], m['queries']) for m in a['moved']]")"
    check "$name: clients draw as before" drawn before || cat -- "$WORK/differs" >&2
    check "$name: it is made" really_make "$name"
    check "$name: clients draw as simulated" until_true 20 drawn after || cat -- "$WORK/differs" >&2
}

declare -A URL_OF
copy_url=$(
    eval "$(copy up --load "$TOP/conf/demo.sql" --user-header X-Test-User --cache off)"
    echo "$ADMIN_URL $PUBLIC_URL"
)
trap 'copy down >/dev/null 2>&1; admin_cleanup' EXIT
admin_up "$TOP/conf/demo.sql"
URL_OF=([first]=$ADMIN_URL [copy]=${copy_url% *})
PUBLIC_URL=${copy_url#* }
BALROG_BUILD=$BUILD "$TOP/scripts/sample-queries" --rules "$PUBLIC_URL/api/v1/rules" --output "$WORK/sample"
for pin in 128. 129. 129.0.; do
    printf '{"count": 2, "path": "%s?pin=%s"}\n' "$CLIENT" $pin "${CLIENT/release/release-localtest}" $pin
done >>"$WORK/sample"
for path in "${CLIENT/release/beta}" "${CLIENT/\/de\//\/fr\/}" /json/1/FirefoxVPN/1.0/WINNT_x86_64/release/update.json; do
    printf '{"count": 3, "path": "%s"}\n' "$path"
done >>"$WORK/sample"
schedule_all
run_changes
run_rate
summary
