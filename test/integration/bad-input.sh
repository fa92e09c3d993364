#!/bin/bash
# What clients send and what the database holds may be anything: no worker dies, no update query gets a 5xx, and
# each answer is counted by its reason, which is logged where something is wrong.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

COPIES=20 # of damaged releases, each time
BIG=2     # MB
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    COPIES=1000000
    BIG=10
fi

# ---- asking ----

# counts: the answers so far, a line a reason and worker.
counts() {
    probe each /__metrics__ | grep '^balrog_public_answers_total'
}

# What rose between two outputs of counts: the reasons, each with how often.
risen() {
    printf '%s\n' "${1//\} /\} -}" "$2" | sed 's/.*reason="\(.*\)"} /\1 /' |
        awk '{ sum[$1] += $2 } END { for (reason in sum) if (sum[reason]) print reason, sum[reason] }' |
        sort | paste -sd ' '
}

has_headers() { # FILE: those that each answer has, each once
    local got names='strict-transport-security|x-content-type-options|content-security-policy'
    got=$(tr -d '\0\r' <"$1" | grep -aiE "^($names):" |
        tr '[:upper:]' '[:lower:]' | sort | paste -sd '|')
    equal "content-security-policy: default-src 'none'; frame-ancestors 'none'|\
strict-transport-security: max-age=31536000;|x-content-type-options: nosniff" "$got"
}

# logged_since LINES TEXT: a new line of the log has TEXT.
logged_since() {
    tail -n "+$(($1 + 1))" "$LOG" | grep -F -- "$2" >/dev/null
}

# logs TEXT COMMAND…: that leaves a line with TEXT in the log, or one within the last minute has said it. A thread writes but ten
# lines a second.
logs() {
    local text=$1 lines
    shift
    if logged_since "$LINES_BEFORE" "$text" || grep -F -- "$text" "$LOG" | grep '"Type": "answer.broken"' >/dev/null; then
        return
    fi
    sleep 1
    lines=$(wc -l <"$LOG")
    "$@" >/dev/null || true
    COUNTS=
    until_true 1 logged_since "$lines" "$text"
}

# judge WHAT STATUS REASON LOGGED COMMAND…: COMMAND prints an answer with its head, from a single request that counts
# as REASON ('' where no worker counts it) and is logged with the text LOGGED ('' where nothing has to be).
judge() {
    local what=$1 wanted=$2 reason=$3 text=$4 before got
    shift 4
    before=${COUNTS:-$(counts)}
    LINES_BEFORE=$(wc -l <"$LOG")
    "$@" >"$WORK/answer" || true
    COUNTS=$(counts)
    got=$(head -n 1 "$WORK/answer" | tr -d '\0\r' | sed -n 's|^HTTP/[0-9.]* \([0-9]*\).*|\1|p')
    check "$what: status" equal "$wanted" "$got"
    check "$what: headers" has_headers "$WORK/answer"
    check "$what: counted" equal "${reason:+$reason 1}" "$(risen "$before" "$COUNTS")"
    [[ -z $text ]] || check "$what: logged" logs "$text" "$@"
}
# The counts after the last judge, '' where something else was asked since.
COUNTS=

url() { # WHAT STATUS REASON LOGGED PATH
    judge "$1" "$2" "$3" "$4" get "$5" -i
}

# raw TEXT: sends the bytes that printf makes of it to nginx; what comes back.
raw() {
    local port=${PUBLIC_URL##*:}
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059 # bytes are wanted
    printf "$1" >&4
    timeout 10 cat <&4 || true
    exec 4>&-
}

repeat() { # COUNT TEXT
    printf "%.0s$2" $(seq "$1")
}

# answers PATH TEXT: every worker does, after a change of the data.
answers() {
    COUNTS=
    shows 20000 "$2" "$1"
}

# ---- URLs ----

test_long() {
    local tail=1.0/1/2/de/release/os/default/default/update.xml
    url "a field of 8 KB" 200 no_rule '' "/update/3/$(repeat 8000 a)/$tail"
    url "a version of 8 KB" 400 bad_request 'Version number' \
        "/update/3/Firefox/$(repeat 8000 1.)/1/2/de/release/os/d/d/update.xml"
    url "a locale of 15 KB, three bytes a character" 200 no_rule '' \
        "/update/3/X/1.0/1/2/$(repeat 1600 '%%e2%%82%%ac')/release/os/d/d/update.xml"
    url "a URL of 20 KB" 200 no_route 'not a form' "/update/3/$(repeat 20000 a)/$tail"
    url "a URL of 31 KB of slashes" 200 no_route 'not a form' "/update$(repeat 31000 /)"
    url "20 KB of /json" 404 '' '' "/json/1/$(repeat 20000 a)/1.0/a/b/update.json"
    url "a URL of 40 KB, nginx's business" 414 '' '' "/update/3/$(repeat 40000 a)/$tail"
    COUNTS=
    check "40 KB without nginx" equal "$WORKERS" \
        "$(probe each "/update/3/$(repeat 40000 a)/$tail" | grep -c '^Status: 200 ')"
}

test_encoding() {
    local sequence
    for sequence in % %% %z %zz %a %2 %u0041 '%0' '%%32' %c0%af %ff%fe%fd %ed%a0%80 %f4%90%80%80 $'\xff\xfe' \
        $'\xe2\x82' '%e2%82' %7f%01%1f %0d%0aX:%20y; do
        url "the sequence $(printf %q "$sequence")" 200 no_rule '' \
            "/update/3/a${sequence}b/1.0/1/2/de/c/os/d/d/update.xml"
        url "in /json" 404 no_rule '' "/json/1/a${sequence}b/1.0/a/b/update.json"
    done
    url "in a version" 400 bad_request 'is invalid' "/update/3/Firefox/1.%zz/1/2/de/release/os/d/d/update.xml"
    url "in a parameter" 400 bad_request force%zz "/update/3/X/1.0/1/2/de/release/os/d/d/update.xml?force%zz=1"
    url "%00 in a field" 200 no_rule '' "/update/3/a%00b/1.0/1/2/de/c/os/d/d/update.xml"
    url "%00 in a version" 400 bad_request 'is invalid' "/update/3/Firefox/1.0%00/1/2/de/release/os/d/d/update.xml"
    url "%00 at the end" 200 no_route 'not a form' "/update/3/X/1.0/1/2/de/c/os/d/d/update.xml%00"
    url "%00 in /json" 404 no_rule '' "/json/1/a%00/1.0/a/b/update.json"
    url "%2F in a field" 200 no_route 'not a form' "/update/3/a%2Fb/1.0/1/2/de/c/os/d/d/update.xml"
    url "dot segments" 404 '' '' "/update/3/../../../../etc/passwd"
}

# What curl would not send.
test_raw() {
    local end=' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    judge "a NUL in the request line" 400 '' '' raw "GET /update/3/a\\0b/1.0/1/2/de/c/os/d/d/update.xml$end"
    judge "control characters" 400 '' '' raw "GET /update/3/a\\001\\177/1.0/1/2/de/c/os/d/d/update.xml$end"
    judge "no Host" 400 '' '' raw 'GET /update/3/X/1/1/2/de/c/os/d/d/update.xml HTTP/1.1\r\n\r\n'
    judge "bytes beyond ASCII" 200 no_rule '' raw "GET /update/3/\\377\\200/1.0/1/2/de/c/os/d/d/update.xml$end"
    judge "an absolute URI" 200 no_rule '' raw "GET http://x/update/3/X/1.0/1/2/de/c/os/d/d/update.xml$end"
    judge "a strange agent" 200 no_rule '' \
        raw "GET /update/3/X/1/1/2/de/c/os/d/d/update.xml${end%\\r\\n}User-Agent: \\377$(repeat 3000 Intel)\\r\\n\\r\\n"
    judge "a strange method" 405 '' '' raw "FETCH /update/3/X/1.0/1/2/de/c/os/d/d/update.xml$end"
    judge "a method and no path" 400 '' '' raw "GET$end"
}

test_fields() {
    local form
    url "no fields at all" 200 no_route 'not a form' /update/3/update.xml
    url "empty fields" 200 no_route 'not a form' /update/3//////////update.xml
    url "one empty field" 200 no_route 'not a form' /update/3/Firefox/1.0//2/de/release/os/d/d/update.xml
    url "an empty locale" 200 no_route 'not a form' /update/1/Firefox/1.0/1/2//release/update.xml
    url "blank fields" 400 bad_request 'is invalid' /update/3/Firefox/%20/%20/%20/%20/release/%20/%20/%20/update.xml
    url "an empty field in /json" 404 '' '' /json/1//1.0/a/b/update.json
    for form in 0 7 -1 99999999999999999999 6x ''; do
        url "the form '$form'" 200 no_route 'not a form' "/update/$form/X/1.0/1/2/de/c/os/d/d/update.xml"
    done
    for form in ',' : ISET: MEM:x ISET:,MEM:,JAWS: ISET:a,MEM:99999999999999999999999,JAWS:x a,b,c,d \
        "$(repeat 2000 ISET:a,)"; do
        url "the capabilities '${form:0:50}'" 200 served '' \
            "/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc/de/release/os/$form/d/d/update.xml"
    done
}

test_parameters() {
    local path=/update/3/X/1.0/1/2/de/release/os/d/d/update.xml
    local many
    many=$(printf 'p%d=1&' {0..1999})
    url "2000 unknown parameters" 400 bad_request p0 "$path?$many"
    url "2000 known ones" 200 no_rule '' "$path?$(repeat 2000 'force=1&')"
    url "4000, more than a URL may have" 200 no_route 'not a form' "$path?$(repeat 3000 'force=1&')"
    url "5000 separators" 200 no_rule '' "$path?$(repeat 5000 '&')"
    url "10000 equals signs" 400 bad_request 'not in spec' "$path?$(repeat 10000 =)"
    url "a value of 15 KB" 200 no_rule '' "$path?force=$(repeat 15000 1)"
    url "force without a value" 200 no_rule '' "$path?force"
    url "an empty pin" 400 bad_request pin "$path?pin="
    url "in /json, one of /update's" 400 bad_request pin '/json/1/X/1.0/a/b/update.json?pin=1'
    url "in /json, 3000" 400 bad_request p1 "/json/1/X/1.0/a/b/update.json?$(repeat 3000 'p1=1&')"
}

test_versions() {
    local version path
    for version in x . .. 1. .1 1..2 1.0.0.0.0.0 -1 +1 1e9 1.0a 1.0b99999999999999999999999 99999999999999999999999.0 \
        '%D9%A1.0' '1.0%20' '%201' 1,2 '<2' '70.*' '*' 1.0esrpre 1.0esr 1.0.0b1.0 "$(repeat 1000 9)"; do
        path=/update/3/Firefox/$version/20200101000000/WINNT_x86_64-msvc/de/release/os/d/d/update.xml
        check "the version ${version:0:50}" not_5xx "$path"
        check "in /json" not_5xx "/json/1/FirefoxVPN/$version/WINNT_x86_64/release/update.json"
    done
    url "an invalid version" 400 bad_request 'Version number x is invalid' \
        /update/3/Firefox/x/1/WINNT_x86_64-msvc/de/release/os/d/d/update.xml
    url "that is markup" 400 bad_request 'is invalid' \
        '/update/3/Firefox/<b>/1/WINNT_x86_64-msvc/de/release/os/d/d/update.xml'
    check "it is escaped" grep -q '&lt;b&gt;' "$WORK/answer"
}

test_pins() {
    local pin path=/update/3/Firefox/100.0/20200101000000/WINNT_x86_64-msvc/de/release/os/d/d/update.xml
    for pin in x . 1 1.0 1.0.0. 1.. -1. 1.x. '%00' '%zz' '%D9%A1.' 1.2.3.4. \
        "$(repeat 5000 1.)"; do
        url "the pin ${pin:0:50}" 400 bad_request 'answer.bad_request' "$path?pin=$pin"
    done
    for pin in 77. 01. 99999999999999999999. 1.99999999999999999999.; do
        url "a pin for no release, $pin" 200 served '' "$path?pin=$pin"
    done
}

not_5xx() { # PATH
    COUNTS=
    [[ $(status "$1") =~ ^[24] ]]
}

test_methods() {
    local path=/update/3/X/1.0/1/2/de/c/os/d/d/update.xml
    url_with() {
        judge "$1" "$2" "$3" '' get "$path" -i "${@:4}"
    }
    url_with "POST" 405 '' -X POST -d x=y
    url_with "a body of 10 KB" 405 '' -X PUT -d "$(repeat 10000 x)"
    url_with "a body of 20 KB" 413 '' -X PUT -d "$(repeat 20000 x)"
    url_with "a header of 20 KB" 200 no_rule -H "X-Big: $(repeat 20000 x)"
    url_with "a header of 40 KB" 400 '' -H "X-Big: $(repeat 40000 x)"
    url_with "a range" 200 no_rule -H 'Range: bytes=5-3'
    url_with "a date" 200 no_rule -H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'
}

# ---- the database ----

# sql_text TEXT: as a literal.
sql_text() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\'\'}"
}

# mapped NAME: SQL of a rule that sends the channel NAME to the release NAME.
mapped() {
    echo "INSERT INTO rules (priority, backgroundRate, update_type, product, channel, mapping, data_version)
        VALUES (50, 100, 'minor', 'Firefox', '$1', '$1', 1);"
}

# inserted NAME JSON: SQL of a release.
inserted() {
    echo "INSERT INTO releases (name, product, data, data_version) VALUES ('$1', 'Firefox', $(sql_text "$2"), 1);"
}

# REASON LOGGED JSON, by name: releases that are asked for with update_path NAME.
declare -A REASONS TEXTS BLOBS

blob() { # NAME REASON LOGGED JSON
    REASONS[$1]=$2
    TEXTS[$1]=$3
    BLOBS[$1]=$4
}

list_blobs() {
    local good
    good=$(app_release good | tr -d '\n')
    blob cut no_release "release cut" "${good:0:100}"
    blob empty no_release "release empty" ''
    blob null no_release "release null" null
    blob list no_release "release list" '[]'
    blob text no_release "release text" '"text"'
    blob number no_release "release number" 12
    blob nothing no_release "release nothing" '{}'
    blob binary no_release "release binary" $'\x01\x02\x7f{}'
    blob trailing no_release "release trailing" "$good}"
    blob no-version no_release "no-version" "${good/\"schema_version\": 4,/}"
    blob version-7 no_release "version-7" "${good/\"schema_version\": 4/\"schema_version\": 7}"
    blob version-text no_release "version-text" "${good/\"schema_version\": 4/\"schema_version\": \"4\"}"
    blob version-half no_release "version-half" "${good/\"schema_version\": 4/\"schema_version\": 4.5}"
    blob version-huge no_release "version-huge" "${good/\"schema_version\": 4/\"schema_version\": 1e300}"
    blob version-null no_release "version-null" "${good/\"schema_version\": 4/\"schema_version\": null}"
    blob no-platforms broken "release no-platforms" "${good/platforms/p}"
    blob no-locales bad_request "answer.bad_request" "${good/locales/p}"
    blob no-urls broken "release no-urls" "${good/fileUrls/p}"
    blob no-hash broken "release no-hash" "${good/hashFunction/p}"
    blob no-app-version up_to_date '' "${good/appVersion/p}"
    blob no-display served '' "${good/displayVersion/p}"
    blob no-completes served '' "${good/completes\": \[/p\": [}"
    # In front of the platform, which becomes another one.
    local before_it='"platforms": {"p"'
    blob loop bad_request answer.bad_request \
        "${good/"$before_it"/"$before_it: {\"alias\": \"q\"}, \"q\": {\"alias\": \"p\"}, \"r\""}"
    blob own-alias bad_request answer.bad_request "${good/"$before_it"/"$before_it: {\"alias\": \"p\"}, \"r\""}"
    blob no-alias bad_request answer.bad_request "${good/"$before_it"/"$before_it: {\"alias\": \"none\"}, \"r\""}"
    blob super served '' '{"name": "super", "schema_version": 4000, "blobs": ["super", "none", "cut", "super"]}'
    blob super-products served '' '{"name": "super-products", "schema_version": 4000, "products": ["Firefox", "None"]}'
    blob deep no_release "release deep" "$(repeat 20000 '[')"
    blob deep-right no_release "release deep-right" \
        "{\"schema_version\": 4, \"x\": $(repeat 5000 '[')1$(repeat 5000 ']')}"
    blob deep-objects no_release "release deep-objects" "$(repeat 5000 '{\"a\":')1$(repeat 5000 '}')"
    blob escapes no_release "release escapes" '{"name": "\ud800", "schema_version": "\u0000"}'
    blob json-only up_to_date '' '{"name": "json-only", "schema_version": 10000, "version": "9.0", "platforms": {}}'
}

test_releases() {
    local name wanted
    list_blobs
    for name in "${!BLOBS[@]}"; do
        inserted "$name" "${BLOBS[$name]}"
        mapped "$name"
    done | db
    db <<<"$(mapped after) $(inserted after "$(app_release after)")"
    check "broken releases do not keep others from being served" answers "$(update_path after)" product=after
    for name in "${!BLOBS[@]}"; do
        if [[ ${REASONS[$name]} == no_release ]]; then
            check "$name: the loaders say why" equal "$WORKERS" "$(grep -c "release $name cannot be served" "$LOG")"
        fi
        wanted=200
        [[ ${REASONS[$name]} != bad_request ]] || wanted=400
        url "$name" "$wanted" "${REASONS[$name]}" "${TEXTS[$name]}" "$(update_path "$name")"
        check "$name as JSON" not_5xx "/json/1/Firefox/1.0/p/$name/update.json"
        check "$name from the API" alive "/api/v1/releases/$name"
        check "its locale" alive "/api/v1/releases/$name/builds/p/l"
    done
    check "a part of a superblob that is left out is logged" grep -q answer.skipped "$LOG"
    check "all releases from the API" alive /api/v1/releases
}

# Any answer at all: these may say that the release is broken.
alive() { # PATH
    [[ $(status "$1") =~ ^[2-5] ]]
}

# Good releases of several formats, each with one value replaced by one of another kind, by the database itself.
damage_sql() {
    cat <<SQL
SET SESSION group_concat_max_len = 1000000;
CREATE TEMPORARY TABLE good (name VARCHAR(20), data LONGTEXT);
INSERT INTO good VALUES ('4', $(sql_text "$(app_release w)")),
    ('9', '{"name": "w", "schema_version": 9, "hashFunction": "sha512", "appVersion": "50.0", "displayVersion": "50.0",
        "updateLine": [{"for": {"locales": ["l"], "versions": ["<9.0"]},
        "fields": {"type": "minor", "showPrompt": true}}],
        "fileUrls": {"*": {"completes": {"*": "http://download.mozilla.org/?p=%LOCALE%"}, "partials": {}}},
        "platforms": {"p": {"OS_FTP": "p", "OS_BOUNCER": "p", "locales": {"l": {"buildID": "20300101000000",
        "completes": [{"from": "*", "filesize": 1, "hashValue": "aa"}], "partials": [{"from": "after", "filesize": 1,
        "hashValue": "bb"}]}}}}}'),
    ('1000', '{"name": "w", "schema_version": 1000, "hashFunction": "sha512", "vendors": {"v": {"version": "1",
        "platforms": {"p": {"filesize": 1, "hashValue": "aa", "fileUrl": "http://download.mozilla.org/x",
        "mirrorUrls": ["http://download.mozilla.org/y"]}}}}}'),
    ('4000', '{"name": "w", "schema_version": 4000, "blobs": ["after"], "products": ["Firefox"]}'),
    ('5000', '{"name": "w", "schema_version": 5000, "hashFunction": "sha512", "uninstall": false, "addons": {"a":
        {"version": "1", "platforms": {"p": {"filesize": 1, "hashValue": "aa",
        "fileUrl": "http://download.mozilla.org/x"}}}}}'),
    ('50', '{"name": "w", "schema_version": 50, "detailsUrl": "http://x/%OS%", "displayVersion": "5"}'),
    ('10000', '{"name": "w", "schema_version": 10000, "product": "Firefox", "version": "9.0", "required": true,
        "hashFunction": "sha512", "platforms": {"p": {"fileUrl": "http://download.mozilla.org/x", "hashValue": "a"}}}');
CREATE TEMPORARY TABLE path (id INT AUTO_INCREMENT PRIMARY KEY, path VARCHAR(100));
INSERT INTO path (path) VALUES
    ('$.name'), ('$.schema_version'), ('$.hashFunction'), ('$.appVersion'), ('$.displayVersion'),
    ('$.fileUrls'), ('$.fileUrls."*"'), ('$.fileUrls."*".completes'), ('$.fileUrls."*".completes."*"'),
    ('$.platforms'), ('$.platforms.p'), ('$.platforms.p.alias'), ('$.platforms.p.OS_FTP'),
    ('$.platforms.p.locales'), ('$.platforms.p.locales.l'), ('$.platforms.p.locales.l.buildID'),
    ('$.platforms.p.locales.l.completes'), ('$.platforms.p.locales.l.completes[0]'),
    ('$.platforms.p.locales.l.completes[0].from'), ('$.platforms.p.locales.l.completes[0].filesize'),
    ('$.platforms.p.locales.l.partials'), ('$.platforms.p.locales.l.partials[0].from'), ('$.updateLine'),
    ('$.updateLine[0]'), ('$.updateLine[0].for'), ('$.updateLine[0].for.versions'),
    ('$.updateLine[0].for.versions[0]'), ('$.updateLine[0].fields'), ('$.updateLine[0].fields.showPrompt'),
    ('$.vendors'), ('$.vendors.v'), ('$.vendors.v.version'), ('$.vendors.v.platforms'),
    ('$.vendors.v.platforms.p'), ('$.vendors.v.platforms.p.fileUrl'), ('$.vendors.v.platforms.p.mirrorUrls'),
    ('$.blobs'), ('$.blobs[0]'), ('$.products'), ('$.products[0]'), ('$.uninstall'), ('$.addons'),
    ('$.addons.a'), ('$.addons.a.platforms'), ('$.addons.a.platforms.p.hashValue'), ('$.detailsUrl'),
    ('$.version'), ('$.required'), ('$.platforms.p.fileUrl');
CREATE TEMPORARY TABLE kind (id INT AUTO_INCREMENT PRIMARY KEY, value VARCHAR(100));
INSERT INTO kind (value) VALUES ('null'), ('true'), ('0'), ('-1e308'), ('99999999999999999999999'),
    ('""'), ('"%LOCALE%"'), ('"\\\\u0000"'), ('[]'), ('[null, [1], {}]'), ('{}'), ('{"a": {"b": []}}');
INSERT INTO releases (name, product, data, data_version)
SELECT CONCAT('w', g.name, '-', p.id, '-', v.id), 'Firefox', JSON_REPLACE(g.data, p.path, JSON_COMPACT(v.value)), 1
FROM good g JOIN path p JOIN kind v WHERE JSON_EXISTS(g.data, p.path)
ORDER BY CRC32(CONCAT(g.name, p.path, v.value)) LIMIT $((COPIES * 10));
INSERT INTO rules (priority, backgroundRate, update_type, product, channel, mapping, data_version)
SELECT 50, 100, 'minor', 'Firefox', name, name, 1 FROM releases WHERE name LIKE 'w%-%-%';
SQL
}

test_damaged() {
    local n before
    damage_sql | db
    db <<<"$(mapped last) $(inserted last "$(app_release last)")"
    check "damaged releases are read" answers "$(update_path last)" product=last
    n=$(db <<<"SELECT COUNT(*) FROM releases WHERE name LIKE 'w%-%-%'")
    before=$(counts)
    check "$n damaged releases give no 5xx" asks_all "SELECT name FROM releases WHERE name LIKE 'w%-%-%'" $((2 * n))
    check "and all answers are counted" equal $((2 * n)) \
        "$(risen "$before" "$(counts)" | tr ' ' '\n' | awk '{ n += $1 } END { print n }')"
}

# ask_channels SELECT: asks both forms for each channel that it names; the statuses.
ask_channels() {
    local channel
    COUNTS=
    while IFS= read -r channel; do
        printf 'url = "%s%s"\noutput = /dev/null\n' "$PUBLIC_URL" "$(update_path "$channel")" \
            "$PUBLIC_URL" "/json/1/Firefox/1.0/p/$channel/update.json"
    done < <(db <<<"$1") >"$WORK/urls"
    curl -s --globoff --noproxy '*' --max-time 10 -w '%{http_code}\n' -K "$WORK/urls" >"$WORK/statuses"
}

# Locales of a v2 release in places that are none.
test_assets() {
    local base
    base=$(app_release v2 | tr -d '\n')
    db <<<"$(mapped v2) $(mapped v2-null) $(mapped v2-bare)
        INSERT INTO releases_json (name, product, data, data_version) VALUES ('v2', 'Firefox', $(sql_text "$base"), 1),
            ('v2-null', 'Firefox', NULL, 1), ('v2-broken', 'Firefox', '{', 1);
        INSERT INTO release_assets (name, path, data, data_version) VALUES ('v2', '', '{}', 1), ('v2', '.', '{}', 1),
            ('v2', '....', '[]', 1), ('v2', '.platforms', '1', 1), ('v2', '.platforms.p.locales.m', '{broken', 1),
            ('v2', '.platforms.p.locales.l.completes.0', '[]', 1), ('v2', 'platforms', NULL, 1),
            ('v2', '.name.x', '{}', 1), ('v2-bare', '.platforms.p.locales.l', '{\"buildID\": \"2\"}', 1),
            ('v2-broken', '.platforms.p.locales.l', '{}', 1), ('v2-none', '.platforms.p.locales.l', NULL, 1);
        $(mapped v2-broken) $(mapped v2-none) $(mapped assets) $(inserted assets "$(app_release assets)")"
    check "strange assets are read" answers "$(update_path assets)" product=assets
    ask_channels "SELECT channel FROM rules WHERE channel LIKE 'v2%'"
    check "and give no 5xx" equal '' "$(grep -v '^[24]' "$WORK/statuses" || true)"
    check "the API survives" alive /api/v1/releases/v2
    check "it does" alive '/api/v1/releases?product=Firefox&names_only=1'
}

test_rules() {
    local n
    rule_sql | db
    db <<<"$(mapped ruled) $(inserted ruled "$(app_release ruled)")"
    check "strange rules are read" answers "$(update_path ruled)" product=ruled
    n=$(db <<<"SELECT COUNT(*) FROM rules WHERE channel LIKE 'r-%'")
    check "and give no 5xx" asks_all "SELECT channel FROM rules WHERE channel LIKE 'r-%'" $((2 * n))
    url "a rule that points at nothing" 200 no_release 'release nowhere is missing' "$(update_path r-nowhere)"
    url "a fallback that points at nothing" 200 no_release 'release nowhere is missing' "$(update_path r-fallback)"
    url "a rule without a rate" 200 broken 'no backgroundRate' "$(update_path r-rate-null)"
    url "an empty mapping" 200 null_mapping '' "$(update_path r-empty)"
    url "a rule whose version is none never matches, one without columns does" 200 null_mapping '' \
        "$(update_path r-version)"
    check "the API shows them" equal 200 "$(status /api/v1/rules)"
    check "and huge columns" grep -q "$(repeat 1000 z)" <<<"$(get /api/v1/rules)"
}

asks_all() { # SELECT COUNT
    ask_channels "$1"
    equal '' "$(grep -v '^[24]' "$WORK/statuses" || true)" && equal "$2" "$(wc -l <"$WORK/statuses")"
}

rule_sql() {
    local value n=0
    rule_with() { # CHANNEL COLUMN SQL-VALUE
        echo "INSERT INTO rules (priority, backgroundRate, update_type, product, channel, mapping, data_version)
            VALUES (60, 100, 'minor', 'Firefox', '$1', 'after', 1); UPDATE rules SET $2 = $3 WHERE channel = '$1';"
    }
    rule_with r-nowhere mapping "'nowhere'"
    rule_with r-fallback backgroundRate "0, fallbackMapping = 'nowhere'"
    rule_with r-rate-null backgroundRate NULL
    rule_with r-rate-low backgroundRate -5
    rule_with r-rate-high backgroundRate 100000
    rule_with r-empty mapping "''"
    rule_with r-type update_type "''"
    rule_with r-priority priority NULL
    rule_with r-priority-low priority -2147483648
    rule_with r-version version "'<x'"
    for value in '' ',' ',,,' '<' '<=' '>' '=' '>=x' '<1.0,>2' '70.*.*' '*' '1.*,x' '1.0,' ' 1.0' '<<1' \
        '99999999999999999999.0'; do
        rule_with "r-v$((n += 1))" version "'$value'"
        rule_with "r-b$n" buildID "LEFT('$value', 20)"
        rule_with "r-m$n" memory "'$value'"
    done
    for value in '' '*' '**' 'r*' '*r' 'r-*-x' ',' "'%_'" '&&' '&&,&&' ; do
        rule_with "r-l$((n += 1))" locale "$(sql_text "$value")"
        rule_with "r-o$n" osVersion "$(sql_text "$value")"
        rule_with "r-i$n" instructionSet "$(sql_text "$value")"
        rule_with "r-d$n" distribution "$(sql_text "$value")"
        rule_with "r-t$n" buildTarget "$(sql_text "$value")"
    done
    rule_with r-huge locale "REPEAT('l,', 100), osVersion = REPEAT('os,z&&', 166), instructionSet = REPEAT('z', 1000),
        distribution = REPEAT('d,', 1000), version = REPEAT('1,', 37), memory = REPEAT('9', 100),
        distVersion = REPEAT('v', 100), comment = REPEAT('c', 500), alias = REPEAT('a', 50)"
    rule_with r-commas osVersion "REPEAT(',', 1000), locale = REPEAT(',', 200), distribution = REPEAT(',', 2000)"
    echo "INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES ('', '', '', '', 1),
        ('Firefox', 'x', 'ruled', 'nowhere', 1), ('Firefox', '1.', 'ruled', 'cut', 1);
        INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('', '', 1), ('%', '*', 1);
        INSERT INTO rules (priority, backgroundRate, update_type, data_version, mapping)
        VALUES (-1, 100, '', 1, NULL);"
}

# A release of BIG MB that is right, one that is not JSON, one that is a single string.
test_big() {
    local n=$((BIG * 5000))
    db <<<"SET SESSION group_concat_max_len = 1000000000; SET SESSION max_recursive_iterations = 100000000;
        INSERT INTO releases (name, product, data, data_version)
        SELECT 'big', 'Firefox', CONCAT('{\"name\": \"big\", \"schema_version\": 4, \"hashFunction\": \"sha512\",
            \"appVersion\": \"50.0\", \"displayVersion\": \"50.0\", \"platformVersion\": \"50.0\", \"fileUrls\": {\"*\":
            {\"completes\": {\"*\": \"http://download.mozilla.org/?product=big\"}}}, \"platforms\": {\"p\":
            {\"OS_FTP\": \"p\", \"OS_BOUNCER\": \"p\", \"locales\": {',
            GROUP_CONCAT('\"l', IF(seq = 1, '', seq), '\": {\"buildID\":
            \"20300101000000\", \"completes\": [{\"from\": \"*\", \"filesize\": ', seq, ', \"hashValue\": \"',
            SHA2(seq, 512), '\"}]}' SEPARATOR ','), '}}}}'), 1 FROM seq_1_to_$n;
        INSERT INTO releases (name, product, data, data_version) VALUES
            ('big-brackets', 'Firefox', REPEAT('[', $BIG * 1000000), 1),
            ('big-zeros', 'Firefox', CONCAT('{\"schema_version\": ', REPEAT('0', $BIG * 1000000), '}'), 1),
            ('big-list', 'Firefox', CONCAT('[', REPEAT('0,', $BIG * 500000), '0]'), 1),
            ('big-name', 'Firefox', CONCAT('{\"schema_version\": 4, \"platforms\": {}, \"name\": \"',
            REPEAT('x', $BIG * 1000000), '\"}'), 1);
        $(mapped big-brackets) $(mapped big-zeros) $(mapped big-list) $(mapped big-name) $(mapped big)"
    check "a release of $BIG MB" answers "$(update_path big)" product=big
    check "has that many" test "$(db <<<"SELECT LENGTH(data) FROM releases WHERE name = 'big'")" -gt $((BIG * 1000000))
    check "no 5xx" asks_all "SELECT channel FROM rules WHERE channel LIKE 'big%'" 10
    url "big nonsense" 200 no_release 'release big-brackets' "$(update_path big-brackets)"
    url "a big list" 200 no_release 'release big-list' "$(update_path big-list)"
}

sandbox_up --load "$TOP/conf/demo.sql"
PIDS=$(worker_pids)
test_long
test_encoding
test_raw
test_fields
test_parameters
test_versions
test_pins
test_methods
test_releases
test_damaged
test_assets
test_rules
test_big
check "the workers are those of the beginning" equal "$PIDS" "$(worker_pids)"
check "no update query got a 5xx" equal 0 \
    "$(grep -cE '"request":"[A-Z]* /(update|json)[^"]*","status":5' "$SANDBOX/log/access.log")"
sandbox restart public
check "a new worker starts on all of it" answers "$(update_path big)" product=big
check "no sanitizer found anything, where they are built in" equal '' \
    "$(grep -aE 'Sanitizer|runtime error' "$LOG" || true)"
summary
