#!/bin/bash
# The public API against a real stack: /api/v1, and the endpoints of monitoring.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: api.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
WORK=$(mktemp -d)
BOX=$WORK/box
MANY=3000 # releases of each kind, where the number of statements is counted
[[ -z ${BALROG_TEST_FULL-} ]] || MANY=60000

sandbox() {
    "$TOP/scripts/sandbox" "$@"
}

cleanup() {
    sandbox down "$BOX" >/dev/null 2>&1 || true
    rm -rf -- "$WORK"
}
trap cleanup EXIT

run_sql() {
    sandbox sql "$BOX" -N
}

# get PATH [CURL OPTION…]: the status; head and body are left in files.
get() {
    local path=$1
    shift
    curl -s --noproxy '*' --path-as-is --max-time 60 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "$@" \
        "$PUBLIC_URL$path" || true
}

# header NAME: its value in the last response.
header() {
    sed -n "s/^$1: \(.*\)\r$/\1/Ip" "$WORK/head"
}

# answers STATUS BODY PATH [CURL OPTION…]: so does the server.
answers() {
    local status=$1 body=$2
    shift 2
    equal "$status" "$(get "$@")" && equal "$body" "$(<"$WORK/body")"
}

# status_is STATUS PATH [CURL OPTION…]
status_is() {
    local status=$1
    shift
    equal "$status" "$(get "$@")"
}

has_header() {
    equal "$2" "$(header "$1")"
}

body_has() {
    grep -qF -- "$1" "$WORK/body" || { printf '  lacking: %s\n  in: %.500s\n' "$1" "$(<"$WORK/body")" >&2 && return 1; }
}

problem() {
    has_header Content-Type application/problem+json && body_has '"type": "about:blank"'
}

# ---- rows ----

base_rows() {
    cat <<'EOF'
INSERT INTO rules (rule_id, alias, priority, mapping, fallbackMapping, backgroundRate, update_type, product, channel,
    jaws, mig64, comment, data_version) VALUES
    (1, 'fx-release', 100, 'Fx-1', 'Fx-2', 50, 'minor', 'Firefox', 'release*', NULL, 1, 'é "q"', 7),
    (2, NULL, 90, 'New-1', 'New-1', 100, 'minor', 'Firefox', 'beta', 0, NULL, NULL, 1),
    (10, NULL, NULL, 'New-1', NULL, 100, 'minor', NULL, NULL, NULL, NULL, NULL, 3),
    (11, NULL, 10, 'Gone', NULL, 100, 'minor', 'Other', NULL, NULL, NULL, NULL, 1);
INSERT INTO rules_history (change_id, changed_by, timestamp, rule_id, priority, update_type, data_version) VALUES
    (1, 'ann', 999, 1, NULL, NULL, NULL), (2, 'ann', 1000, 1, 1, 'minor', 1), (3, 'bob', 2000, 1, 2, 'minor', 2),
    (4, 'bob', 2000, 1, 3, 'minor', 3), (5, 'eve', 1500, 2, 4, 'minor', 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('Fx-1', 'Firefox', 1, '{"schema_version": 4, "name": "Fx-1", "platforms": {"L": {"locales": {"de": {"z": 1, "a": [2.5, null]}}}, "M": {"alias": "L"}}}', 5),
    ('Fx_1', 'Firefox', NULL, '{"name": "Fx_1"}', 1),
    ('Broken', 'Other', 0, '{"name": "Broken", ', 1),
    ('List', 'Other', 0, '[1, 2]', 1);
INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
    ('New-1', 'Firefox', 0, '{"schema_version": 9, "name": "New-1", "platforms": {"L": {"OS": "l"}}}', 4),
    ('Half', 'Other', 1, '{"name": "Half"}', 2);
INSERT INTO release_assets (name, path, data, data_version) VALUES
    ('New-1', '.platforms.L.locales.de', '{"z": 1, "a": "é"}', 8), ('New-1', '.platforms.L.locales.fr', '{}', 9),
    ('Half', '.platforms.L.locales.de', '{"broken": ', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'relman', 1, 1), ('Firefox', 'beta', 'relman', 2, 1), ('Firefox', 'beta', 'qa', 1, 1),
    ('Other', 'esr', 'qa', 3, 1);
INSERT INTO releases_json_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name, base_product,
    base_read_only, base_data, base_data_version, data_version) VALUES
    (1, 'ann', 0, 'update', 'New-1', 'Firefox', 1, '{"big": 1}', 4, 2),
    (2, 'ann', 1, 'update', 'New-1', 'Firefox', 1, '{}', 3, 2),
    (3, 'bob', 0, 'insert', 'Soon', 'Firefox', 0, '{}', NULL, 1);
INSERT INTO releases_json_scheduled_changes_conditions (sc_id, `when`, data_version) VALUES (1, 4102444800000, 1),
    (2, 1, 1), (3, 4102444800001, 1);
INSERT INTO releases_json_scheduled_changes_signoffs (sc_id, username, role) VALUES (1, 'cy', 'qa'), (1, 'al', 'relman');
INSERT INTO release_assets_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name, base_path,
    base_data, base_data_version, data_version) VALUES
    (1, 'bob', 0, 'delete', 'New-1', '.platforms.L.locales.fr', NULL, 9, 1);
INSERT INTO release_assets_scheduled_changes_conditions (sc_id, `when`, data_version) VALUES (1, 4102444800000, 1);
INSERT INTO emergency_shutoffs (product, channel, comment, data_version) VALUES ('Firefox', 'nightly', NULL, 2);
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES
    ('Firefox', '102.', 'release', 'New-1', 6);
EOF
}

# ---- tests ----

RULE_1='{"rule_id": 1, "alias": "fx-release", "priority": 100, "mapping": "Fx-1", "fallbackMapping": "Fx-2", "backgroundRate": 50, "update_type": "minor", "product": "Firefox", "version": null, "channel": "release*", "buildTarget": null, "buildID": null, "locale": null, "osVersion": null, "memory": null, "instructionSet": null, "jaws": null, "mig64": true, "distribution": null, "distVersion": null, "headerArchitecture": null, "comment": "\u00e9 \"q\"", "data_version": 7}'

test_rules() {
    check "a rule by id" answers 200 "$RULE_1" /api/v1/rules/1
    check "its data version" has_header X-Data-Version 7
    check "its type" has_header Content-Type application/json
    check "its caching" has_header Cache-Control 'public, max-age=90'
    check "a rule by alias" answers 200 "$RULE_1" /api/v1/rules/fx-release
    check "HEAD of a rule" status_is 200 /api/v1/rules/1 --head
    check "HEAD tells the data version" has_header X-Data-Version 7
    local id
    for id in 1st 1.0 %201 -1 %2B1 1e0 99999999999999999999 FX-RELEASE fx-release%20 nosuch 0x1 %FF %00 "1'"; do
        check "no rule $id" status_is 404 "/api/v1/rules/$id"
        check "it is a problem" problem
    done
    get /api/v1/rules >/dev/null
    check "all rules: their number" body_has '{"count":4,"rules":[{"alias":null,"backgroundRate":100,'
    check "priority NULL first, then by priority" equal '10 11 2 1' \
        "$(grep -o '"rule_id":[0-9]*' "$WORK/body" | cut -d: -f2 | paste -sd' ')"
    get '/api/v1/rules?product=Other' >/dev/null
    check "rules of a product" body_has '{"count":1,"rules":[{'
    check "a product without rules" answers 200 '{"count":0,"rules":[]}' '/api/v1/rules?product=firefox'
    check "an empty product is none" status_is 200 '/api/v1/rules?product='
    check "then all rules" body_has '{"count":4,'
    check "a product that is not ASCII" status_is 400 '/api/v1/rules?product=%C3%A9'
    check "it is a problem" problem
    check "an unknown parameter" status_is 400 '/api/v1/rules?timestamp=1'
    check "it is named" body_has '"Extra query parameter(s) timestamp not in spec"'
}

change_ids() {
    equal "$1" "$(grep -o '"change_id":[0-9]*' "$WORK/body" | cut -d: -f2 | paste -sd' ')"
}

test_revisions() {
    check "revisions" status_is 200 /api/v1/rules/1/revisions
    check "their number, without deletions" body_has '{"count":3,"rules":[{"alias":null,'
    check "newest first, the later change first" change_ids '4 3 2'
    get '/api/v1/rules/1/revisions?limit=2&page=2' >/dev/null
    check "the second page" change_ids 2
    check "the number of all" body_has '{"count":3,'
    check "beyond the last page" answers 200 '{"count":3,"rules":[]}' \
        '/api/v1/rules/1/revisions?limit=9223372036854775807&page=9223372036854775807'
    check "a rule without history" answers 200 '{"count":0,"rules":[]}' /api/v1/rules/10/revisions
    check "no such rule" answers 404 'Requested rule does not exist' /api/v1/rules/99999999999999999999/revisions
    check "no number" status_is 404 /api/v1/rules/fx-release/revisions
    local args
    for args in page=0 limit=0 page=-1 page=x page= limit=1.5 'page=1&x=2'; do
        check "revisions?$args" status_is 400 "/api/v1/rules/1/revisions?$args"
        check "it is a problem" problem
    done
}

SC_BASE='{"change_type":"update","complete":false,"data_version":4,"name":"New-1","product":"Firefox","read_only":true,"sc_data_version":2,"sc_id":1,"scheduled_by":"ann","signoffs":{"al":"relman","cy":"qa"},"when":4102444800000}'
SC_ASSET='{"change_type":"delete","complete":false,"data_version":9,"name":"New-1","path":".platforms.L.locales.fr","sc_data_version":1,"sc_id":1,"scheduled_by":"bob","signoffs":{},"when":4102444800000}'
SC_SOON='{"change_type":"insert","complete":false,"data_version":null,"name":"Soon","product":"Firefox","read_only":false,"sc_data_version":1,"sc_id":3,"scheduled_by":"bob","signoffs":{},"when":4102444800001}'
FX_1='{"data_version":5,"name":"Fx-1","product":"Firefox","read_only":true,"rule_ids":[1],"rule_info":{"1":{"channel":"release*","product":"Firefox"}}}'
FX_LIKE='{"data_version":1,"name":"Fx_1","product":"Firefox","read_only":null,"rule_ids":[],"rule_info":{}}'
# Rule 10 has neither product nor channel: it needs what any of them need.
NEW_1='{"data_version":4,"name":"New-1","product":"Firefox","product_required_signoffs":{"qa":1,"relman":2},"read_only":false,"required_signoffs":{"qa":3,"relman":2},"rule_info":{"10":{"channel":null,"product":null},"2":{"channel":"beta","product":"Firefox"}},"scheduled_changes":['$SC_BASE,$SC_ASSET']}'
SOON='{"data_version":null,"name":"Soon","product":null,"read_only":null,"rule_info":{},"scheduled_changes":['$SC_SOON']}'

test_release_lists() {
    check "all releases" status_is 200 /api/v1/releases
    local row
    for row in "$FX_1" "$FX_LIKE" "$NEW_1" "$SOON"; do
        check "one of them" body_has "$row"
    done
    check "seven of them" equal 7 "$(grep -o '"rule_info"' "$WORK/body" | wc -l)"
    check "releases of a product" answers 200 "{\"releases\":[$FX_1,$FX_LIKE,$NEW_1]}" '/api/v1/releases?product=Firefox'
    check "by prefix" answers 200 "{\"releases\":[$NEW_1]}" '/api/v1/releases?name_prefix=New'
    check "by both" answers 200 "{\"releases\":[$FX_1]}" '/api/v1/releases?name_prefix=Fx-&product=Firefox'
    check "what is only scheduled, by prefix" answers 200 "{\"releases\":[$SOON]}" '/api/v1/releases?name_prefix=Soo'
    check "a prefix is no pattern" answers 200 "{\"releases\":[$FX_LIKE]}" '/api/v1/releases?name_prefix=Fx_'
    check "nor with a percent sign" answers 200 '{"releases":[]}' '/api/v1/releases?name_prefix=F%25'
    check "a prefix with its case" answers 200 '{"releases":[]}' '/api/v1/releases?name_prefix=fx'
    check "names" answers 200 '{"names":["Broken","Fx-1","Fx_1","List","Half","New-1"]}' '/api/v1/releases?names_only=1'
    check "names of a product" answers 200 '{"names":["Fx-1","Fx_1","New-1"]}' \
        '/api/v1/releases?names_only=true&product=Firefox'
    check "names by prefix" answers 200 '{"names":["Fx_1"]}' '/api/v1/releases?names_only=x&name_prefix=Fx_'
    check "an empty names_only is none" answers 200 '{"releases":[]}' '/api/v1/releases?names_only=&product=x'
    check "a product that is not ASCII" status_is 400 '/api/v1/releases?product=%FF'
    check "a prefix that is not ASCII" status_is 400 '/api/v1/releases?name_prefix=%C3%A9'
}

test_releases() {
    check "a v1 release, sorted" answers 200 \
        '{"name": "Fx-1", "platforms": {"L": {"locales": {"de": {"a": [2.5, null], "z": 1}}}, "M": {"alias": "L"}}, "schema_version": 4}' \
        /api/v1/releases/Fx-1
    check "its data version" has_header X-Data-Version 5
    check "pretty" answers 200 $'{\n    "name": "Fx_1"\n}' '/api/v1/releases/Fx_1?pretty=true'
    check "a v2 release with its assets" answers 200 \
        '{"name": "New-1", "platforms": {"L": {"OS": "l", "locales": {"de": {"a": "\u00e9", "z": 1}, "fr": {}}}}, "schema_version": 9}' \
        /api/v1/releases/New-1
    check "its data version" has_header X-Data-Version 4
    check "a v1 locale, as stored" answers 200 '{"z": 1, "a": [2.5, null]}' /api/v1/releases/Fx-1/builds/L/de
    check "its data version is the release's" has_header X-Data-Version 5
    check "a v2 locale" answers 200 '{"z": 1, "a": "\u00e9"}' /api/v1/releases/New-1/builds/L/de
    check "its data version is its own" has_header X-Data-Version 8
    check "HEAD of a locale" status_is 200 /api/v1/releases/New-1/builds/L/fr --head
    check "HEAD tells the data version" has_header X-Data-Version 9
    local path
    for path in Nope fx-1 Fx-1%20 Fx-1%00 Soon Broken List Fx-1/builds/L/fr Fx-1/builds/M/de Fx-1/builds/l/de \
        New-1/builds/L/DE New-1/builds/L/de%00 New-1/builds/L/it New-1/builds/X/de Half/builds/L/de Nope/builds/L/de \
        Broken/builds/L/de List/builds/L/de; do
        check "no $path" status_is 404 "/api/v1/releases/$path"
        check "it is a problem" problem
    done
    check "a broken release is in the log" grep -rqF 'Broken: JSON is broken' "$BOX/log"
    check "one broken asset" answers 200 '{"name": "Half", "platforms": {"L": {"locales": {"de": null}}}}' \
        /api/v1/releases/Half
    check "a name of 100 characters" status_is 404 "/api/v1/releases/$(printf 'x%.0s' {1..100})"
    check "a name of 101 characters" status_is 400 "/api/v1/releases/$(printf 'x%.0s' {1..101})"
    check "a name that is not ASCII" status_is 400 /api/v1/releases/%C3%A9
    check "a platform that is not UTF-8" status_is 400 /api/v1/releases/Fx-1/builds/%FF/de
    check "a locale that is not ASCII" status_is 400 /api/v1/releases/Fx-1/builds/L/%C3%A9
}

test_shutoffs_and_pins() {
    check "shutoffs" answers 200 \
        '{"count":1,"shutoffs":[{"channel":"nightly","comment":null,"data_version":2,"product":"Firefox"}]}' \
        /api/v1/emergency_shutoff
    check "any parameter, where a route has none" status_is 200 '/api/v1/emergency_shutoff?x=1'
    check "a shutoff" answers 200 '{"product": "Firefox", "channel": "nightly", "comment": null, "data_version": 2}' \
        /api/v1/emergency_shutoff/Firefox/nightly
    check "its data version" has_header X-Data-Version 2
    check "no such shutoff" status_is 404 /api/v1/emergency_shutoff/Firefox/Nightly
    check "it is a problem" problem
    check "a pin" answers 200 \
        '{"channel": "release", "data_version": 6, "mapping": "New-1", "product": "Firefox", "version": "102."}' \
        /api/v1/pins/Firefox/release/102.
    check "its data version" has_header X-Data-Version 6
    check "a pretty pin" status_is 200 '/api/v1/pins/Firefox/release/102.?pretty=1'
    check "it is indented" body_has '    "mapping": "New-1",'
    check "no such pin" status_is 404 /api/v1/pins/Firefox/release/102
    check "it is a problem" problem
    check "a pin that is not UTF-8" status_is 400 /api/v1/pins/Firefox/release/%FF
}

test_monitoring() {
    check "lbheartbeat" answers 200 'OK!' /__lbheartbeat__
    check "its caching" has_header Cache-Control no-cache
    check "heartbeat" answers 200 4 /__heartbeat__
    check "its caching" has_header Cache-Control 'public, max-age=60'
    check "version" answers 200 '{"version": "from a file"}' /__version__
    check "its caching" has_header Cache-Control no-cache
    rm "$WORK/version.json"
    check "version, built in" status_is 200 /__version__
    check "its number" body_has "\"version\":\"$(<"$TOP/VERSION")\""
    check "robots.txt" status_is 200 /robots.txt
    check "what it says" body_has 'Disallow: /'
    check "contribute.json" status_is 200 '/contribute.json?any=1'
    check "it is JSON" python3 -m json.tool "$WORK/body" "$WORK/parsed"
    check "an unknown path" status_is 404 /api/v1/nope
    check "a slash at the end" status_is 404 /api/v1/rules/
    check "an empty segment" leads_to /api/v1/rules /api/v1//rules
    check "POST" status_is 405 /api/v1/rules -X POST
    check "what is allowed" has_header Allow 'GET, HEAD, OPTIONS'
    check "OPTIONS" answers 200 '' /api/v1/rules -X OPTIONS
}

# The rows that the service has asked for in statements, by the database's own count; that it reports itself (an INSERT) does
# not count.
selects() {
    run_sql <<<"SELECT SELECT_COMMANDS FROM information_schema.USER_STATISTICS WHERE USER = 'balrog_public'"
}

more_selects() { # N
    (($(selects) > $1))
}

# statements PATH: how many statements the service makes for one request. It also asks each second how the server is: it is
# measured just after that.
statements() {
    local before
    before=$(selects)
    until_true 5 more_selects "$before" || true
    before=$(selects)
    get "$1" >/dev/null
    echo $(($(selects) - before))
}

add_many() {
    {
        echo "INSERT INTO releases (name, product, data, data_version)
            SELECT CONCAT('Old-', seq), 'Many', '{}', 1 FROM seq_1_to_$MANY;"
        echo "INSERT INTO releases_json (name, product, data, data_version)
            SELECT CONCAT('Many-', seq), 'Many', '{}', 1 FROM seq_1_to_$MANY;"
        echo "INSERT INTO releases_json_scheduled_changes (scheduled_by, complete, change_type, base_name, data_version)
            SELECT 'x', 0, 'insert', CONCAT('Later-', seq), 1 FROM seq_1_to_300;"
    } | run_sql
}

test_many() {
    local few few_names
    get /api/v1/releases >/dev/null
    few=$(statements /api/v1/releases)
    few_names=$(statements '/api/v1/releases?names_only=1')
    add_many
    get /api/v1/releases >/dev/null
    check "a longer list needs no more statements" equal "$few" "$(statements /api/v1/releases)"
    check "nor do names" equal "$few_names" "$(statements '/api/v1/releases?names_only=1')"
    check "the list is whole" status_is 200 /api/v1/releases
    check "all of them" equal $((7 + 2 * MANY + 300)) "$(grep -o '"rule_info"' "$WORK/body" | wc -l)"
}

# A v2 release of ten megabytes, in a thousand assets.
test_big() {
    run_sql <<'EOF'
INSERT INTO releases_json (name, product, data, data_version) VALUES ('Big', 'Big', '{"name": "Big"}', 1);
INSERT INTO release_assets (name, path, data, data_version)
    SELECT 'Big', CONCAT('.platforms.L.locales.l', seq), CONCAT('{"x": "', REPEAT('x', 10000), '"}'), 1
    FROM seq_1_to_1000;
INSERT INTO releases (name, product, data, data_version)
    VALUES ('Long', 'Big', CONCAT('{"x": "', REPEAT('x', 10000000), '"}'), 1);
INSERT INTO releases (name, product, data, data_version)
    VALUES ('Deep', 'Big', CONCAT(REPEAT('[', 100000), REPEAT(']', 100000)), 1);
EOF
    check "a big v2 release" status_is 200 /api/v1/releases/Big
    check "all of it" equal 10 $(($(stat -c %s "$WORK/body") / 1000000))
    check "a big v1 release" status_is 200 /api/v1/releases/Long
    check "all of it" equal 10000009 "$(stat -c %s "$WORK/body")"
    check "a deep one" status_is 404 /api/v1/releases/Deep
}

# ask_together N PATH: the statuses of N requests made at once, each once.
ask_together() {
    seq "$1" | xargs -P "$1" -I{} curl -s --noproxy '*' -o /dev/null -w '%{http_code}\n' "$PUBLIC_URL$2" | sort -u |
        paste -sd' '
}

test_many_at_once() {
    check "30 requests at once" equal 200 "$(ask_together 30 /api/v1/rules)"
}

# A database made by others may ignore case and spaces at the end.
test_lax_collation() {
    local table
    for table in rules releases releases_json release_assets emergency_shutoffs pinnable_releases; do
        echo "ALTER TABLE $table CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;"
    done | run_sql
    check "rules of a product" answers 200 '{"count":0,"rules":[]}' '/api/v1/rules?product=firefox'
    check "names of a product" answers 200 '{"names":[]}' '/api/v1/releases?names_only=1&product=firefox'
    check "names by prefix" answers 200 '{"names":[]}' '/api/v1/releases?names_only=1&name_prefix=fx'
    local path
    for path in rules/FX-Release releases/fx-1 releases/Fx-1%20 releases/new-1 releases/new-1/builds/L/de \
        releases/New-1/builds/l/de emergency_shutoff/firefox/nightly pins/Firefox/Release/102.; do
        check "a lax collation: $path" status_is 404 "/api/v1/$path"
    done
    check "a rule by alias" status_is 200 /api/v1/rules/fx-release
    check "a release" status_is 200 /api/v1/releases/New-1
}

test_connections_that_die() {
    ask_together 8 /api/v1/rules >/dev/null
    run_sql <<<"SELECT CONCAT('KILL CONNECTION ', id) FROM information_schema.processlist WHERE user = 'balrog_public'" |
        sed 's/$/;/' | run_sql
    check "connections that the server closed" equal 200 "$(ask_together 8 /api/v1/rules)"
    run_sql <<<"ALTER TABLE emergency_shutoffs RENAME TO aside"
    check "a statement that fails" status_is 503 /api/v1/emergency_shutoff
    run_sql <<<"ALTER TABLE aside RENAME TO emergency_shutoffs"
    check "and works again" status_is 200 /api/v1/emergency_shutoff
}

within() { # SECONDS COMMAND…
    local limit=$1 from=$EPOCHREALTIME
    shift
    "$@" && ((${EPOCHREALTIME/./} - ${from/./} < limit * 1000000))
}

answers_again() {
    local tries
    for ((tries = 0; tries < 50; tries++)); do
        [[ $(get /__heartbeat__) != 200 ]] || return 0
        sleep 0.1
    done
    return 1
}

test_without_database() {
    sandbox stop "$BOX" db >/dev/null
    check "no database" within 2 status_is 503 /api/v1/rules
    check "when to try again" has_header Retry-After 5
    check "it is a problem" problem
    check "heartbeat" within 2 answers 502 "Can't connect to the database." '/__heartbeat__'
    check "lbheartbeat" status_is 200 /__lbheartbeat__
    check "version" status_is 200 /__version__
    check "many at once" equal 503 "$(ask_together 30 /api/v1/rules)"
    sandbox start "$BOX" db >/dev/null
    check "the database is back" answers_again
    check "and the API" status_is 200 /api/v1/rules/1
}

# leads_to WANTED PATH [CURL OPTION…]: PATH is answered with a 308 that leads to WANTED on this site.
leads_to() {
    local wanted=$1
    shift
    status_is 308 "$@" && has_header Location "$wanted"
}

# What several slashes in a row mean. WANTED is what the reference's framework (Werkzeug 3.1) answers, but for the host.
test_slashes() {
    local form=/update/1/P/1.0/b/t/l/c/update.xml page
    check "in front: as one" status_is 200 "/$form"
    check "which is an answer" has_header Rule-ID 10
    check "any number" status_is 200 "////$form"
    check "of the API, too" status_is 200 //api/v1/rules
    check "what starts with /update" answers 200 $'<?xml version="1.0"?>\n<updates>\n</updates>' //update/nonsense
    check "after a hundred" status_is 200 "$(printf '/%.0s' {1..100})update/nonsense"
    check "elsewhere" leads_to "$form" /update/1/P//1.0/b/t/l/c/update.xml
    check "it is not kept" has_header X-Accel-Expires ''
    check "but by clients" has_header Cache-Control 'public, max-age=90'
    page=$(printf '%s\n' '<!doctype html>' '<html lang=en>' '<title>Redirecting...</title>' '<h1>Redirecting...</h1>' \
        "<p>You should be redirected automatically to the target URL: <a href=\"$form\">$form</a>. If not, click the link.")
    check "with the framework's page" equal "$page" "$(<"$WORK/body")"
    check "several times" leads_to "$form" /update//1/P///1.0/b/t/l/c//update.xml
    check "with its query" leads_to "$form?force=1&x=%41'%22" "/update//1/P/1.0/b/t/l/c/update.xml?force=1&x=%41'\""
    check "quoted in the page" body_has "?force=1&amp;x=%41&#39;%22\">"
    check "names are escaped again" leads_to "/update/1/P/1%252/b%20b/t(x)%C3%A9/l/c/update.xml" \
        "/update/1/P//1%252/b%20b/t(x)%C3%A9/l/c/update.xml"
    check "what would be markup is not" leads_to '/update/1/%3Cb%3E%22/1.0/b/t/l/c/update.xml' \
        '/update/1/%3Cb%3E%22//1.0/b/t/l/c/update.xml'
    check "it never leads to another host" leads_to "$form" //update/1/P//1.0/b/t/l/c/update.xml
    check "the API" leads_to /api/v1/rules /api/v1//rules
    check "HEAD" equal 308 "$(get /api/v1//rules -I)"
    check "OPTIONS" status_is 308 /api/v1//rules -X OPTIONS
    check "no other method" status_is 405 /api/v1//rules -X POST
    check "a field too few: no update" answers 200 $'<?xml version="1.0"?>\n<updates>\n</updates>' \
        /update/1/P//b/t/l/c/update.xml
    check "what is nothing anyhow" status_is 404 /api/v1//nothing
    check "a slash at the end is not merged away" status_is 404 /api/v1/rules//
    check "numbers stay closed" status_is 404 //__metrics__
}

main() {
    printf '{"version": "from a file"}' >"$WORK/version.json"
    chmod 755 "$WORK"
    base_rows >"$WORK/rows.sql"
    local variables PUBLIC_URL=
    # No polling: statements are counted.
    variables=$(sandbox up "$BOX" --load "$WORK/rows.sql" --workers 1 --set public.poll_ms=60000 --set mariadb.userstat=1 \
        --set public.version_file="$WORK/version.json")
    eval "$variables"
    test_slashes
    test_rules
    test_revisions
    test_release_lists
    test_releases
    test_shutoffs_and_pins
    test_monitoring
    test_many
    test_big
    test_many_at_once
    test_connections_that_die
    test_without_database
    test_lax_collation
    summary
}

main
