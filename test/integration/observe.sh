#!/bin/bash
# What operators see of the programs: numbers for Prometheus, statsd and Sentry into local listeners, crashes. Real
# workers behind nginx; the listeners go away, and nobody waits for them.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: observe.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

WORKERS=1
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"
# shellcheck source=test/integration/listen_lib.sh
. "$TOP/test/integration/listen_lib.sh"

IN=$WORK/in # what arrives
CRASHES=$WORK/crash
ADMIN_URL=
QUERY=/update/6/Firefox/118.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192/default/default/update.xml
ASKED=$WORK/asked

# A query that nobody has asked yet: nginx has no answer to it.
fresh() {
    echo >>"$ASKED"
    local n
    n=$(wc -l <"$ASKED")
    echo "${QUERY/20200101000000/$((20200101000000 + n))}"
}

ask_admin() { # USER PATH
    curl -s --noproxy '*' --max-time 30 -o "$WORK/body" -w '%{http_code}' -H "X-Test-User: $1" "${@:3}" "$ADMIN_URL$2" || true
}

# ---- Prometheus ----

well_formed() { # URL: as promtool sees it
    curl -sf --noproxy '*' "$1/__metrics__" >"$WORK/metrics" && promtool check metrics <"$WORK/metrics"
}

shown() { # URL SERIES: its value
    curl -sf --noproxy '*' "$1/__metrics__" | awk -v name="$2" '$1 == name { print $2 }'
}

# counts URL SERIES RISE COMMAND…: the series rises by that much while the command runs.
counts() {
    local url=$1 series=$2 rise=$3 before after
    before=$(shown "$url" "$series")
    shift 3
    "$@" >/dev/null
    after=$(shown "$url" "$series")
    equal "$rise" $((${after:-0} - ${before:-0}))
}

rises() { # URL SERIES COMMAND…
    local before
    before=$(shown "$1" "$2")
    "${@:3}" >/dev/null
    (($(shown "$1" "$2") > before))
}

published() { # GENERATION: or a later one
    (($(shown "$PUBLIC_URL" balrog_public_snapshot_generation) >= $1))
}

# The status for one who is not on this machine, as far as nginx can tell: not at 127.0.0.1.
from_elsewhere() { # URL
    curl -s --noproxy '*' --interface 127.0.0.2 -o /dev/null -w '%{http_code}' "$1"
}

prometheus() {
    local url
    check "the public's numbers are in order" well_formed "$PUBLIC_URL"
    check "updates are counted" counts "$PUBLIC_URL" \
        'balrog_public_requests_total{endpoint="update",method="GET",status="200"}' 1 get "$(fresh)"
    check "their time is" counts "$PUBLIC_URL" 'balrog_public_request_seconds_count{endpoint="update"}' 1 get "$(fresh)"
    check "it is in the last bucket" counts "$PUBLIC_URL" \
        'balrog_public_request_seconds_bucket{endpoint="update",le="+Inf"}' 1 get "$(fresh)"
    check "HEAD is told apart" counts "$PUBLIC_URL" \
        'balrog_public_requests_total{endpoint="update",method="other",status="200"}' 1 get "$(fresh)" -I
    check "what is not there is counted" counts "$PUBLIC_URL" \
        'balrog_public_requests_total{endpoint="unknown",method="GET",status="404"}' 1 get /nothing
    check "the pool of the API has a connection then" counts "$PUBLIC_URL" \
        'balrog_public_database_pool_connections{state="idle"}' 1 get /api/v1/rules/1
    check "statements are counted" test "$(shown "$PUBLIC_URL" balrog_public_database_statements_total)" -gt 10
    check "throws are counted" test "$(shown "$PUBLIC_URL" 'balrog_public_throttle_total{outcome="fallback"}')" -gt 0
    check "the snapshot has rules" test "$(shown "$PUBLIC_URL" balrog_public_snapshot_rules)" -gt 0
    check "and takes memory" test "$(shown "$PUBLIC_URL" balrog_public_snapshot_bytes)" -gt 1000
    db <<<"UPDATE rules SET data_version = data_version + 1 WHERE rule_id = 1"
    check "a change makes another snapshot" until_true 10 published 2
    check "and it is known how old it was then" awk "BEGIN { lag = $(shown "$PUBLIC_URL" balrog_public_feed_lag_seconds)
        exit !(lag > 0 && lag < 5) }"
    check "the process has a size" awk "BEGIN { exit !($(shown "$PUBLIC_URL" process_resident_memory_bytes) > 1e6) }"
    check "the admin's numbers are in order" well_formed "$ADMIN_URL"
    check "its endpoints are counted" counts "$ADMIN_URL" \
        'balrog_admin_requests_total{endpoint="rules_get",status="200"}' 1 ask_admin - /rules
    check "refusals are" counts "$ADMIN_URL" \
        'balrog_admin_requests_total{endpoint="whoami",status="401"}' 1 ask_admin - /whoami
    check "and why" counts "$ADMIN_URL" 'balrog_admin_auth_refused_total{reason="unauthenticated"}' 1 ask_admin - /whoami
    check "their time is" counts "$ADMIN_URL" 'balrog_admin_request_seconds_count{endpoint="rules_get"}' 1 ask_admin - /rules
    check "the database's share is" rises "$ADMIN_URL" balrog_admin_database_statements_total ask_admin - /rules
    for url in "$PUBLIC_URL/__metrics__" "$PUBLIC_URL/__metrics__/canary" "$PUBLIC_URL/__uptake__/metrics" "$ADMIN_URL/__metrics__"; do
        check "nobody else may see them" equal 403 "$(from_elsewhere "$url")"
    done
}

# ---- statsd ----

statsd_has() { # NAME NUMBER
    [[ $(statsd_sum "$IN" "$1") == "$2" ]]
}

# Within a tenth, or 2: what crosses the end of a second is lost.
statsd_near() { # NAME NUMBER
    local n tenth=$(($2 / 10))
    n=$(statsd_sum "$IN" "$1")
    ((tenth > 2)) || tenth=2
    ((n >= $2 - tenth && n <= $2 + tenth))
}

# Lines that are no number of statsd's with our prefix, and packets that are too big.
statsd_wrong() {
    grep -vE '^([0-9]+|balrog\.(public|admin)\.[A-Za-z0-9_.]+:[0-9]+(\.[0-9]+)?\|(c|ms)(\|@0\.[0-9]+)?)$' "$IN/packets" || true
    awk '/^[0-9]+$/ && $1 > 1400' "$IN/packets"
}

ask_many() { # 500 queries; how many had which status is left in WORK/statuses
    local i n
    n=$(wc -l <"$ASKED")
    for ((i = 0; i < 500; i++)); do
        printf 'url = "%s"\noutput = /dev/null\n' "$PUBLIC_URL${QUERY/20200101000000/$((20200101000000 + ++n))}"
        echo >>"$ASKED"
    done >"$WORK/urls"
    curl -s --noproxy '*' -K "$WORK/urls" -w '%{http_code}\n' | sort | uniq -c >"$WORK/statuses"
}

statsd() {
    local i
    # What was counted before this answer has been sent once this is.
    get "/json/1/FirefoxVPN/2.1.0/WINNT_x86_64/release/update.json" >/dev/null
    until_true 10 statsd_has balrog.public.response.json.200 1
    : >"$IN/packets"
    ask_many
    get "$(fresh)" -I >/dev/null
    get /nothing >/dev/null
    get /__lbheartbeat__ >/dev/null
    check "answers by kind and status" until_true 10 statsd_has balrog.public.response.update.200 500
    check "and of nothing" until_true 10 statsd_has balrog.public.response.unknown.404 1
    check "what monitoring asks is not there" equal '' "$(grep -E 'response\.(monitoring|unknown\.200)' "$IN/packets" || true)"
    for i in parse_query evaluate_rules make_response; do
        # HEAD is timed too, as in the reference. A few at the ends of seconds get lost.
        check "$i stands for all queries" until_true 10 statsd_near "balrog.public.client.$i" 501
    done
    # Together fewer than a second's sample holds, so that none has to stand for another.
    for ((i = 0; i < 12; i++)); do
        get "/update/3/GMP/118.0/$((20200101000000 + i))/WINNT_x86_64-msvc-x64/de/release/x/default/default/update.xml" >/dev/null
        get "/update/3/SystemAddons/130.0/$((20200101000000 + i))/WINNT_x86_64-msvc-x64/de/release/x/default/default/update.xml" >/dev/null
    done
    check "superblobs by products" until_true 10 statsd_near balrog.public.client.process_response_products 12
    check "superblobs by releases" until_true 10 statsd_near balrog.public.client.process_response_blobs 12
    for ((i = 0; i < 20; i++)); do
        get "/json/1/FirefoxVPN/2.1.$i/WINNT_x86_64/release/update.json" >/dev/null
        ask_admin - /rules/columns/channel >/dev/null
    done
    check "answers of /json" until_true 10 statsd_has balrog.public.response.json.200 20
    check "timers of the admin" until_true 10 statsd_near balrog.admin.endpoint_rules_get_column 20
    check "timers of /json" until_true 10 statsd_near balrog.public.json.make_response 20
    check "all of it is statsd's" equal '' "$(statsd_wrong)"
}

# ---- Sentry ----

# Requests whose event says TEXT.
reports() { # TEXT
    local file n=0
    for file in "$IN"/request.*.body; do
        [[ -e $file ]] && grep -qF -- "$1" "$file" && n=$((n + 1))
    done
    echo "$n"
}

reported() { # TEXT
    (($(reports "$1") > 0))
}

# The jq expression is true of every event (the third line of each envelope).
events_are() { # EXPRESSION
    local file
    for file in "$IN"/request.*.body; do
        sed -n 3p "$file" | jq -e "$1" >/dev/null || { sed -n 3p "$file" | head -c 600 >&2 && return 1; }
        sed -n 1p "$file" | jq -e '.event_id | length == 32' >/dev/null
        sed -n 2p "$file" | jq -e --argjson n "$(sed -n 3p "$file" | tr -d '\n' | wc -c)" '.type == "event" and .length == $n' >/dev/null
    done
}

sentry() {
    local id
    check "nothing was wrong until now" equal 0 "$(find "$IN" -name '*.body' | wc -l)"
    db <<<"UPDATE releases SET data = '{\"name\": ' WHERE name = (SELECT name FROM (SELECT name FROM releases LIMIT 1) r)"
    check "a broken release is reported" until_true 20 reported release.broken
    sandbox stop db
    check "the API answers without a database" equal 503 "$(status '/api/v1/rules?product=Firefox')"
    check "which is reported" until_true 20 reported api.database
    check "so is the admin's failure" equal 503 "$(ask_admin boss@example.com /users \
        -H 'Authorization: Bearer eyJhbGciOi.topsecret.topsecret')"
    check "with its type" until_true 20 reported request.failed
    check "each is an event with a stack" events_are '.level == "error" and .environment == "test" and
        (.release | test("^balrog@[0-9]")) and (.exception.values[0].stacktrace.frames | length > 1) and
        (.message.formatted | length > 0)'
    id=$(grep -lF api.database "$IN"/request.*.body | sed -n 1p)
    check "of functions" grep -qF '"function": "api_read"' "$id"
    id=$(sed -n 3p "$id" | jq -r .tags.request_id)
    check "with the request's id, as nginx knows it" until_true 10 grep -qF "\"request_id\":\"$id\"" "$SANDBOX/log/access.log"
    check "the key is in the header" grep -qF 'sentry_key=publickey' "$IN/request.1.head"
    check "it went to the project" grep -qF 'POST /api/42/envelope/' "$IN/request.1.head"
    check "no secret went out" equal 0 "$(grep -lF -e topsecret -e publickey -e boss@example.com "$IN"/*.body | wc -l)"
    sandbox start db
}

# ---- other settings, without a restart ----

# Changes a line of a program's configuration and sends it HUP.
change_setting() { # PART LINE NEW-LINE
    local conf=$SANDBOX/$1.conf pid
    [[ $1 != public ]] || conf=$SANDBOX/balrog.conf
    sed -i "s|^$2\$|$3|" "$conf"
    grep -qxF -- "${3%%\\n*}" "$conf" || { echo "  $conf has no line '$2'" >&2 && return 1; }
    for pid in $(sandbox pids "$1"); do
        kill -HUP "$pid"
    done
}

events_of() { # ENVIRONMENT: any event names it
    grep -qF -- "\"environment\": \"$1\"" "$IN"/request.*.body
}

asked_arrives() { # NAME: a query is counted under that name
    get "$(fresh)" >/dev/null
    (($(statsd_sum "$IN" "$1") > 0))
}

reloaded() {
    local pids
    pids=$(sandbox pids public && sandbox pids admin)
    check "statsd's prefix of public changes" change_setting public "environment = test" "environment = later\n[statsd]\nprefix = renamed"
    check "public sends the new names" until_true 20 asked_arrives renamed.response.update.200
    check "an error is reported with the new environment" db <<<"UPDATE releases SET data = '{\"name\": ' WHERE name = (SELECT name FROM (SELECT name FROM releases ORDER BY name DESC LIMIT 1) r)"
    check "public's report names it" until_true 20 events_of later
    check "the admin's environment changes" change_setting admin "environment = test" "environment = later-admin"
    check "which its log says" until_true 10 grep -q '"Type": "config.loaded"' "$SANDBOX/log/admin.log"
    sandbox stop db
    check "the admin fails" equal 503 "$(ask_admin boss@example.com /users)"
    check "and its report names it" until_true 20 events_of later-admin
    sandbox start db
    sandbox start agent
    until_true 10 grep -q '"Type": "agent.started"' "$SANDBOX/log/agent.log"
    check "the agent reads its settings" change_setting agent "address = 127.0.0.1:$UDP_PORT" 'address = 127.0.0.1:1'
    check "which its log says" until_true 10 grep -q '"Type": "config.loaded"' "$SANDBOX/log/agent.log"
    check "a wrong address is refused" change_setting agent 'address = 127.0.0.1:1' 'address = ::'
    check "with the reason" until_true 10 grep -q '"Type": "config.refused".*\[statsd\] address' "$SANDBOX/log/agent.log"
    check "nothing was restarted" equal "$pids" "$(sandbox pids public && sandbox pids admin)"
}

# ---- crashes ----

# The thread that reads the answer of the database, apart from those that always wait so: the first and the last.
waiting_thread() { # PID
    local task number last
    last=$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
    for task in "/proc/$1/task"/*; do
        number=$(cut -d ' ' -f 1 "$task/syscall")
        if [[ ${task##*/} != "$1" && ${task##*/} != "$last" && ($number == 7 || $number == 0 || $number == 45) ]]; then
            echo "${task##*/}"
        fi
    done
}

api_works() {
    [[ $(status /api/v1/rules/1) == 200 ]]
}

is_waiting() { # PID
    [[ $(waiting_thread "$1") =~ ^[0-9]+$ ]]
}

locker() {
    db <<<"SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"
}

locked() {
    [[ -n $(locker) ]]
}

crash_file() { # NAME: "-" without one
    find "$CRASHES" -name "$1" | sed -n 1p
}

crash() {
    local pid thread=
    until_true 20 api_works
    pid=$(worker_pids)
    pid=${pid% }
    start_load 4 "$QUERY"
    # A lock that is held until its holder is gone keeps a request in the database.
    { db <<<'LOCK TABLES rules WRITE; SELECT SLEEP(60)' >/dev/null 2>&1 || true; } &
    until_true 20 locked
    { get /api/v1/rules/5 >/dev/null || true; } &
    until_true 20 is_waiting "$pid" && thread=$(waiting_thread "$pid")
    check "a request waits" test -n "$thread"
    [[ -z $thread ]] || kill -SEGV "$thread"
    db <<<"KILL $(locker)"
    check "another worker comes" until_true 20 other_worker "$pid"
    check "a file tells of the crash" until_true 20 crash_file_is "balrog-public-$pid-*.told"
    local file
    file=$(crash_file "balrog-public-$pid-*.told")
    check "of the signal" grep -qx 'signal SIGSEGV' "$file"
    check "of the request" grep -qx 'request GET /api/v1/rules/5' "$file"
    check "of its id" grep -qE '^request_id [0-9a-f]{32}$' "$file"
    check "of functions" grep -q '(service_handle+0x' "$file"
    check "the log does, too" grep -q '"Type": "crash".*SIGSEGV while answering GET /api/v1/rules/5; stack: ' "$LOG"
    check "Sentry is told at the next start" until_true 20 reported 'ended by SIGSEGV while answering GET /api/v1/rules/5'
    check "clients were answered all the while" no_bad_statuses
}

crash_file_is() {
    [[ -n $(crash_file "$1") ]]
}

other_worker() { # PID
    local pids
    pids=$(worker_pids)
    [[ -n ${pids% } && ${pids% } != "$1" ]]
}

# Those that were under way in the process that crashed get an answer of nginx's own.
no_bad_statuses() {
    end_load >"$WORK/load"
    test "$(get "$QUERY" -o /dev/null -w '%{http_code}')" = 200
}

# ---- nobody there ----

time_of_many() { # in ms
    local from
    from=$(date +%s%3N)
    ask_many
    echo $(($(date +%s%3N) - from))
}

gone() {
    local with without
    with=$(time_of_many)
    { kill -TERM "$LISTENER" && wait "$LISTENER"; } 2>/dev/null || true
    without=$(time_of_many)
    echo "500 queries: $with ms with the listeners, $without ms without"
    check "all are answered" equal '500 200' "$(awk '{ print $1, $2 }' "$WORK/statuses")"
    check "and no slower" test "$without" -lt $((3 * with + 500))
    check "errors are answered" equal 200 "$(status "$QUERY")"
    check "it is counted" until_true 20 statsd_failures
    check "and a stop does not wait" equal 0 "$(time_limit 20 sandbox stop public)"
}

statsd_failures() {
    (($(shown "$PUBLIC_URL" 'balrog_public_statsd_failures_total{what="send"}') > 0))
}

time_limit() { # SECONDS COMMAND…: 0 when it takes no longer
    local from=$SECONDS
    "${@:2}" >/dev/null 2>&1
    echo $((SECONDS - from > $1))
}

mkdir -p "$CRASHES"
listen_up "$IN"
LOOSE+=("$LISTENER")
printf 'http://publickey@127.0.0.1:%s/42\n' "$HTTP_PORT" >"$WORK/dsn"
chmod 600 "$WORK/dsn"
sandbox_up --load "$TOP/conf/demo.sql" --user-header X-Test-User --agent --set agent.user=balrogagent \
    --set "agent.password_file=$WORK/dsn" --set "statsd.address=127.0.0.1:$UDP_PORT" \
    --set "sentry.dsn_file=$WORK/dsn" --set sentry.environment=test --set "log.crash_dir=$CRASHES"
sandbox stop agent # its requests would count
prometheus
statsd
sentry
reloaded
crash
gone
summary
