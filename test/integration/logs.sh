#!/bin/bash
# Every line that a session leaves in the logs, of nginx and of the programs: strict JSON, as the schemas of conf/logs
# say, in the right stream, with the request's id, without secrets. The schemas and Fluent Bit's configuration fit each
# other. (Debian has no Fluent Bit to check its configuration with; what is looked at here is its structure.)
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: logs.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

WORKERS=1
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

SCHEMAS=$TOP/conf/logs
ADMIN_URL=
ACCESS=$SANDBOX/log/access.log
ADMIN_ACCESS=$SANDBOX/log/admin-access.log
declare -A PIDS=()
TOKEN=eyJhbGciOiJSUzI1NiJ9.eyJzZWNyZXQiOiJ4In0.c2lnbmF0dXJl

# ---- schemas ----

# A jq program: is every column of the row known, of its type, and there where it has to be?
# shellcheck disable=SC2016 # the variables are jq's
FITS='
def fits($schema):
    . as $row
    | ($schema | map(.name)) as $names
    | type == "object" and ((keys - $names) | length == 0)
    and all($schema[]; . as $c | $row[$c.name] as $v |
        if $v == null then $c.mode != "REQUIRED"
        elif $c.type == "STRING" then $v | type == "string"
        elif $c.type == "TIMESTAMP" then $v | type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}$")
        elif $c.type == "INTEGER" then $v | type == "number" and floor == .
        elif $c.type == "FLOAT" then $v | type == "number"
        elif $c.type == "RECORD" then $v | fits($c.fields)
        else false end);
'

# Strict JSON, one value a line, in UTF-8, and nothing that a terminal would obey.
is_json_lines() { # FILE
    python3 - "$1" <<'PYTHON'
import json
import sys

for number, line in enumerate(open(sys.argv[1], "rb"), 1):
    try:
        assert line.endswith(b"\n"), "no newline"
        text = line.decode("utf-8")[:-1]
        assert not any(c < " " or "\x7f" <= c <= "\x9f" for c in text), "a control character"
        json.loads(text, parse_constant=lambda name: sys.exit(name))
    except Exception as error:
        sys.exit("  line %d: %s: %r" % (number, error, line[:300]))
PYTHON
}

rows_fit() { # SCHEMA FILE
    local wrong
    wrong=$(jq -c --slurpfile schema "$SCHEMAS/$1.json" "$FITS select(fits(\$schema[0]) | not)" "$2" | head -n 3)
    equal '' "$wrong"
}

schema_is_one() { # NAME: as BigQuery takes it
    jq -e 'def ok: type == "array" and length > 0 and all(.[];
            (.name | test("^[A-Za-z_][A-Za-z0-9_]*$")) and (.mode | IN("REQUIRED", "NULLABLE")) and
            (.type | IN("STRING", "INTEGER", "FLOAT", "TIMESTAMP", "RECORD")) and
            ((.type == "RECORD") == has("fields")) and (if has("fields") then .fields | ok else true end) and
            ((keys - ["name", "type", "mode", "description", "fields"]) | length == 0)) and
            (map(.name) | length == (unique | length));
        ok' "$SCHEMAS/$1.json" >/dev/null
}

# ---- Fluent Bit's configuration ----

# What is wrong with FILE: sections and keys by their form, and the keys that a section must have.
fluent_wrong() { # FILE
    awk '
        function finish(i, n, need) {
            n = split(needs[section " " name], need, " ")
            for (i = 1; i <= n; i++) {
                if (!(need[i] in has)) {
                    print section " " name ": " need[i] " is missing"
                }
            }
            delete has
            name = ""
        }
        BEGIN {
            needs["INPUT tail"] = "Tag Path Parser DB"
            needs["OUTPUT bigquery"] = "Match google_service_credentials project_id dataset_id table_id"
            needs["FILTER grep"] = "Match Regex"
            needs["SERVICE "] = "Flush Parsers_File storage.path"
        }
        /^(#.*)?$/ { next }
        /^\[(SERVICE|INPUT|FILTER|OUTPUT|PARSER)\]$/ { finish(); section = substr($0, 2, length($0) - 2); next }
        /^    [A-Za-z_.]+ +[^ ]/ {
            if ($1 in has) { print "line " NR ": " $1 " again" }
            has[$1] = 1
            if ($1 == "Name") { name = $2 }
            if (section == "") { print "line " NR ": outside of a section" }
            next
        }
        { print "line " NR ": " $0 }
        END { finish() }' "$1"
}

fluent_values() { # FILE KEY
    awk -v key="$2" '$1 == key { print $2 }' "$1" | sort -u
}

# Every Match of an output finds a Tag, and every Tag an output.
tags_are_taken() {
    local tag pattern taken
    while read -r tag; do
        taken=0
        while read -r pattern; do
            # shellcheck disable=SC2053 # it is a pattern
            [[ $tag != $pattern ]] || taken=1
        done < <(awk '/^\[/ { output = /OUTPUT/ } output && $1 == "Match" { print $2 }' "$SCHEMAS/fluent-bit.conf")
        ((taken)) || { echo "  $tag goes nowhere" >&2 && return 1; }
    done < <(fluent_values "$SCHEMAS/fluent-bit.conf" Tag)
}

configuration() {
    local name
    for name in requests stdout stderr; do
        check "$name.json is a schema" schema_is_one "$name"
    done
    check "the two of the programs are the same" cmp "$SCHEMAS/stdout.json" "$SCHEMAS/stderr.json"
    for name in fluent-bit parsers; do
        check "$name.conf has the form" equal '' "$(fluent_wrong "$SCHEMAS/$name.conf")"
    done
    check "the tables are those" equal 'requests stderr stdout' "$(fluent_values "$SCHEMAS/fluent-bit.conf" table_id | xargs)"
    check "the parsers are there" equal "$(fluent_values "$SCHEMAS/parsers.conf" Name)" \
        "$(fluent_values "$SCHEMAS/fluent-bit.conf" Parser)"
    check "every log goes somewhere" tags_are_taken
    check "a wrong configuration is found" test -n "$(fluent_wrong <(sed '/table_id/d' "$SCHEMAS/fluent-bit.conf"))"
}

# ---- a session ----

# start_alone PART [OPTION…]: the program by itself, its streams apart, on the sandbox's socket.
start_alone() {
    local part=$1
    sandbox stop "$part"
    spawn-fcgi -n -s "$SANDBOX/run/$part.sock" -M 0600 -b 4096 -- "$BUILD/balrog-$part" --config "$SANDBOX/$(conf_of "$part")" \
        >"$WORK/$part.out" 2>"$WORK/$part.err" &
    LOOSE+=($!)
    PIDS[$part]=$!
}

has_agent() {
    [[ -x $BUILD/balrog-agent ]]
}

conf_of() {
    [[ $1 == admin ]] && echo admin.conf || echo balrog.conf
}

ask_admin() { # PATH [CURL OPTION…]
    curl -s --noproxy '*' --path-as-is --globoff --max-time 30 -o "$WORK/body" -w '%{http_code}' "${@:2}" "$ADMIN_URL$1" || true
}

serves() { # URL
    [[ $(curl -s --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' "$1/__lbheartbeat__") == 200 ]]
}

session_public() {
    local path
    for path in "$(update_path release)" '/update/3/Firefox/none/2020/p/l/release/os/default/default/update.xml' \
        '/update/what"is\this/%1b[31m/%0a{"Timestamp":1}' '/update/6/Firefox/1/%ff%fe/%c3%a9/%e2%82%ac/%22/%5c/x/update.xml' \
        "/update/3/Firefox/$(printf 'x%.0s' {1..6000})/1/p/l/release/os/default/default/update.xml" \
        '/json/1/FirefoxVPN/2.1.0/WINNT_x86_64/release/update.json' /api/v1/rules /api/v1/rules/%00 /nothing /__version__; do
        get "$path" -o /dev/null -A $'agent "with" \\ \x01 caf\xc3\xa9'
    done
}

session_admin() {
    ask_admin /whoami -H "Authorization: Bearer $TOKEN" >/dev/null
    ask_admin "/rules?access_token=$TOKEN" -H 'Authorization: Basic dXNlcjpodW50ZXIy' >/dev/null
    ask_admin /rules -H 'X-Test-User: balrogagent' -H 'Content-Type: application/json' -d '{"password": "hunter2", "product": ""}' >/dev/null
    ask_admin /rules -H "X-Test-User: releng@example.org" -H 'Content-Type: application/json' \
        -d '{"product": "Thunderbird", "channel": "nightly", "alias": "log\"test", "mapping": "Thunderbird-128.2.0esr-build1", "priority": 95, "backgroundRate": 50, "update_type": "minor"}' >/dev/null
    ask_admin /rules -H "X-Test-User: releng@example.org" -H 'Content-Type: application/json' \
        -d '{"product": "Thunderbird", "channel": "nightly", "mapping": "Thunderbird-128.2.0esr-build1", "priority": 95, "backgroundRate": 50, "update_type": "minor"}' >/dev/null
    ask_admin '/releases/%1b[31m%0a"x"' >/dev/null
    ask_admin /rules/columns/channel >/dev/null
}

session() {
    ! has_agent || sandbox stop agent
    start_alone public
    start_alone admin
    until_true 30 serves "$PUBLIC_URL"
    until_true 30 serves "$ADMIN_URL"
    session_public
    session_admin
    kill -HUP "${PIDS[public]}" "${PIDS[admin]}"
    until_true 20 grep -q config.loaded "$WORK/public.out"
    until_true 20 grep -q config.loaded "$WORK/admin.out"
    sandbox stop db
    check "without a database the API says so" equal 503 "$(status /api/v1/rules)"
    check "so does the admin" equal 503 "$(ask_admin /users -H 'X-Test-User: releng@example.org')"
    until_true 20 grep -q database.failed "$WORK/public.err"
    sandbox start db
    if has_agent; then
        "$BUILD/balrog-agent" --config "$SANDBOX/agent.conf" --once >"$WORK/agent.out" 2>"$WORK/agent.err" || true
    fi
    kill -TERM "${PIDS[public]}" "${PIDS[admin]}"
    wait "${PIDS[public]}" "${PIDS[admin]}" 2>/dev/null || true
}

# ---- what was logged ----

# Requests whose id nginx does not know, and lines of those kinds that have none.
ids_wrong() {
    cat "$ACCESS" "$ADMIN_ACCESS" | jq -r .request_id | sort -u >"$WORK/ids"
    cat "$WORK"/{public,admin}.{out,err} | jq -r '.Fields.requestid // empty' | sort -u | comm -23 - "$WORK/ids"
    cat "$WORK"/{public,admin}.{out,err} |
        jq -c 'select((.Type | test("^(answer|api|auth|request|audit|heartbeat)")) and .Type != "auth.nobody" and (.Fields.requestid == null))'
}

# Whether a request whose path begins with PATH left a line of TYPE with its id.
line_of() { # ACCESS-LOG PATH TYPE
    jq -r --arg path " $2" 'select(.request | contains($path)) | .request_id' "$1" >"$WORK/ids"
    cat "$WORK"/{public,admin}.{out,err} | jq -r --arg type "$3" 'select(.Type == $type) | .Fields.requestid // empty' |
        grep -Ff "$WORK/ids" >/dev/null
}

lines() {
    local part stream name
    for part in public admin agent; do
        for stream in out err; do
            [[ -s $WORK/$part.$stream ]] || continue
            name="$part's std$stream"
            check "$name is JSON" is_json_lines "$WORK/$part.$stream"
            check "$name fits its schema" rows_fit "std$stream" "$WORK/$part.$stream"
            check "$name is the program's" equal "balrog-$part" "$(jq -r .Logger "$WORK/$part.$stream" | sort -u)"
        done
        [[ ! -e $WORK/$part.out ]] || check "what is well goes to stdout" \
            equal '' "$(jq -r 'select(.Severity >= 400) | .Type' "$WORK/$part.out")"
        [[ ! -e $WORK/$part.err ]] || check "what is not to stderr" \
            equal '' "$(jq -r 'select(.Severity < 400) | .Type' "$WORK/$part.err")"
    done
    check "the public's access log is JSON" is_json_lines "$ACCESS"
    check "and fits" rows_fit requests "$ACCESS"
    check "so is the admin's" is_json_lines "$ADMIN_ACCESS"
    check "and fits" rows_fit requests "$ADMIN_ACCESS"
}

contents() {
    check "a broken schema would show" equal 1 \
        "$(rows_fit requests <(jq -c 'del(.client)' "$ACCESS" | sed -n 1p) 2>/dev/null && echo 0 || echo 1)"
    check "ids are nginx's, and on every line of a request" equal '' "$(ids_wrong)"
    check "a query that is none" line_of "$ACCESS" '/update/what' answer.no_route
    check "a failure of the API" line_of "$ACCESS" '/api/v1/rules' api.database
    check "a caller who is nobody" line_of "$ADMIN_ACCESS" '/whoami' auth.refused
    check "a change" test "$(jq -r 'select(.Type == "audit") | .Fields.requestid' "$WORK/admin.out" | grep -cE '^[0-9a-f]{32}$')" -ge 1
    check "levels: debug is there" grep -q '"Severity": 100' "$WORK/admin.out"
    check "what a client sends begins no line" equal 0 "$(cat "$WORK"/*.out "$WORK"/*.err | grep -c '^{"Timestamp":1}' || true)"
    check "no secret is in any of them" equal '' \
        "$(grep -lE "hunter2|agentpassword|YmFscm9nYWdlbnQ6|dXNlcjpodW50ZXIy|$TOKEN|$(<"$SANDBOX/run/password")" "$WORK"/*.{out,err} "$ACCESS" "$ADMIN_ACCESS" || true)"
}

configuration
agent=()
# It is not known to this admin by a password, and says so: that is logged, too.
(umask 077 && echo agentpassword >"$WORK/agent-password")
! has_agent || agent=(--agent --set agent.user=balrogagent --set "agent.password_file=$WORK/agent-password")
sandbox_up --load "$TOP/conf/demo.sql" --user-header X-Test-User --set log.level=debug "${agent[@]}"
session
until_true 10 grep -q /__version__ "$ACCESS"
lines
contents
summary
