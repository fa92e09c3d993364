#!/bin/bash
# The reference's agent can work for our admin: the requests that it makes, byte for byte as it sends them, are replayed,
# and the answers hold what it reads. Where its source is at hand (BALROG_REFERENCE_AGENT=DIR, the directory that holds
# src/balrogagent; it needs Python 3 with aiohttp and sentry_sdk), it runs itself.
#
# What it does, in a run: POST {client_id, client_secret, audience, grant_type} as JSON to https://AUTH0_DOMAIN/oauth/token;
# GET each list of scheduled changes, rules first and /v2/releases last; POST …/enact for what is due. All of these with
# the body {} (GET as well), Accept, Accept-Encoding and Content-Type application/json. Anything but 2xx ends its run, as
# does an answer that is not application/json; an empty body is fine.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: [BALROG_REFERENCE_AGENT=DIR] agent_reference.sh    (BALROG_BUILD: where the programs were built)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
# shellcheck source=test/integration/agent_lib.sh
. "$TOP/test/integration/agent_lib.sh"
trap world_down EXIT

PYTHON=${BALROG_REFERENCE_PYTHON:-/usr/bin/python3}
KINDS=(rules releases permissions emergency_shutoff required_signoffs/product required_signoffs/permissions
    pinnable_releases)
ENACTED=0

# One that is due and protected, and one that is due; of every other kind one.
schedule_all() {
    local protected free
    protected=$(schedule admin@x POST $SC/rules '{"change_type": "delete", "rule_id": 1, "data_version": 1}')
    free=$(schedule admin@x POST $SC/rules '{"change_type": "delete", "rule_id": 2, "data_version": 1}')
    schedule_all_kinds
    due rules "$protected" "$free"
    all_kinds_due
    # Of which its list has to tell that it waits: making a release writable.
    run_sql <<<"INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
        ('A1', 'Firefox', 1, '{\"name\": \"A1\", $BLOB}', 1)"
    check "a release is to become writable" gives 200 admin@x PUT /v2/releases/A1/read_only \
        '{"read_only": false, "old_data_version": 1}'
    due releases_json "$(query "SELECT sc_id FROM releases_json_scheduled_changes WHERE base_name = 'A1'")"
}

all_done() {
    check "all that was due and signed is enacted" equal "1 0 0 0 0 0 0 1" "$(for table in rules releases permissions \
        emergency_shutoffs product_req_signoffs permissions_req_signoffs pinnable_releases releases_json; do
        pending "$table" | wc -w
    done | paste -sd' ')"
    check "the protected rule is not" equal 1 "$(query 'SELECT COUNT(*) FROM rules WHERE rule_id = 1')"
    check "the release is not writable" equal 1 "$(query "SELECT read_only FROM releases_json WHERE name = 'A1'")"
}

# ---- the replay ----

# as_reference METHOD PATH: answered 200, as application/json, with JSON or nothing.
as_reference() {
    local got
    got=$(curl -s --noproxy '*' --max-time 60 -o "$WORK/body" -w '%{http_code} %{content_type}' -X "$1" \
        -H 'Accept-Encoding: application/json' -H 'Accept: application/json' -H 'Content-Type: application/json' \
        -H "Authorization: Bearer $TOKEN" -A 'Python/3.11 aiohttp/3.8.4' --data-binary '{}' "$ADMIN_URL$2")
    equal "200 application/json" "$got" || { cat "$WORK/body" >&2 && return 1; }
    [[ ! -s $WORK/body ]] || "$PYTHON" -m json.tool "$WORK/body" "$WORK/parsed"
}

# Which of the list in $WORK/body it would enact: a line an id. Members that it takes for granted have to be there.
would_enact() { # rules | v1 | v2
    "$PYTHON" - "$1" "$WORK/body" <<'EOF'
import json
import sys
import time

kind, name = sys.argv[1:]
answer = json.load(open(name))

def signed(change, needs):
    roles = list((change.get("signoffs") or {}).values())
    return all(roles.count(role) >= n for role, n in needs.items())

def due(change):
    return not change.get("telemetry_uptake") and change["when"] / 1000 <= time.time()

if kind == "v2":
    for release in answer["releases"]:
        needs = release.get("required_signoffs", {})
        if release["scheduled_changes"] and all(due(c) and signed(c, needs) for c in release["scheduled_changes"]):
            print(release["name"])
else:
    changes = answer["scheduled_changes"]
    if kind == "rules":
        changes = sorted(changes, key=lambda c: (c["when"], c["priority"] or 0), reverse=True)
    for change in changes:
        if due(change) and signed(change, change.get("required_signoffs") or {}):
            print(change["sc_id"])
EOF
}

# enact PATH ID…
enact() {
    local path=$1 id
    shift
    for id in "$@"; do
        check "enact $path/$id" as_reference POST "$path/$id/enact"
        ENACTED=$((ENACTED + 1))
    done
}

replay() {
    local kind ids
    for kind in "${KINDS[@]}"; do
        check "GET $kind" as_reference GET "$SC/$kind"
        ids=$(would_enact "$([[ $kind == rules ]] && echo rules || echo v1)")
        # shellcheck disable=SC2086 # words
        enact "$SC/$kind" $ids
    done
    check "GET v2/releases" as_reference GET /v2/releases
    ids=$(would_enact v2)
    # shellcheck disable=SC2086 # words
    enact /v2/releases $ids
    check "as many as there were" equal 8 "$ENACTED"
}

# ---- itself ----

# What it talks to has to speak TLS: the world's token, behind a certificate of its own.
# shellcheck disable=SC2016 # the variables are nginx's
tls_up() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext 'subjectAltName=DNS:localhost' \
        -keyout "$WORK/tls.key" -out "$WORK/tls.pem" 2>/dev/null
    sed -i "s|^        listen 127.0.0.1:$PORT;|&\n        listen 127.0.0.1:$((PORT + 2)) ssl;\n        ssl_certificate $WORK/tls.pem;\n        ssl_certificate_key $WORK/tls.key;|" \
        "$WORK/world/conf"
    kill -HUP "$WORLD"
    eventually curl -fs --noproxy '*' --cacert "$WORK/tls.pem" -d x -o /dev/null "https://localhost:$((PORT + 2))/oauth/token"
}

# It runs for ever; when it has asked for the last list it has done a run.
reference_did_a_run() {
    tail -n "+$1" "$BOX/log/admin-access.log" | grep 'GET /v2/releases"' >/dev/null
}

itself() {
    local lines agent
    lines=$(($(wc -l <"$BOX/log/admin-access.log") + 1))
    check "tokens by TLS" tls_up
    env -C "$BALROG_REFERENCE_AGENT/src" SSL_CERT_FILE="$WORK/tls.pem" AUTH0_DOMAIN="localhost:$((PORT + 2))" \
        AUTH0_AUDIENCE=balrog AUTH0_M2M_CLIENT_ID=Client1 AUTH0_M2M_CLIENT_SECRET=x TELEMETRY_API_ROOT=x \
        LOG_FORMAT=plain PYTHONDONTWRITEBYTECODE=1 BALROG_API_ROOT="$ADMIN_URL" \
        "$PYTHON" -m balrogagent.cmd >"$WORK/reference.log" 2>&1 &
    agent=$!
    check "the reference's agent does a run" eventually reference_did_a_run "$lines"
    check "up to its end" eventually nothing_waits
    kill "$agent"
    wait "$agent" 2>/dev/null || true
    check "without an error" equal '' "$(grep -E 'ERROR|Traceback' "$WORK/reference.log" || true)"
}

# What it enacts last.
nothing_waits() {
    equal '' "$(query "SELECT sc_id FROM releases_json_scheduled_changes WHERE complete = 0 AND base_name <> 'A1'")"
}

agent_rows 5 >"$WORK/rows.sql"
make_keys
admin_up "$WORK/rows.sql" --set "admin.issuer=$ISSUER" --set admin.audience=balrog \
    --set "admin.jwks_file=$WORK/jwks.json" --set 'admin.machine=Client1 balrogagent'
TOKEN=$(jwt 600)
schedule_all
if [[ -n ${BALROG_REFERENCE_AGENT-} ]]; then
    world_up
    itself
else
    echo "the reference's agent itself is not run: BALROG_REFERENCE_AGENT is not set"
    replay
fi
all_done
summary
