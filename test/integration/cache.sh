#!/bin/bash
# nginx's micro-cache: which answers are kept, for how long, and by which key, under load and while data change.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

CACHE=on
ROUNDS=3 # of shutting off
MANY=2000
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    ROUNDS=40
    MANY=20000
fi
ACCESS=$SANDBOX/log/access.log
KEPT=$SANDBOX/tmp/cache
HOT=$(update_path hot)
DICE=$(update_path dice)
SIGNED=${HOT/Firefox/Signed}
MAC=${HOT/\/p\/l\/hot/\/Darwin\/l\/mac}
POWER_PC='Mozilla/5.0 (Macintosh; PPC Mac OS X 10.4)'

rule() { # ID PRODUCT CHANNEL MAPPING: SQL that makes it
    echo "INSERT INTO rules (rule_id, priority, backgroundRate, update_type, product, channel, mapping, data_version)
        VALUES ($1, 100, 100, 'minor', '$2', '$3', '$4', 1);"
}

release() { # NAME PRODUCT: SQL that makes it
    echo "INSERT INTO releases (name, product, data, data_version) VALUES ('$1', '$2', '$(app_release "$1")', 1);"
}

make_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$WORK/key" 2>/dev/null
    openssl pkey -in "$WORK/key" -pubout -out "$WORK/key.pub"
    chmod 600 "$WORK/key"
}

prepare() {
    db <<<"$(release R1 Firefox) $(release R2 Firefox) $(release S1 Signed | sed 's/download.mozilla.org/signed.example/')
        $(release M1 Firefox | sed 's/"p": {/"Darwin": {/') $(release M2 Firefox | sed 's/"p": {/"Darwin": {/')
        $(rule 1 Firefox hot R1) $(rule 2 Firefox dice R1) $(rule 3 Firefox zero R1) $(rule 4 Signed hot S1)
        $(rule 5 Firefox mac M1) $(rule 6 Firefox mac M2)
        UPDATE rules SET backgroundRate = 50, fallbackMapping = 'R2' WHERE rule_id = 2;
        UPDATE rules SET backgroundRate = 0 WHERE rule_id = 3;
        UPDATE rules SET priority = 200, headerArchitecture = 'PPC' WHERE rule_id = 6;"
    check "the rules are in use" shows 2000 product=M1 "$MAC"
}

# ---- asking, and what the log says ----

# urls COUNT PATH: a configuration for curl that asks that often.
urls() {
    local i
    for ((i = 0; i < $1; i++)); do
        printf 'url = "%s%s"\n' "$PUBLIC_URL" "$2"
    done
}

# ask COUNT PATH [CURL OPTION…]: one after the other on one connection; heads and bodies.
ask() {
    urls "$1" "$2" |
        curl -s --path-as-is --globoff --max-time 30 --noproxy '*' -i -w '\n' "${@:3}" -K - | tr -d '\r'
}

# logged COUNT PATH: waits until the log holds as many GETs of that path. nginx writes it once a second.
logged() {
    until_true 3 in_log "$@"
}

in_log() {
    (($(grep -cF "\"request\":\"GET $2 " "$ACCESS" || true) >= $1))
}

# status_count STATUS PATH: how often the log says that the cache had that to say of GET PATH.
status_count() {
    grep -F "\"request\":\"GET $2 " "$ACCESS" | grep -c "\"cache\":\"$1\"" || true
}

served() {
    metric 'answers_total{reason="served"}'
}

# ---- what may be kept ----

allowed() { # PATH: what the worker says to nginx
    probe each "$1" | tr -d '\r' | sed -n 's/^X-Accel-Expires: //p'
}

test_allowed() {
    local from path
    from=$(date +%s)
    path=$(allowed "$HOT")
    check "an update may be kept until the second is over" test "${path#@}" -ge "$from" -a "${path#@}" -le "$(date +%s)"
    for path in "$(update_path nowhere)" "$(update_path zero)" "$DICE?force=1" "$DICE?force=-1" "$SIGNED" \
        /json/1/Firefox/1.0/p/nowhere/update.json; do
        check "it may be kept: $path" equal @ "$(allowed "$path" | head -c 1)"
    done
    for path in "$DICE" /update/3/Firefox /update "$HOT?pin=x" /__heartbeat__ /__lbheartbeat__ /__version__ \
        /__metrics__ /api/v1/rules /api/v1/releases /nothing /; do
        check "it may not: $path" equal 0 "$(allowed "$path")"
    done
}

test_hits() {
    local before hits
    before=$(served)
    ask 100 "$HOT" >"$WORK/all"
    check "every answer is a 200" equal 100 "$(grep -c '^HTTP/1.1 200' "$WORK/all")"
    check "and an update" equal 100 "$(grep -c product=R1 "$WORK/all")"
    check "the rule's headers are kept with it" equal "100 100" \
        "$(grep -c '^Rule-ID: 1$' "$WORK/all") $(grep -c '^Rule-Data-Version: 1$' "$WORK/all")"
    check "clients and further caches are told what they always are" equal 100 \
        "$(grep -c '^Cache-Control: public, max-age=90$' "$WORK/all")"
    check "and nothing of this cache" equal 0 "$(grep -ci '^X-Accel' "$WORK/all")"
    check "each has the common headers once" equal "100 100 100" "$(for header in Strict-Transport-Security \
        X-Content-Type-Options Content-Security-Policy; do grep -c "^$header: " "$WORK/all"; done | paste -sd ' ')"
    check "the log is written" logged 100 "$HOT"
    hits=$(status_count HIT "$HOT")
    printf '%d of 100 from the cache\n' "$hits"
    check "it says that most came from the cache" test "$hits" -ge 80
    check "the others were the worker's" equal $((100 - hits)) $(($(served) - before))
    check "the first ones were asked for too seldom" test "$(status_count MISS "$HOT")" -ge 3
}

test_head() {
    ask 20 "$HOT" -I >"$WORK/heads"
    check "HEAD is answered" equal 20 "$(grep -c '^HTTP/1.1 200' "$WORK/heads")"
    check "with the body's length" equal "$(get "$HOT" | wc -c)" "$(sed -n 's/^Content-Length: //p' "$WORK/heads" | sort -u)"
    check "and no body" equal 0 "$(grep -c update "$WORK/heads")"
    check "GET has one still" equal 20 "$(ask 20 "$HOT" | grep -c product=R1)"
    check "POST is refused as ever" equal 405 "$(status "$HOT" -X POST)"
}

test_dice() {
    ask 200 "$DICE" >"$WORK/all"
    check "both answers were thrown" equal "R1 R2" \
        "$(grep -o 'product=R[12]' "$WORK/all" | cut -d= -f2 | sort -u | paste -sd ' ')"
    check "none was left out" equal 200 "$(grep -c 'product=R[12]' "$WORK/all")"
    check "the log is whole" logged 200 "$DICE"
    check "none came from the cache" equal 200 "$(status_count MISS "$DICE")"
}

test_agents() {
    local i
    for ((i = 0; i < 5; i++)); do
        ask 20 "$MAC" -A "$POWER_PC" >>"$WORK/ppc"
        ask 20 "$MAC" -A 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15)' >>"$WORK/intel"
    done
    check "the log tells" logged 200 "$MAC"
    check "PowerPCs get theirs" equal 100 "$(grep -c product=M2 "$WORK/ppc")"
    check "the others theirs" equal 100 "$(grep -c product=M1 "$WORK/intel")"
    check "PowerPCs also from the cache" test "$(grep -c "\"HIT\".*$POWER_PC" "$ACCESS")" -gt 5
    check "the others, too" test "$(grep -c '"HIT".*Intel Mac' "$ACCESS")" -gt 5
}

# ---- signatures ----

# verifies HEADER BODY_FILE
verifies() {
    local hex
    hex=$(tr '_-' '/+' <<<"${1#*p384ecdsa=}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:96}" "${hex:96}" >"$WORK/asn1"
    openssl asn1parse -genconf "$WORK/asn1" -noout -out "$WORK/der" &&
        { printf 'Content-Signature:\0' && cat "$2"; } >"$WORK/signed" &&
        openssl dgst -sha384 -verify "$WORK/key.pub" -signature "$WORK/der" "$WORK/signed" >/dev/null
}

# Asks once and keeps the answer with the signature that it came with; whether it is of that version.
signed_version() { # VERSION
    local header name
    get "$SIGNED" -D "$WORK/head" -o "$WORK/body"
    header=$(tr -d '\r' <"$WORK/head" | sed -n 's/^Content-Signature: //p')
    name=$(cat "$WORK/body" - <<<"$header" | md5sum | cut -d' ' -f1)
    cp "$WORK/body" "$WORK/pairs/$name"
    printf '%s' "$header" >"$WORK/pairs/$name.header"
    grep -q "appVersion=\"$1\"" "$WORK/body"
}

# The release changes again and again; what is answered meanwhile is kept under the signature that it came with.
test_signatures() {
    local version header seen=0
    mkdir "$WORK/pairs"
    start_load 2 "$SIGNED"
    for version in {51..55}; do
        db <<<"UPDATE releases SET data_version = data_version + 1,
            data = REPLACE(data, '\"$((version - 1)).0\"', '\"$version.0\"') WHERE name = 'S1'"
        check "a signed answer follows its release" until_true 5 signed_version "$version.0"
    done
    end_load
    for header in "$WORK"/pairs/*.header; do
        check "a signature fits its body" verifies "$(<"$header")" "${header%.header}"
        seen=$((seen + 1))
    done
    printf '%d different bodies with their signatures\n' "$seen"
    check "of each version one was seen" test "$seen" -ge 5
    check "most from the cache" until_true 3 many_hits "$SIGNED"
}

# ---- how fast a shutoff shows ----

# Writes down when an update was last served, for how long wrk runs.
write_watcher() {
    cat >"$WORK/watch.lua" <<'EOF'
local ffi = require("ffi")
ffi.cdef [[
    struct moment { long s, us; };
    int gettimeofday(struct moment *now, void *zone);
]]
local now = ffi.new("struct moment")
local threads = {}
last, updates, others = 0, 0, 0

function setup(thread)
    threads[#threads + 1] = thread
end

function response(status, headers, body)
    if body:find("<update ", 1, true) then
        ffi.C.gettimeofday(now, nil)
        last = tonumber(now.s) * 1000 + math.floor(tonumber(now.us) / 1000)
        updates = updates + 1
    else
        others = others + 1
    end
end

function done()
    print(string.format("SEEN %.0f %d %d", threads[1]:get("last"), threads[1]:get("updates"), threads[1]:get("others")))
end
EOF
}

test_shutoff() {
    local round from watching last updates others
    write_watcher
    for ((round = 0; round < ROUNDS; round++)); do
        check "an update is served" shows 2000 product=R1 "$HOT"
        wrk --threads 1 --connections 16 --duration 4s --timeout 10s --script "$WORK/watch.lua" "$PUBLIC_URL$HOT" \
            >"$WORK/watched" 2>&1 &
        watching=$!
        LOOSE+=("$watching")
        # Any part of a second: that is what an entry's life depends on.
        sleep "0.$((5 + RANDOM % 5))$((RANDOM % 10))"
        from=$(date +%s%3N)
        db <<<"INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'hot', 1)"
        wait "$watching" || true
        read -r _ last updates others < <(grep '^SEEN' "$WORK/watched")
        printf 'shut off after %d ms, in %d + %d answers\n' $((last - from)) "$updates" "$others"
        check "there was load before" test "$updates" -gt 100
        check "and after" test "$others" -gt 100
        check "no update 2 s after it was shut off" test $((last - from)) -lt 2000
        check "no request failed" test -z "$(grep -E 'Non-2xx|Socket errors' "$WORK/watched" || true)"
        db <<<"DELETE FROM emergency_shutoffs"
    done
    check "meanwhile the cache answered" until_true 3 many_hits "$HOT"
}

many_hits() { # PATH
    (($(status_count HIT "$1") > 1000))
}

# ---- nginx and its backends ----

# The connections that the worker has accepted, by their numbers.
connections() {
    awk -v path="$(readlink -f "$SANDBOX/run")/public.sock" '$8 == path && $6 == "03" { print $7 }' /proc/net/unix | sort
}

test_connections() {
    local before new
    ask 50 "$DICE" >/dev/null
    before=$(connections)
    ask 500 "$DICE" >/dev/null
    new=$(comm -13 <(printf '%s\n' "$before") <(connections) | wc -l)
    check "there are connections" test -n "$before"
    check "they are used again, hundreds of times" test "$new" -le 4
}

kept_files() {
    find "$KEPT" -type f | wc -l
}

# What was asked for in the tests before is forgotten once nobody asks for it.
test_forgets() {
    check "what is not asked for any more goes" until_true 20 is_forgotten "$HOT"
}

is_forgotten() { # PATH
    ! grep -rqaF "KEY: balrog_public GET  $1" "$KEPT"
}

test_many() {
    local i
    for ((i = 1; i <= MANY; i++)); do
        printf 'url = "%s%s"\noutput = /dev/null\n' "$PUBLIC_URL" "$(update_path hot 1.0 $((20000101000000 + i)))"
    done >"$WORK/urls"
    curl -s --noproxy '*' -w '%{http_code}\n' -K "$WORK/urls" | sort | uniq -c >"$WORK/statuses"
    check "$MANY different URLs are answered" equal "$MANY 200" "$(awk '{ print $1, $2 }' "$WORK/statuses")"
    check "and make no files" equal 0 "$(kept_files)"
}

reload_nginx() {
    kill -HUP "$(<"$SANDBOX/run/nginx.master")"
}

logged_backend() { # NAME [TEXT]: there is an answer by that one
    get "$HOT" >/dev/null
    grep -q "${2-}.*\"backend\":\"$1\"" "$ACCESS"
}

# A canary that nobody listens for gets half of the requests: what it fails at is answered all the same.
test_canary() {
    cp "$SANDBOX/nginx.conf" "$WORK/nginx.conf"
    awk -v socket="$WORK/nobody.sock" '
        /upstream balrog_public_canary/ { canary = 1 }
        canary && /server unix:/ {
            print "server unix:" socket " max_fails=0;"
            canary = 0
            next
        }
        /map "" \$balrog_backend/ {
            print "split_clients $request_id $balrog_backend { 50% balrog_public_canary; * balrog_public; }"
            skip = 3
        }
        skip > 0 { skip--; next }
        { print }' "$WORK/nginx.conf" >"$SANDBOX/nginx.conf"
    reload_nginx
    check "a canary takes part" until_true 10 logged_backend balrog_public_canary
    : >"$ACCESS"
    ask 200 "$HOT" >"$WORK/all"
    check "its failures are answered" equal 200 "$(grep -c product=R1 "$WORK/all")"
    logged 200 "$HOT"
    check "the log tells them" test "$(grep -c '"upstream_status":"502 : 200".*"backend":"balrog_public_canary"' \
        "$ACCESS")" -ge 50
    check "no answer is kept as the canary's" equal 0 "$(grep -c '"balrog_public_canary","cache":"HIT"' "$ACCESS")"
    check "the stable one's answers are kept" test "$(grep -c '"balrog_public","cache":"HIT"' "$ACCESS")" -ge 20
    cp "$WORK/nginx.conf" "$SANDBOX/nginx.conf"
    reload_nginx
    check "then there is none" until_true 10 no_canary
}

# nginx's old processes are gone, too.
no_canary() {
    : >"$ACCESS"
    ask 20 "$HOT" >/dev/null
    logged 20 "$HOT" && ! grep -q balrog_public_canary "$ACCESS"
}

# As if the clock had been set back by an hour after each answer: nginx is told that all are valid for so long.
test_clock_set_back() {
    cp "$SANDBOX/nginx.conf" "$WORK/nginx.conf"
    sed 's|fastcgi_ignore_headers |fastcgi_cache_valid any 1h; fastcgi_ignore_headers X-Accel-Expires |' "$WORK/nginx.conf" \
        >"$SANDBOX/nginx.conf"
    reload_nginx
    check "every answer counts as valid for an hour" until_true 10 dice_are_kept
    ask 20 "$HOT" >/dev/null
    db <<<"INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'hot', 1)"
    check "a shutoff counts all the same" until_true 5 is_off
    db <<<"DELETE FROM emergency_shutoffs"
    check "its end, too" until_true 5 is_on
    cp "$WORK/nginx.conf" "$SANDBOX/nginx.conf"
    reload_nginx
    check "then it is as before" until_true 10 dice_are_not_kept
}

dice_are_kept() {
    : >"$ACCESS"
    ask 50 "$DICE" >/dev/null
    logged 50 "$DICE" && (($(status_count HIT "$DICE") > 0))
}

dice_are_not_kept() {
    : >"$ACCESS"
    ask 50 "$DICE" >/dev/null
    logged 50 "$DICE" && (($(status_count HIT "$DICE") == 0))
}

is_off() {
    [[ $(get "$HOT") == "$EMPTY" ]]
}

is_on() {
    get "$HOT" | grep product=R1 >/dev/null
}

no_worker_answers() { # WHAT: nginx does it
    check "$1: no update" equal "$EMPTY" "$(get "$HOT" -D "$WORK/head")"
    check "$1: that is a 200" grep -q '^HTTP/1.1 200' "$WORK/head"
    check "$1: nobody keeps it" grep -q '^Cache-Control: no-store' "$WORK/head"
    check "$1: it is XML" grep -q '^Content-Type: text/xml; charset=utf-8' "$WORK/head"
    check "$1: anything else is a 503" equal 503 "$(status /json/1/Firefox/1.0/p/hot/update.json -D "$WORK/head")"
    check "$1: with a time to come back" grep -q '^Retry-After: 5' "$WORK/head"
    check "$1: both have the common headers" grep -q '^X-Content-Type-Options: nosniff' "$WORK/head"
    check "$1: a URL that cannot be decoded, too" equal "$EMPTY" "$(get /update/%zz)"
}

# Nobody knows what is true any more: what was kept is not served beyond its second.
test_workers_gone() {
    ask 20 "$HOT" >/dev/null
    sandbox stop public
    check "without workers there are no updates" until_true 2 is_off
    check "again and again" equal 50 "$(ask 50 "$HOT" | grep -c '^Cache-Control: no-store')"
    no_worker_answers gone
    check "the log shows them" until_true 3 logged_without_worker 502
    sandbox start public
    check "with them, an update" equal 200 "$(status "$HOT")"
    check "is served" until_true 5 is_on
}

logged_without_worker() { # UPSTREAM STATUS
    grep -q "\"status\":200,.*\"upstream_status\":\"$1\"" "$ACCESS"
}

# A worker that is there and does not answer. The wait is that of a server, not that of a sandbox.
test_workers_frozen() {
    local pids from
    cp "$SANDBOX/nginx.conf" "$WORK/nginx.conf"
    check "the template waits for a second" grep -q 'fastcgi_read_timeout 1s;' "$TOP/conf/nginx/public.conf.in"
    sed 's|^\( *fastcgi_read_timeout\) 30s;|\1 1s;|' "$WORK/nginx.conf" >"$SANDBOX/nginx.conf"
    reload_nginx
    read -ra pids <<<"$(worker_pids)"
    kill -STOP "${pids[@]}"
    check "nginx has reloaded" until_true 60 answers_for_it
    from=$(date +%s%3N)
    get "$HOT" >/dev/null
    check "it waits for a second, not for 30" test $(($(date +%s%3N) - from)) -lt 10000
    no_worker_answers frozen
    check "the log shows them" until_true 3 logged_without_worker 504
    kill -CONT "${pids[@]}"
    check "then updates are served" until_true 10 is_on
    cp "$WORK/nginx.conf" "$SANDBOX/nginx.conf"
    reload_nginx
}

answers_for_it() {
    [[ $(get "$HOT" --max-time 10) == "$EMPTY" ]]
}

test_off() {
    local before
    sandbox_up --cache off
    check "it can be switched off" until_true 10 nothing_is_logged
    before=$(served)
    ask 50 "$HOT" >/dev/null
    check "then the worker answers everything" equal 50 $(($(served) - before))
}

nothing_is_logged() {
    : >"$ACCESS"
    ask 10 "$HOT" >/dev/null
    logged 10 "$HOT" && (($(status_count '' "$HOT") == 10))
}

make_key
sandbox_up --set public.poll_ms=250 --set 'allowlist.allow=signed.example Signed' \
    --set signing.content_signature_products=Signed --set "signing Signed.key_file=$WORK/key" \
    --set 'signing Signed.x5u=https://chain.example/chain.pem'
prepare
test_allowed
test_many
test_hits
test_head
test_dice
test_agents
test_forgets
test_signatures
test_shutoff
test_connections
test_canary
test_clock_set_back
test_workers_gone
test_workers_frozen
test_off
summary
