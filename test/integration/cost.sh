#!/bin/bash
# What requests cost: time and memory grow no faster than the request (cost.py has the table), permissions are checked before
# the work, and one client's worst request does not delay another's shutoff or updates.
# BALROG_TEST_FULL: four times the sizes.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: cost.sh [ROW…]    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
BUILD=${BALROG_BUILD:-$TOP/build}
SCALE=1
COLLIDING=20000
[[ -z ${BALROG_TEST_FULL-} ]] || SCALE=4
MANY=30         # big answers at a time
BIG_LOCALES=8000
HASH=$(printf 'ab%.0s' {1..64})
UPDATE=/update/3/Firefox/1.0/20200101000000/p/en-US/c/Linux/default/default/update.xml

rows() {
    cat <<EOF
INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@x', 'admin', NULL, 1),
    ('other@x', 'release', '{"products": ["Thunderbird"]}', 1);
INSERT INTO releases (name, product, data, data_version) VALUES ('R', 'Firefox', '{"name":"R","schema_version":4,"hashFunction":"sha512",
    "appVersion":"2.0","displayVersion":"2.0","platformVersion":"2.0","platforms":{"p":{"locales":{"en-US":{"buildID":"20260101000000",
    "completes":[{"from":"*","filesize":1,"hashValue":"$HASH","fileUrl":"http://archive.mozilla.org/x"}]}}}}}', 1),
    ('Big', 'Thunderbird', '{"name":"Big","schema_version":4,"hashFunction":"sha512","platforms":{}}', 1);
INSERT INTO releases_json (name, product, data, data_version) VALUES ('V', 'Firefox', '{"name":"V","schema_version":9,"hashFunction":"sha512"}', 1);
INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
    VALUES (1, 1, 'R', 100, 'minor', 'Firefox', 'c', 1), (2, 1, 'Big', 100, 'minor', 'Thunderbird', 'c', 1);
EOF
}

milliseconds() {
    date +%s%3N
}

# ---- permission before work ----

locked() {
    [[ $(query "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_locked > 0") != 0 ]]
}

# While somebody holds the rows, who may not write them is told so at once.
permission() {
    run_sql <<<"BEGIN; SELECT name FROM releases WHERE name = 'R' FOR UPDATE; SELECT name FROM releases_json WHERE name = 'V' FOR UPDATE;
        SELECT SLEEP(30);" >/dev/null 2>&1 &
    local holder=$! start
    until locked; do
        kill -0 "$holder" || return 0
    done
    start=$(milliseconds)
    check "a release put" gives 403 other@x PUT /releases/R '{"name":"R","product":"Firefox","blob":"{\"schema_version\":1}","data_version":1}'
    check "members" gives 403 other@x POST /releases/R '{"product":"Firefox","data":"{\"schema_version\":4}","data_version":1}'
    check "a locale" gives 403 other@x PUT /releases/R/builds/p/de '{"product":"Firefox","schema_version":4,"data":"{}","data_version":1}'
    check "a release made" gives 403 other@x POST /releases '{"name":"N","product":"Firefox","blob":"{\"schema_version\":1}"}'
    check "one deleted" gives 403 other@x DELETE '/releases/R?data_version=1'
    check "one made read-only" gives 403 other@x PUT /releases/R/read_only '{"read_only":true,"data_version":1}'
    check "a v2 release put" gives 403 other@x PUT /v2/releases/V '{"product":"Firefox","blob":{"schema_version":9},"old_data_versions":{".":1}}'
    check "one merged into" gives 403 other@x POST /v2/releases/V '{"blob":{"schema_version":9},"old_data_versions":{".":1}}'
    check "one deleted" gives 403 other@x DELETE /v2/releases/V
    check "without waiting for anybody" test $(($(milliseconds) - start)) -lt 10000
    run_sql <<<"SELECT CONCAT('KILL ', ID) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(30)%' AND ID <> CONNECTION_ID()" |
        run_sql || true
    wait "$holder" || true
}

# ---- half-sent requests ----

# Updates, and the admin, are answered while somebody holds many requests of which the rest does not come.
half_sent() {
    local program start input
    for program in public admin; do
        coproc HALVES { "$BUILD/test/integration/fcgi_probe" "$BOX/run/$program.sock" 200 halves; }
        read -r -t 20 <&"${HALVES[0]}" || check "$program: requests are held" false
        start=$(milliseconds)
        if [[ $program == public ]]; then
            for _ in {1..20}; do
                check "updates are answered" update_has '<patch'
            done
        else
            check "the admin answers" gives 200 - GET /rules/1
        fi
        check "$program: at once" test $(($(milliseconds) - start)) -lt 4000
        input=${HALVES[1]}
        exec {input}>&-
        wait "$HALVES_PID" || true
    done
}

# ---- shutoffs ----

# A release of Thunderbird's with N platforms, named so that a hash without a secret would be the same for all.
colliding() { # N
    printf '{"name":"Big","product":"Thunderbird","data_version":1,"blob":"{\\"name\\":\\"Big\\",\\"schema_version\\":4,\\"hashFunction\\":\\"sha512\\",\\"platforms\\":{'
    "$BUILD/test/integration/colliding_names" "$1" | sed 's/.*/\\"&\\":{\\"alias\\":\\"platform-with-locales\\"},/' | tr -d '\n'
    printf '\\"platform-with-locales\\":{}'
    printf '}}"}'
}

update_has() {
    curl -s --noproxy '*' "$PUBLIC_URL$UPDATE" | grep "$1" >/dev/null
}

# How long until a shutoff of Firefox's is seen, set right after Thunderbird's worst. The processor time of the loader
# is what that takes, and the machine may be busy: the best of three.
shutoffs() {
    local start took best=999999 try version=1
    colliding "$COLLIDING" >"$WORK/colliding"
    check "the release is big" test "$(wc -c <"$WORK/colliding")" -gt $((COLLIDING * 50))
    check "updates are served" until_true 10 update_has '<patch'
    for try in 1 2 3; do
        sed -i "s/\"data_version\":[0-9]*/\"data_version\":$version/; s/\\\\\"sha512\\\\\"/\\\\\"sha512\\\\\",\\\\\"displayVersion\\\\\":\\\\\"$try\\\\\"/" "$WORK/colliding"
        check "it is taken" gives 200 admin@x PUT /releases/Big "@$WORK/colliding"
        check "a shutoff" gives 201 admin@x POST /emergency_shutoff '{"product":"Firefox","channel":"c"}'
        start=$(milliseconds)
        until ! update_has '<patch' || (($(milliseconds) - start > 30000)); do
            sleep 0.02
        done
        took=$(($(milliseconds) - start))
        ((took >= best)) || best=$took
        version=$((version + 1))
        check "and no more" gives 200 admin@x DELETE '/emergency_shutoff/Firefox/c?data_version=1'
        check "updates again" until_true 10 update_has '<patch'
        sed -i 's/,\\"displayVersion\\":\\"[0-9]\\"//' "$WORK/colliding"
    done
    echo "a shutoff is seen $best ms after another product's worst"
    check "within a second" test "$best" -le 1000
}

# ---- many big answers at once ----

peak_mb() {
    echo $(($(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status") >> 10))
}

big_answers() {
    local pid before after i
    client_rows "$BIG_LOCALES" >"$WORK/many"
    check "a big release" gives 201 admin@x POST /releases "@$WORK/many"
    sandbox restart "$BOX" public
    pid=$(sandbox pids "$BOX" public)
    before=$(peak_mb "$pid")
    for ((i = 0; i < MANY; i++)); do
        curl -s --noproxy '*' -o /dev/null -w '%{http_code} ' "$PUBLIC_URL/api/v1/releases/Many" >"$WORK/status.$i" &
    done
    for ((i = 0; i < 20; i++)); do
        check "updates go on" update_has '<patch'
    done
    wait
    after=$(peak_mb "$pid")
    cat "$WORK"/status.* >"$WORK/statuses"
    echo "$MANY answers of $(($(wc -c <"$WORK/many") >> 10)) KB at once: $((after - before)) MB; $(tr ' ' '\n' <"$WORK/statuses" | sort | uniq -c | tr '\n' ' ')"
    check "all are answered, or told to come back" equal '' "$(tr -d ' \n' <"$WORK/statuses" | sed 's/200\|503//g')"
    check "most are answered" test "$(grep -o 200 "$WORK/statuses" | wc -l)" -ge 15
    check "few are made at a time" test $((after - before)) -lt $((64 + 30 * $(wc -c <"$WORK/many") / 1048576))
}

# A release with N locales of some 300 bytes.
client_rows() {
    printf '{"name":"Many","product":"Firefox","blob":"{\\"name\\":\\"Many\\",\\"schema_version\\":4,\\"hashFunction\\":\\"sha512\\",\\"platforms\\":{\\"P\\":{\\"locales\\":{'
    seq "$1" | sed "s/.*/\\\\\"l&\\\\\":{\\\\\"buildID\\\\\":\\\\\"20230101000000\\\\\",\\\\\"completes\\\\\":[{\\\\\"filesize\\\\\":&,\\\\\"from\\\\\":\\\\\"*\\\\\",\\\\\"hashValue\\\\\":\\\\\"$HASH\\\\\"}]}/; \$!s/\$/,/" | tr -d '\n'
    printf '}}}}"}'
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set mariadb.innodb-buffer-pool-size=256M
if (($# == 0)); then
    permission
    half_sent
    shutoffs
    big_answers
fi
PUBLIC_URL=$PUBLIC_URL ADMIN_URL=$ADMIN_URL SANDBOX=$TOP/scripts/sandbox python3 "$TOP/test/integration/cost.py" "$BOX" "$SCALE" "$@" >"$WORK/cost" &
COST=$!
wait "$COST" || true
sed '$d' "$WORK/cost"
read -r passed _ failed _ <<<"$(tail -n 1 "$WORK/cost")"
PASSED=$((PASSED + ${passed:-0}))
FAILED=$((FAILED + ${failed:-1}))
summary
