# shellcheck shell=bash
# A sandbox of the test's own and questions to it, for the tests of balrog-public that source this.

TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
WORK=$(mktemp -d)
SANDBOX=$WORK/sandbox
LOG=$SANDBOX/log/public.log
WORKERS=1
# What the tests ask is for the workers to answer; cache.sh is for nginx's cache.
CACHE=off
EMPTY=$'<?xml version="1.0"?>\n<updates>\n</updates>'
: "${PUBLIC_URL=}" "${DB_SOCKET=}" "${DB_NAME=}" "$LOG" "$EMPTY"

# What else is to be ended, as pids.
LOOSE=()

take_down() {
    local pid
    for pid in "${LOOSE[@]}"; do
        { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
    done
    if [[ -e $SANDBOX/.balrog-sandbox ]]; then
        "$TOP/scripts/sandbox" down "$SANDBOX" || true
    fi
    rm -rf -- "$WORK"
}
trap take_down EXIT

# sandbox COMMAND [ARG…]: on the test's own.
sandbox() {
    if ! "$TOP/scripts/sandbox" "$1" "$SANDBOX" "${@:2}" 2>>"$WORK/sandbox.log"; then
        cat "$WORK/sandbox.log" >&2
        return 1
    fi
}

# sandbox_up [OPTION…]: makes it or changes its settings; sets PUBLIC_URL, DB_SOCKET and DB_NAME.
sandbox_up() {
    local printed
    printed=$(sandbox up --workers "$WORKERS" --cache "$CACHE" "$@") || exit 1
    eval "$printed"
}

# db <SQL: as root, rows as tab-separated lines.
db() {
    mariadb --no-defaults --socket="$DB_SOCKET" --user=root --default-character-set=utf8mb4 --max-allowed-packet=1G \
        --batch --skip-column-names "$DB_NAME"
}

# ---- questions ----

# get PATH [CURL OPTION…]: the body.
get() {
    curl -s --path-as-is --globoff --max-time 30 --noproxy '*' "${@:2}" "$PUBLIC_URL$1"
}

# status PATH [CURL OPTION…]
status() {
    get "$1" -o /dev/null -w '%{http_code}' "${@:2}" || true
}

# update_path CHANNEL [VERSION [BUILD_ID]]: of a client that the releases of app_release() are for.
update_path() {
    printf '/update/3/Firefox/%s/%s/p/l/%s/os/default/default/update.xml' "${2:-1.0}" "${3:-20000101000000}" "$1"
}

# app_release NAME [VERSION [HASH]]: the JSON of a release with one platform and one locale.
app_release() {
    local version=${2:-50.0} hash=${3:-0123456789abcdef}
    printf '{"name": "%s", "schema_version": 4, "hashFunction": "sha512", "appVersion": "%s", "displayVersion": "%s",
        "platformVersion": "%s", "fileUrls": {"*": {"completes": {"*": "http://download.mozilla.org/?product=%s"}}},
        "platforms": {"p": {"OS_FTP": "p", "OS_BOUNCER": "p", "locales": {"l": {"buildID": "20300101000000",
        "completes": [{"from": "*", "filesize": 1, "hashValue": "%s"}]}}}}}' \
        "$1" "$version" "$version" "$version" "$1" "$hash"
}

# probe COMMAND…: asks each worker by itself, see fcgi_probe.c.
probe() {
    "$BUILD/test/integration/fcgi_probe" "$SANDBOX/run/public.sock" "$WORKERS" "$@"
}

# shows MS [!]TEXT PATH: every worker answers with TEXT within that time.
shows() {
    local took
    took=$(probe await "$@") || { printf '  not within %s ms: %s in %s\n' "$@" >&2 && return 1; }
    printf '%5d ms: %s\n' "$took" "$2"
}

# metric NAME: summed over all workers. Labels belong to the name: 'answers_total{reason="served"}'
metric() {
    probe each /__metrics__ | awk -v name="balrog_public_$1" '$1 == name { sum += $2 } END { print sum + 0 }'
}

worker_pids() {
    sandbox pids public | sort | tr '\n' ' '
}

# ---- load ----

# start_load CONNECTIONS PATH…: wrk asks for the paths in turn until end_load.
start_load() {
    local path
    {
        echo 'paths = {'
        for path in "${@:2}"; do
            printf '    "%s",\n' "$path"
        done
        echo '}'
        echo 'turn = 0'
        echo 'function request() turn = turn % #paths + 1; return wrk.format("GET", paths[turn]) end'
    } >"$WORK/load.lua"
    wrk --threads 1 --connections "$1" --duration 1h --timeout 10s --script "$WORK/load.lua" "$PUBLIC_URL" \
        >"$WORK/wrk.out" 2>&1 &
    LOAD=$!
    LOOSE+=("$LOAD")
    ANSWERED_BY_NGINX=$(answered_by_nginx)
}

# How many answers nginx gave because no worker did; each is a 200.
answered_by_nginx() {
    grep -cE '"status":200,.*("upstream_status":"([^"]*[:,] )?50[24]"|"limit":"REJECTED")' "$SANDBOX/log/access.log" || true
}

# end_load: sets REQUESTS, how many were answered, and FAILURES, what wrk says of failed ones, and how many nginx had to answer
# (nothing if none did).
end_load() {
    kill -INT "$LOAD"
    wait "$LOAD" || true
    REQUESTS=$(awk '/requests in/ { print $1 }' "$WORK/wrk.out")
    FAILURES=$(grep -E 'Non-2xx|Socket errors' "$WORK/wrk.out" || true)
    ANSWERED_BY_NGINX=$(($(answered_by_nginx) - ANSWERED_BY_NGINX))
    ((ANSWERED_BY_NGINX == 0)) || FAILURES+=" $ANSWERED_BY_NGINX answers by nginx alone"
    : "${REQUESTS:=0}" "$FAILURES"
}

# Calls the test's own change(), which makes a rule, with 1, 2, 3, … until the file $WORK/enough exists. The rules that were
# acknowledged are in $WORK/acknowledged.
change_forever() {
    local n=0
    while [[ ! -e $WORK/enough ]]; do
        n=$((n + 1))
        case $(change "$n") in
        200 | 201) echo "T$n" >>"$WORK/acknowledged" ;;
        *) sleep 0.1 ;;
        esac
    done
}
