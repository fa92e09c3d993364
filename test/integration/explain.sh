#!/bin/bash
# /explain against the real servers: its answers are balrog-public's for recorded queries of all forms; changes explained
# before they are made are what is answered afterwards; moments in the past; bad input; scripts/explain.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: explain.sh    (BALROG_BUILD: where the programs were built, build/ by default; CONFORMANCE_CHECK: check.py
of recorded answers, whose queries are asked too when it is there: every tenth, or with BALROG_TEST_FULL all)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

PUBLIC_URL=
RECORDED=$(dirname -- "${CONFORMANCE_CHECK:-$TOP/../shared/conformance/check.py}")/public
CLIENT=/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/default/default/update.xml
RELENG=releng@example.org RELMAN=relman@example.org ADMIN=admin@example.org

# The value of EXPRESSION, of Python, where `a` is the last answer and `x` the one kept as "$WORK/kept"; its repr.
value() {
    python3 - "$WORK/body" "$WORK/kept" "$1" <<'END'
import json, os, sys
a = json.load(open(sys.argv[1]))
x = json.load(open(sys.argv[2])) if os.path.exists(sys.argv[2]) else None
def answers(explanation):
    return [[o[name] for name in ('percent', 'status', 'headers', 'body')] for o in explanation['dice']['outcomes']]
print(eval(sys.argv[3]))
END
}

is_value() { # WANTED EXPRESSION
    equal "$1" "$(value "$2")"
}

encoded() {
    python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$1"
}

# explains URL [PARAMETERS]: it does.
explains() {
    gives 200 - GET "/explain?url=$(encoded "$1")${2:+&$2}"
}

keep() {
    cp -- "$WORK/body" "$WORK/kept"
}

# What the kept answer compared with is what is explained now.
came_true() {
    explains "$CLIENT" && is_value True "answers(a) == answers(x['compared'])"
}

# What balrog-public answers now is one of the outcomes that the kept answer compared with, once it knows.
served() {
    curl -s --noproxy '*' "$PUBLIC_URL$CLIENT" >"$WORK/served"
    python3 - "$WORK/kept" "$WORK/served" <<'END'
import json, sys
x, body = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
sys.exit(body not in [o['body'] for o in x['compared']['dice']['outcomes']])
END
}

run_recorded() { # OPTION… FILE
    PUBLIC_URL=$PUBLIC_URL ADMIN_URL=$ADMIN_URL python3 "$TOP/test/integration/explain.py" "$@" >"$WORK/counts" ||
        { tail -n 3 -- "$WORK/counts" >&2 && return 1; }
}

run_demo() {
    check "recorded queries of all forms" run_recorded "$TOP/test/data/explain-queries.jsonl"
    check "some have several outcomes" test "$(sed -n 's/ queries have several outcomes//p' "$WORK/counts")" -ge 20
}

# Public servers started on the states of recorded sets, asked their queries.
run_conformance() {
    local set every=()
    [[ -n ${BALROG_TEST_FULL-} ]] || every=(--every 10)
    for set in "$RECORDED"/10?; do
        [[ -r $set/state.sql ]] || continue
        sandbox down "$BOX" >/dev/null 2>&1
        rm -rf -- "$BOX"
        admin_up "$set/state.sql"
        check "the queries of set ${set##*/}" run_recorded "${every[@]}" "$(find "$set" -name 'expected.jsonl*')"
    done
}

# What balrog-public adds to its answers: the admin reads the same keys in its own configuration.
run_headers() {
    openssl ecparam -name secp384r1 -genkey -noout -out "$WORK/key.pem" 2>/dev/null
    sandbox up "$BOX" --set signing.content_signature_products=Firefox --set "signing.key_file=$WORK/key.pem" \
        --set signing.x5u=https://example.org/chain --set "public.cache_control=public, max-age=77" >/dev/null
    check "recorded queries, signed" run_recorded --every 5 "$TOP/test/data/explain-queries.jsonl"
    check "a header of the site" explains "$CLIENT"
    check "is as configured" is_value "public, max-age=77" "a['dice']['outcomes'][0]['headers']['Cache-Control']"
    check "signed" is_value True "all(o['content_signature']['signed'] for o in a['dice']['outcomes'])"
    check "as the client sees it" grep -qi '^content-signature:' <(curl -sI --noproxy '*' "$PUBLIC_URL$CLIENT?force=1")
    check "another product" explains "${CLIENT/Firefox/Thunderbird}"
    check "is not" is_value "content_signature_products in [signing] does not have Thunderbird" \
        "a['dice']['outcomes'][0]['content_signature']['why']"
    check "no signature there either" test -z "$(curl -sI --noproxy '*' "$PUBLIC_URL${CLIENT/Firefox/Thunderbird}" |
        grep -i '^content-signature:')"
}

# ---- changes ----

run_rule_change() {
    local sc=/scheduled_changes/rules id
    gives 200 $RELENG POST $sc "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"when\": $LATER,
        \"product\": \"Firefox\", \"channel\": \"release\", \"priority\": 90, \"update_type\": \"minor\",
        \"backgroundRate\": 60, \"mapping\": \"Firefox-129.0-build2\", \"fallbackMapping\": \"Firefox-128.0-build1\"}"
    id=$(number sc_id)
    check "with a scheduled change" explains "$CLIENT" "with=rules:$id"
    check "before it" is_value "[25, 75]" "[o['percent'] for o in a['dice']['outcomes']]"
    check "after it" is_value "[('Firefox-129.0-build2', 60), ('Firefox-128.0-build1', 40)]" \
        "[(o['mapping'], o['percent']) for o in a['compared']['dice']['outcomes']]"
    check "it is named" is_value "[{'change_type': 'update', 'rule_id': 1, 'sc_id': $id, 'table': 'rules'}]" "a['changes']"
    keep
    check "signed" gives 200 $RELMAN POST "$sc/$id/signoffs" '{"role": "relman"}'
    check "made" gives 200 balrogagent POST "$sc/$id/enact"
    check "it came true" came_true
    check "it is served" until_true 15 served
    check "it cannot be made again" refused 400 "is complete" - GET "/explain?url=$(encoded "$CLIENT")&with=rules:$id"
}

run_edits() {
    local body
    body='{"table": "rules", "change_type": "insert", "priority": "500", "mapping": "Firefox-130.0-build3", "backgroundRate": 100,
        "product": " Firefox ", "channel": "release", "update_type": "minor", "locale": "de"}'
    check "an edit" gives 200 $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": [$body]}"
    check "its rule would be chosen" is_value "['chosen', 100]" \
        "[a['compared']['rules'][0]['verdict'], a['compared']['dice']['rate']]"
    check "nothing is made" is_value "15" "len(a['rules'])"
    keep
    check "saved" gives 200 $ADMIN POST /scheduled_changes/rules "${body%\}}, \"change_type\": \"insert\", \"when\": $LATER}"
    body=$(number sc_id)
    gives 200 $RELENG POST "/scheduled_changes/rules/$body/signoffs" '{"role": "releng"}'
    gives 200 $RELMAN POST "/scheduled_changes/rules/$body/signoffs" '{"role": "relman"}'
    check "made" gives 200 balrogagent POST "/scheduled_changes/rules/$body/enact"
    check "the edit came true" came_true
}

# Releases of both kinds, pins and stops.
run_other_tables() {
    local blob
    check "the stored release" gives 200 - GET /v2/releases/Firefox-130.0-build3
    blob=$(python3 -c 'import json, sys
blob = json.load(open(sys.argv[1]))["blob"]
blob["updateLine"][0]["fields"]["detailsURL"] = "https://www.mozilla.org/changed"
print(json.dumps(blob))' "$WORK/body")
    check "a whole v2 release" gives 200 $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": [
        {\"table\": \"v2/releases\", \"change_type\": \"update\", \"name\": \"Firefox-130.0-build3\", \"blob\": $blob}]}"
    check "is as it would be" is_value True "'detailsURL=\"https://www.mozilla.org/changed\"' in a['compared']['dice']['outcomes'][0]['body']"
    check "a scheduled v2 release" gives 200 $ADMIN POST /v2/releases/Firefox-130.0-build3 "{\"blob\":
        {\"updateLine\": [{\"for\": {}, \"fields\": {\"detailsURL\": \"https://www.mozilla.org/later\", \"type\": \"minor\"}}]}, \"old_data_versions\": {\".\": 1}, \"when\": $LATER}"
    check "explained" explains "$CLIENT" with=v2/releases:Firefox-130.0-build3
    check "and is as it would be" is_value True "'detailsURL=\"https://www.mozilla.org/later\"' in a['compared']['dice']['outcomes'][0]['body']"
    check "a stop" gives 200 $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": [{\"table\": \"emergency_shutoff\",
        \"change_type\": \"insert\", \"product\": \"Firefox\", \"channel\": \"release\"}]}"
    check "stops" is_value "['shut_off', 'release']" \
        "[a['compared']['dice']['outcomes'][0]['reason'], a['compared']['stopped']['channel']]"
    check "a pin" gives 200 $RELENG POST /explain "{\"url\": \"$CLIENT?pin=129.\", \"changes\": [
        {\"table\": \"pinnable_releases\", \"change_type\": \"delete\", \"product\": \"Firefox\", \"channel\": \"release\",
         \"version\": \"129.\"}]}"
    check "is gone" is_value "['Firefox-129.0-build2', None]" "[a['pin']['mapping'], a['compared']['pin']['mapping']]"
    check "a deleted release" gives 200 $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": [\"v2/releases:Firefox-130.0-build3\",
        {\"table\": \"v2/releases\", \"change_type\": \"delete\", \"name\": \"Firefox-130.0-build3\"}]}"
    check "leads nowhere" is_value "no_release" "a['compared']['dice']['outcomes'][0]['reason']"
}

# The demo's rules were made in 2024; run_rule_change() has changed one of them since.
run_past() { # MS
    check "the past" explains "$CLIENT" "timestamp=$1"
    check "has the old rate" is_value "25" "a['dice']['rate']"
    check "before everything" explains "$CLIENT" timestamp=1000
    check "there was no rule" is_value "no_rule" "a['dice']['outcomes'][0]['reason']"
}

# ---- refusals ----

run_refusals() {
    local url kind
    url=$(encoded "$CLIENT")
    check "no URL" refused 400 "Missing query parameter 'url'" - GET /explain
    check "an empty one" gives 400 - GET '/explain?url='
    check "no form" refused 400 "No form of update query fits" - GET /explain?url=/update/7/x/update.xml
    check "no path" refused 400 "No form of update query fits" - GET /explain?url=https://aus5.mozilla.org
    check "a parameter of the URL's own" refused 400 "Extra query parameter" - GET "/explain?url=$url&pin=128."
    check "dice" refused 400 "dice has to be" - GET "/explain?url=$url&dice=100"
    check "an unknown kind" refused 400 "'permissions' is not a kind" - GET "/explain?url=$url&with=permissions:1"
    check "an unknown number" refused 400 "no scheduled change 99" - GET "/explain?url=$url&with=rules:99"
    check "no number" refused 400 "is not a scheduled change" - GET "/explain?url=$url&with=rules:x"
    check "the future" refused 400 "in the future" - GET "/explain?url=$url&timestamp=$LATER"
    check "changes of the past" refused 400 "with and timestamp cannot be given together" - GET "/explain?url=$url&timestamp=1000&with=rules:1"
    check "no time" gives 400 - GET "/explain?url=$url&timestamp=x"
    check "a format" gives 400 - GET "/explain?url=$url&format=xml"
    for kind in rules releases v2/releases v2/pins emergency_shutoff scheduled_changes/{rules,releases,pinnable_releases,emergency_shutoff}; do
        check "a bare reader sees /$kind anyway" gives 200 - GET "/$kind"
    done
    check "too many changes" refused 400 "More than 100 changes" $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": [$(
        printf '{"table": "rules", "change_type": "insert"},%.0s' {1..101} | sed 's/,$//')]}"
    check "edits need an account" gives 401 - POST /explain "{\"url\": \"$CLIENT\", \"changes\": []}"
    check "with a permission" gives 403 nobody@example.org POST /explain "{\"url\": \"$CLIENT\", \"changes\": []}"
    check "changes are a list" gives 400 $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\": {}}"
    check "an old version" refused 400 "is at data_version 1, and the change is for 77" $RELENG POST /explain "{\"url\": \"$CLIENT\", \"changes\":
        [{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 77}]}"
    check "under /api" gives 200 - GET "/api/explain?url=$url"
    check "a whole URL" explains "https://aus5.mozilla.org$CLIENT"
}

says_to_people() { # TEXT ARGUMENT…
    local text=$1
    shift
    BALROG=$ADMIN_URL "$TOP/scripts/explain" "$@" >"$WORK/body" 2>&1 || true
    body_has "$text"
}

run_script() {
    check "scripts/explain" says_to_people "Rules (15)" "$CLIENT"
    check "says what is chosen" body_has "rule 1, priority 90: chosen"
    check "and the shares" body_has "Answer to 25 % of such clients: 200, served"
    check "a draw" says_to_people "Answer to 75 % of such clients" --dice 99 "$CLIENT"
    check "a moment" says_to_people "no rule is chosen" --timestamp 2001-01-01 "$CLIENT"
    check "refusals" says_to_people "says 400: No form of update query fits" /nope
    check "wrong usage" says_to_people "which URL?"
    printf '["rules:99"]' >"$WORK/changes"
    check "edits" says_to_people "says 401" --changes "$WORK/changes" "$CLIENT"
}

: "${CLIENT:?}"
admin_up "$TOP/conf/demo.sql"
BEFORE=$(query "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)")
run_demo
run_headers
run_refusals
run_script
run_other_tables
run_rule_change
run_past "$BEFORE"
run_edits
run_conformance
summary
