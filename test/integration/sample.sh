#!/bin/bash
# balrog-uptake's sample of the queries and its numbers by time, with a real nginx and its log: counts, privacy, restarts, damage,
# bounds; what the admin and the scripts make of it.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: sample.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

CACHE=on
UPTAKE=$BUILD/balrog-uptake
CONF=$WORK/uptake.conf
STATE=$WORK/state/uptake.state
IMEI=490154203237518
BASE=/update/3/Firefox/118.0/20230927232528/Linux_x86_64-gcc3/en-US

start_uptake() {
    "$UPTAKE" --config "$CONF" >>"$WORK/uptake.log" 2>&1 &
    PID=$!
    LOOSE+=("$PID")
    until_true 20 test -S "$SANDBOX/run/uptake.sock"
}

stop_uptake() { # SIGNAL
    kill "-$1" "$PID"
    wait "$PID" 2>/dev/null || true
    rm -f -- "$SANDBOX/run/uptake.sock"
}

ask() { # N PATH: so many times; nginx gives an answer of its own to what nobody serves, which counts, too
    local i
    for ((i = 0; i < $1; i++)); do
        printf 'url = "%s%s"\noutput = "/dev/null"\n' "$PUBLIC_URL" "$2"
    done | curl -s --noproxy '*' --path-as-is -K -
}

sample() { # [PARAMETERS]
    get "/__uptake__/sample?${1:-}"
}

has_queries() { # N [PARAMETERS]
    grep -q "^{\"balrog_sample\": 1.* \"queries\": $1," <(sample "${2:+$2&}limit=1")
}

has_line() { # COUNT PATH
    grep -qxF -- "{\"count\": $1, \"path\": \"$2\"}" <(sample limit=100000)
}

test_counts() {
    ask 7 "$BASE/release/os/default/default/update.xml"
    ask 3 "$BASE/release/os/default/default/update.xml?force=1"
    ask 5 "/update/5/Firefox/118.0/1/t/de/beta/os/default/default/$IMEI/update.xml"
    ask 2 "//update/%35/Firefox/118.0/1/t/de/beta/os/default/default/${IMEI//1/%31}/update.xml?avast=1"
    ask 2 "/update/3/Rare/118.0/1/t/de/beta/os/default/default/update.xml"
    ask 1 "/update/3/Firefox/118.0/1/t/de/beta/os/$(printf 'x%.0s' {1..600})/default/update.xml"
    check "all queries are counted" until_true 10 has_queries 20
    check "distinct ones with their counts" has_line 7 "$BASE/release/os/default/default/update.xml"
    check "parameters matter" has_line 3 "$BASE/release/os/default/default/update.xml?force=1"
    check "an IMEI is cut out, however it is spelled" \
        has_line 7 /update/5/Firefox/118.0/1/t/de/beta/os/default/default/-/update.xml
    check "a path that is too long is left out, and said so" grep -q '"left_out": 1, "whole": true' <(sample)
    check "by product and channel" has_queries 10 'product=Firefox&channel=release'
    check "also those not listed" has_queries 2 'product=Rare'
    check "with a limit" equal 2 "$(sample limit=1 | wc -l)"
    check "whose counts stand for all" equal 19 "$(sample limit=1 | sed -n '2s/{"count": \([0-9]*\),.*/\1/p')"
}

test_refusals() {
    check "a limit of nothing" equal 400 "$(status '/__uptake__/sample?limit=0')"
    check "of too much" equal 400 "$(status '/__uptake__/sample?limit=100001')"
    check "an unknown parameter" equal 400 "$(status '/__uptake__/sample?limits=1')"
    check "half a step" equal 400 "$(status '/__uptake__/series?product=Firefox&channel=release&step_s=450')"
    check "no step" equal 400 "$(status '/__uptake__/series?product=Firefox&channel=release&step_s=0')"
    check "a product that is not counted" equal 404 "$(status '/__uptake__/series?product=Rare&channel=release')"
    check "no product" equal 404 "$(status '/__uptake__/series?channel=release')"
}

series_sum() { # PRODUCT CHANNEL
    get "/__uptake__/series?product=$1&channel=$2" | grep -o '"at": [0-9]*, "queries": [0-9]*' |
        awk '{ sum += $NF } END { print sum + 0 }'
}

test_restarts() {
    stop_uptake TERM
    check "the state is kept" test -s "$STATE"
    check "without IMEIs and addresses" equal 0 "$(grep -cE "$IMEI|127\.0\.0\.1" "$STATE")"
    start_uptake
    check "after a restart nothing counts twice" until_true 10 has_queries 20
    ask 4 "$BASE/release/os/default/default/update.xml"
    check "and counting goes on" until_true 10 has_queries 24
    stop_uptake KILL
    ask 1 "$BASE/release/os/default/default/update.xml"
    start_uptake
    check "after a crash nothing is lost" until_true 10 has_queries 25
    check "nor by time" equal 15 "$(series_sum Firefox release)"
    mv -- "$SANDBOX/log/access.log" "$SANDBOX/log/access.log.1"
    kill -USR1 "$(<"$SANDBOX/run/nginx.master")"
    until_true 10 test -e "$SANDBOX/log/access.log"
    ask 5 "$BASE/release/os/default/default/update.xml"
    check "nor by logrotate" until_true 15 has_queries 30
    stop_uptake TERM
    start_uptake
    check "nor by both" until_true 10 has_queries 30
}

test_damage() {
    stop_uptake TERM
    printf 'x' | dd of="$STATE" bs=1 seek=100 conv=notrunc status=none
    start_uptake
    check "a damaged state is set aside" until_true 10 test -e "$STATE.damaged"
    check "with a warning" grep -q 'state.damaged.*checksum is wrong' "$WORK/uptake.log"
    check "and the log is read again" until_true 10 has_queries 30
}

test_admin() {
    sandbox_up --set "admin.uptake_url=$PUBLIC_URL/__uptake__ $PUBLIC_URL/__uptake__/"
    local url=$ADMIN_URL/uptake
    check "the admin adds up its hosts" grep -q '"queries":40,' \
        <(curl -s --noproxy '*' -u admin@example.org:demo "$url?product=Firefox&channel=release&step_s=86400")
    check "strangers learn nothing" equal 401 "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$url?product=Firefox&channel=release")"
    "$BUILD/test/integration/sample_tool" 1000 Firefox '' "$PUBLIC_URL/__uptake__" http://127.0.0.1:1/x >"$WORK/fetched" 2>"$WORK/hosts"
    check "a sample is fetched from hosts that answer" equal "asked 2 answered 1 coverage 0.964" "$(<"$WORK/hosts")"
    check "as it is served" cmp "$WORK/fetched" <(sample 'product=Firefox&limit=1000')
    check "two hosts are added up" equal 34 "$("$BUILD/test/integration/sample_tool" 1000 '' '' "$PUBLIC_URL/__uptake__" \
        "$PUBLIC_URL/__uptake__" 2>/dev/null | sed -n '2s/{"count": \([0-9]*\),.*/\1/p')"
    stop_uptake TERM
    check "nobody answers" equal 503 "$(curl -s --noproxy '*' -u admin@example.org:demo -o "$WORK/body" -w '%{http_code}' \
        "$url?product=Firefox&channel=release")"
    check "and the problem says so" grep -q 'balrog-uptake did not answer at' "$WORK/body"
    start_uptake
}

# lines N CHANNEL: lines of nginx's log of so many distinct queries.
lines() {
    awk -v n="$1" -v channel="$2" -v time="$(date +%Y-%m-%dT%H:%M:%S+00:00)" 'BEGIN { for (i = 0; i < n; i++)
        printf "{\"time\":\"%s\",\"request_id\":\"x\",\"client\":\"192.0.2.1\",\"request\":\"GET /update/3/Firefox/1.0/%d/t/de/%s/os/d/d/update.xml HTTP/1.1\",\"status\":200}\n", time, i, channel }'
}

test_bounds() {
    lines 700 beta >>"$SANDBOX/log/access.log"
    lines 20000 release >>"$SANDBOX/log/access.log"
    check "a flood is counted" until_true 30 has_queries 20730
    check "in a bounded number of entries" test "$(sample limit=100000 | wc -l)" -le 6001
    check "a rare channel keeps 500" test "$(sample 'product=Firefox&channel=beta&limit=10000' | wc -l)" -gt 500
    check "frequent queries stay exact" has_line 17 "$BASE/release/os/default/default/update.xml"
    sample limit=100000 | awk -F'[:,]' 'NR > 1 { sum += $2 } END { print sum }' >"$WORK/sum"
    check "the counts are right in sum" test "$(<"$WORK/sum")" -gt 20300 -a "$(<"$WORK/sum")" -lt 21200
    check "and it does not say whole" grep -q '"whole": false' <(sample)
}

test_tools() {
    sample 'product=Firefox&channel=release&limit=100' >"$WORK/a"
    "$UPTAKE" --merge "$WORK/a" "$WORK/a" >"$WORK/twice"
    check "samples of hosts are merged" equal "$(awk -F'[:,]' 'NR > 1 { print 2 * $2 }' "$WORK/a")" \
        "$(awk -F'[:,]' 'NR > 1 { print $2 + 0 }' "$WORK/twice")"
    echo x >"$WORK/bad"
    check "a file that is none is refused" equal 1 "$("$UPTAKE" --merge "$WORK/bad" 2>"$WORK/err"; echo $?)"
    check "and named" grep -q "bad: line 1: not the first line of a sample" "$WORK/err"
    gzip -c "$SANDBOX/log/access.log.1" >"$WORK/old.gz"
    get /api/v1/rules >"$WORK/rules"
    BALROG_BUILD=$BUILD "$TOP/scripts/sample-queries" --log "$WORK/old.gz" --rules "$WORK/rules" --rules "$PUBLIC_URL/api/v1/rules" \
        --output "$WORK/made"
    check "a sample is made of logs and rules" grep -q '^{"balrog_sample": 1,' "$WORK/made"
    check "with what the log has" grep -qF '"path": "/update/5/Firefox/118.0/1/t/de/beta/os/default/default/-/update.xml"' "$WORK/made"
    check "and each edge of each rule, twice as often" equal 2 "$(grep -c '^{"count": 2, "path": "/update/6/Firefox/\(118.0\|117.0\)/' "$WORK/made")"
    check "all of them queries" equal 0 "$(sed -n 's/.*"path": "\(.*\)"}/\1/p' "$WORK/made" | while read -r path; do
        status "$path" && echo
    done | grep -cv 200)"
    "$UPTAKE" --help >"$WORK/help"
    check "--help names what makes samples" equal "merge sample-log sample-rules" \
        "$(grep -o -- '--\(merge\|sample-log\|sample-rules\) FILE' "$WORK/help" | sed 's/--\(.*\) FILE/\1/' | tr '\n' ' ' | sed 's/ $//')"
    check "each without a file is wrong usage" equal 2 "$("$UPTAKE" --merge 2>/dev/null; echo $?)"
    check "nothing to do is wrong usage" equal 2 "$("$TOP/scripts/sample-queries" 2>/dev/null; echo $?)"
    check "no log is a failure" equal 1 "$(BALROG_BUILD=$BUILD "$TOP/scripts/sample-queries" --log "$WORK/rules" 2>"$WORK/err"; echo $?)"
    check "that is explained" grep -q 'no line is an answered update query' "$WORK/err"
}

app_release A >"$WORK/release.json"
{
    printf "INSERT INTO releases (name, product, data_version, data) VALUES ('A', 'Firefox', 1, '%s');\n" "$(<"$WORK/release.json")"
    printf "INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, version, data_version)
        VALUES (1, 10, 'A', 100, 'minor', 'Firefox', '<118.0', 1);
        INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@example.org', 'admin', NULL, 1);\n"
} >"$WORK/rows.sql"
sandbox_up --load "$WORK/rows.sql" --passwords "$TOP/conf/demo.passwords"
mkdir "$WORK/state"
printf '%s\n' '[log]' 'crash_dir =' '[uptake]' "socket = $SANDBOX/run/uptake.sock" "log = $SANDBOX/log/access.log" \
    'products = Firefox' 'channels = release beta' "state_dir = $WORK/state" 'sample_entries = 6000' >"$CONF"
start_uptake
test_counts
test_refusals
test_restarts
test_damage
test_admin
test_bounds
test_tools
stop_uptake TERM
summary
