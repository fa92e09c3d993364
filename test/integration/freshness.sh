#!/bin/bash
# What a plain SQL client commits is what every worker answers with, within a second.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

WORKERS=2
SOON=1000 # ms

# A client with rights on the tables alone: the feed is the triggers' business.
writer() {
    MYSQL_PWD=writer mariadb --no-defaults --socket="$DB_SOCKET" --user=writer --default-character-set=utf8mb4 \
        --batch --skip-column-names "$DB_NAME"
}

# change WHAT [!]TEXT PATH <SQL: commits it, after which the answers hold TEXT.
change() {
    writer
    check "$1" shows "$SOON" "$2" "$3"
}

prepare() {
    db <<<"CREATE USER writer@localhost IDENTIFIED BY 'writer';"
    local table
    for table in rules releases releases_json release_assets pinnable_releases emergency_shutoffs balrog_partial_stops; do
        db <<<"GRANT SELECT, INSERT, UPDATE, DELETE ON $table TO writer@localhost"
    done
    db <<<"INSERT INTO releases (name, product, data, data_version) VALUES
        ('R1', 'Firefox', '$(app_release R1)', 1), ('R2', 'Firefox', '$(app_release R2)', 1);"
}

rule() { # ID CHANNEL MAPPING: SQL that makes it
    echo "INSERT INTO rules (rule_id, priority, backgroundRate, update_type, product, channel, mapping, data_version)
        VALUES ($1, 100, 100, 'minor', 'Firefox', '$2', '$3', 1);"
}

test_rules() {
    local path
    path=$(update_path rules)
    change "a rule is inserted" product=R1 "$path" <<<"$(rule 1 rules R1)"
    change "updated" product=R2 "$path" <<<"UPDATE rules SET mapping = 'R2', data_version = 2 WHERE rule_id = 1"
    change "its version shows" 'Rule-Data-Version: 3' "$path" <<<"UPDATE rules SET data_version = 3 WHERE rule_id = 1"
    change "deleted" '!product=' "$path" <<<"DELETE FROM rules WHERE rule_id = 1"
    change "deleted and made again at its first version" product=R1 "$path" <<<"$(rule 1 rules R1)"
    change "replaced within a transaction" product=R2 "$path" <<<"START TRANSACTION;
        DELETE FROM rules WHERE rule_id = 1; $(rule 1 rules R2) COMMIT"
}

test_v1() {
    local path
    path=$(update_path v1)
    writer <<<"$(rule 2 v1 V1)"
    change "a release that a rule waited for" product=V1 "$path" <<<"INSERT INTO releases (name, product, data,
        data_version) VALUES ('V1', 'Firefox', '$(app_release V1)', 1)"
    change "a v1 release is updated" hashValue=\"2222 "$path" <<<"UPDATE releases SET data_version = 2,
        data = '$(app_release V1 50.0 2222)' WHERE name = 'V1'"
    change "deleted" '!product=' "$path" <<<"DELETE FROM releases WHERE name = 'V1'"
    change "made again" hashValue=\"3333 "$path" <<<"INSERT INTO releases (name, product, data, data_version)
        VALUES ('V1', 'Firefox', '$(app_release V1 50.0 3333)', 2)"
    change "deleted and made again at once, at the same version" hashValue=\"4444 "$path" <<<"START TRANSACTION;
        DELETE FROM releases WHERE name = 'V1'; INSERT INTO releases (name, product, data, data_version)
        VALUES ('V1', 'Firefox', '$(app_release V1 50.0 4444)', 2); COMMIT"
}

# The base without locales, and one locale.
test_v2() {
    local path base asset
    path=$(update_path v2)
    base=$(app_release V2 | tr -d '\n' | sed 's/"platforms".*/"platforms": {"p": {"OS_FTP": "p", "OS_BOUNCER": "p"}}}/')
    asset='{"buildID": "20300101000000", "completes": [{"from": "*", "filesize": 1, "hashValue": "aaaa"}]}'
    change "a v2 release is inserted" product=V2 "$path" <<<"$(rule 3 v2 V2) START TRANSACTION;
        INSERT INTO releases_json (name, product, data, data_version) VALUES ('V2', 'Firefox', '$base', 1);
        INSERT INTO release_assets (name, path, data, data_version)
        VALUES ('V2', '.platforms.p.locales.l', '$asset', 1); COMMIT"
    change "its base is updated" product=other "$path" <<<"UPDATE releases_json SET data_version = 2,
        data = REPLACE(data, 'product=V2', 'product=other') WHERE name = 'V2'"
    change "an asset is updated" hashValue=\"bbbb "$path" <<<"UPDATE release_assets SET data_version = 2,
        data = REPLACE(data, 'aaaa', 'bbbb') WHERE name = 'V2'"
    change "one is inserted" hashValue=\"cccc "${path/\/l\//\/m\/}" <<<"INSERT INTO release_assets (name, path, data,
        data_version) VALUES ('V2', '.platforms.p.locales.m', '${asset/aaaa/cccc}', 1)"
    change "and deleted" '!product=' "$path" <<<"DELETE FROM release_assets WHERE path = '.platforms.p.locales.l'"
}

# Locales of a release that is read locale by locale where no more than a few have changed.
test_locales() {
    local path asset i
    path=$(update_path v2)
    asset='{"buildID": "20300101000000", "completes": [{"from": "*", "filesize": 1, "hashValue": "HASH"}]}'
    locale() { # LOCALE HASH [PLATFORM]: SQL that makes it
        echo "INSERT INTO release_assets (name, path, data, data_version)
            VALUES ('V2', '.platforms.${3:-p}.locales.$1', '${asset/HASH/$2}', 1);"
    }
    change "a locale comes back at its first version" hashValue=\"0a0a "$path" <<<"$(locale l 0a0a)"
    change "it is changed by hand, at the same version" hashValue=\"0b0b "$path" <<<"UPDATE release_assets
        SET data = REPLACE(data, '0a0a', '0b0b') WHERE path = '.platforms.p.locales.l'"
    change "with its base, which says what it said" hashValue=\"0c0c "$path" <<<"START TRANSACTION;
        UPDATE releases_json SET data_version = data_version + 1 WHERE name = 'V2';
        UPDATE release_assets SET data = REPLACE(data, '0b0b', '0c0c') WHERE path = '.platforms.p.locales.l'; COMMIT"
    change "with its base, which says something else" product=again "$path" <<<"START TRANSACTION;
        UPDATE releases_json SET data = REPLACE(data, 'product=other', 'product=again') WHERE name = 'V2';
        UPDATE release_assets SET data = REPLACE(data, '0c0c', '0d0d') WHERE path = '.platforms.p.locales.l'; COMMIT"
    check "and both show" shows "$SOON" hashValue=\"0d0d "$path"
    change "with another that is new" hashValue=\"0f0f "${path/\/l\//\/n\/}" <<<"START TRANSACTION;
        UPDATE release_assets SET data = REPLACE(data, '0d0d', '0e0e') WHERE path = '.platforms.p.locales.l';
        $(locale n 0f0f) COMMIT"
    check "and both show" shows "$SOON" hashValue=\"0e0e "$path"
    change "it becomes another's" hashValue=\"0e0e "${path/\/l\//\/k\/}" <<<"UPDATE release_assets
        SET path = '.platforms.p.locales.k' WHERE path = '.platforms.p.locales.l'"
    check "and is gone itself" shows "$SOON" '!product=' "$path"
    change "one on a new platform" hashValue=\"1010 "${path/\/p\//\/q\/}" <<<"$(locale l 1010 q |
        sed 's#"from"#"fileUrl": "https://download.mozilla.org/q", &#')"
    change "one with a partial from a new release" hashValue=\"1111 "$path" <<<"$(locale l 1111 |
        sed "s/}', 1)/, \"partials\": [{\"from\": \"new\", \"filesize\": 1, \"hashValue\": \"ee\"}]}', 1)/")"
    change "one that says nothing" '!product=' "$path" <<<"UPDATE release_assets SET data = NULL
        WHERE path = '.platforms.p.locales.l'"
    change "many at once" hashValue=\"1212 "${path/\/l\//\/many80\/}" <<<"START TRANSACTION;
        $(for ((i = 1; i <= 80; i++)); do locale "many$i" 1212; done) COMMIT"
    change "one often" hashValue=\"1350 "${path/\/l\//\/k\/}" <<<"$(for ((i = 1; i <= 50; i++)); do
        echo "UPDATE release_assets SET data_version = data_version + 1,
            data = '${asset/HASH/$((1300 + i))}' WHERE path = '.platforms.p.locales.k'; DO SLEEP(0.05);"
    done)"
    change "all are deleted" '!product=' "${path/\/l\//\/k\/}" <<<"DELETE FROM release_assets WHERE name = 'V2'
        AND path <> '.platforms.p.locales.m'"
}

test_pins() {
    local path
    path=$(update_path pins)
    writer <<<"$(rule 4 pins R1)"
    change "without a pin" product=R1 "$path?pin=40." <<<''
    change "a pin is inserted" product=PINNED "$path?pin=40." <<<"
        INSERT INTO releases (name, product, data, data_version) VALUES
            ('P1', 'Firefox', '$(app_release PINNED 40.0)', 1);
        INSERT INTO pinnable_releases (product, version, channel, mapping, data_version)
        VALUES ('Firefox', '40.', 'pins', 'P1', 1)"
    change "updated" product=R2 "$path?pin=40." <<<"
        INSERT INTO releases (name, product, data, data_version) VALUES
            ('P2', 'Firefox', '$(app_release R2 40.0.1)', 1);
        UPDATE pinnable_releases SET mapping = 'P2', data_version = 2"
    change "deleted" product=R1 "$path?pin=40." <<<"DELETE FROM pinnable_releases"
}

test_shutoffs() {
    local path
    path=$(update_path shut)
    change "before the shutoff" product=R1 "$path" <<<"$(rule 5 shut R1)"
    change "a shutoff is inserted" '!product=' "$path" <<<"
        INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'shut', 1)"
    change "deleted" product=R1 "$path" <<<"DELETE FROM emergency_shutoffs"
    change "a partial stop is inserted" '!product=' "$path" <<<"INSERT INTO balrog_partial_stops
        (product, channel, locale, data_version) VALUES ('Firefox', 'shut', 'de,l', 1)"
    change "it is for others" product=R1 "$path" <<<"UPDATE balrog_partial_stops SET locale = 'de', data_version = 2"
    change "and for these again" '!product=' "$path" <<<"UPDATE balrog_partial_stops SET locale = 'l', data_version = 3"
    change "deleted, too" product=R1 "$path" <<<"DELETE FROM balrog_partial_stops"
}

test_broken() {
    local path broken
    path=$(update_path broken)
    writer <<<"INSERT INTO releases (name, product, data, data_version)
        VALUES ('B1', 'Firefox', '$(app_release B1)', 1); $(rule 6 broken B1)"
    check "before" shows "$SOON" product=B1 "$path"
    broken=$(metric 'answers_total{reason="no_release"}')
    change "a release breaks: no update" '!product=' "$path" <<<"UPDATE releases SET data_version = 2, data = '{broken'
        WHERE name = 'B1'"
    check "every worker says so in its log" equal "$WORKERS" "$(grep -c 'release B1 cannot be served' "$LOG")"
    check "and counts the answers" test "$(metric 'answers_total{reason="no_release"}')" -gt "$broken"
    check "and the name" equal "$WORKERS" "$(metric snapshot_missing)"
    change "others are served meanwhile" product=R2 "$(update_path more)" <<<"$(rule 7 more R2)"
    change "it is whole again" product=B1 "$path" <<<"UPDATE releases SET data_version = 3, data = '$(app_release B1)'
        WHERE name = 'B1'"
    check "and counted so" equal 0 "$(metric snapshot_missing)"
}

# ---- transactions ----

# A second client that stays, for transactions that overlap others: say SQL returns once it was carried out.
open_session() {
    coproc SESSION { MYSQL_PWD=writer mariadb --no-defaults --socket="$DB_SOCKET" --user=writer --batch \
        --skip-column-names --unbuffered "$DB_NAME"; }
    SAY=${SESSION[1]}
    HEAR=${SESSION[0]}
    LOOSE+=("$SESSION_PID")
}

say() {
    local line
    printf "%s; SELECT 'done';\n" "$1" >&"$SAY"
    read -r line <&"$HEAR"
    [[ $line == 'done' ]]
}

gaps() {
    metric feed_gaps
}

all_wait_for_gaps() { # NUMBER
    [[ $(gaps) == $((WORKERS * $1)) ]]
}

newest_id() {
    db <<<'SELECT MAX(id) FROM balrog_changes'
}

all_are_at() { # FEED-ID
    [[ $(metric feed_cursor) == $((WORKERS * $1)) ]]
}

test_late() {
    local path first before
    path=$(update_path late)
    writer <<<"$(rule 8 late R1) $(rule 9 others R1)"
    check "before" shows "$SOON" product=R1 "$path"
    before=$(gaps)
    check "no gap before" equal 0 "$before"
    first=$(newest_id)
    say "START TRANSACTION"
    say "UPDATE rules SET mapping = 'R2', data_version = 2 WHERE rule_id = 8"
    change "a later transaction commits first" product=R2 "$(update_path others)" <<<"UPDATE rules SET mapping = 'R2'
        WHERE rule_id = 9"
    check "it has the later id" test "$(newest_id)" -gt $((first + 1))
    check "the missing id is waited for" until_true 5 all_wait_for_gaps 1
    change "and the next" product=R1 "$(update_path others)" <<<"UPDATE rules SET mapping = 'R1' WHERE rule_id = 9"
    check "what is not committed is not served" shows "$SOON" product=R1 "$path"
    say "COMMIT"
    check "the early id that is committed late" shows "$SOON" product=R2 "$path"
    check "closes the gap" until_true 5 all_wait_for_gaps 0
}

test_rolled_back() {
    local path
    path=$(update_path back)
    writer <<<"$(rule 10 back R1)"
    check "before" shows "$SOON" product=R1 "$path"
    say "START TRANSACTION"
    say "UPDATE rules SET mapping = NULL WHERE rule_id = 10"
    say "ROLLBACK"
    change "a change behind a rolled-back one" product=R1 "$(update_path behind)" <<<"$(rule 11 behind R1)"
    check "the rolled-back id stays missing" all_wait_for_gaps 1
    check "and what it would have changed is as it was" shows "$SOON" product=R1 "$path"
    say "START TRANSACTION"
    say "UPDATE rules SET mapping = 'R2' WHERE rule_id = 10"
    change "between two gaps" product=R2 "$(update_path behind)" <<<"UPDATE rules SET mapping = 'R2' WHERE rule_id = 11"
    say "COMMIT"
    check "the second is closed" shows "$SOON" product=R2 "$path"
}

# Many transactions that end in any order, a part of them rolled back.
test_crowd() {
    local n=${1} i pids=()
    writer <<<"$(rule 20 crowd R1) $(for ((i = 0; i < n; i++)); do rule $((100 + i)) "crowd$i" R1; done)"
    for ((i = 0; i < n; i++)); do
        writer <<<"START TRANSACTION; UPDATE rules SET mapping = 'R2' WHERE rule_id = $((100 + i));
            DO SLEEP($((RANDOM % 5)) / 10); $( ((i % 3)) && echo COMMIT || echo ROLLBACK)" &
        pids+=($!)
    done
    wait "${pids[@]}"
    for ((i = 0; i < n; i++)); do
        check "one of a crowd" shows "$SOON" "product=R$((i % 3 ? 2 : 1))" "$(update_path "crowd$i")" >/dev/null
    done
}

# ---- the feed itself ----

test_feed() {
    local path
    path=$(update_path feed)
    writer <<<"$(rule 12 feed R1)"
    check "before" shows "$SOON" product=R1 "$path"
    db <<<"DELETE FROM balrog_changes WHERE id < (SELECT * FROM (SELECT MAX(id) FROM balrog_changes) AS newest)"
    change "the feed was pruned" product=R2 "$path" <<<"UPDATE rules SET mapping = 'R2' WHERE rule_id = 12"
    db <<<"TRUNCATE balrog_changes"
    change "it starts again at its first id" product=R1 "$path" <<<"UPDATE rules SET mapping = 'R1' WHERE rule_id = 12"
    change "and goes on" product=R2 "$path" <<<"UPDATE rules SET mapping = 'R2' WHERE rule_id = 12"
}

test_comparison() {
    local late=4000 path # ms: compare_s, and time to read
    path=$(update_path missed)
    check "until here no change was missed by the feed" equal 0 "$(metric feed_missed_total)"
    check "and no worker was lost" equal "$WORKERS" "$(grep -c service.started "$LOG")"
    sandbox_up --set public.compare_s=1
    writer <<<"$(rule 13 missed R1) INSERT INTO pinnable_releases (product, version, channel, mapping, data_version)
        VALUES ('Firefox', '40.', 'missed', 'P1', 1);
        INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'gone', 1);
        INSERT INTO balrog_partial_stops (product, channel, locale, data_version) VALUES ('Firefox', 'part', 'l', 1);
        $(rule 14 gone R1) $(rule 15 part R1)"
    check "before" shows "$SOON" product=PINNED "$path?pin=40."
    for _ in {1..40}; do
        echo "UPDATE rules SET data_version = data_version + 1 WHERE rule_id = 13; DO SLEEP(0.05);
            UPDATE releases SET data_version = data_version + 1 WHERE name = 'R1'; DO SLEEP(0.05);
            UPDATE release_assets SET data_version = data_version + 1 WHERE path = '.platforms.p.locales.m';"
    done | writer
    check "all of it is read" until_true 5 all_are_at "$(newest_id)"
    check "what the feed tells is not taken for missed" equal 0 "$(metric feed_missed_total)"
    db <<<"TRUNCATE pinnable_releases"
    check "pins are truncated" shows "$late" product=R1 "$path?pin=40."
    check "which is counted" test "$(metric feed_missed_total)" -ge "$WORKERS"
    check "and logged" grep -q feed.missed "$LOG"
    db <<<"TRUNCATE emergency_shutoffs"
    check "shutoffs are" shows "$late" product=R1 "$(update_path gone)"
    db <<<"TRUNCATE balrog_partial_stops"
    check "and partial stops" shows "$late" product=R1 "$(update_path part)"
    db <<<"DROP TRIGGER balrog_feed_releases_u; UPDATE releases SET data_version = data_version + 1,
        data = '$(app_release SILENT)' WHERE name = 'R1'"
    check "a release that changed without its trigger" shows "$late" product=SILENT "$path"
    db <<<"DROP TRIGGER balrog_feed_release_assets_u; START TRANSACTION;
        UPDATE release_assets SET data_version = data_version + 1, data = REPLACE(data, 'cccc', 'dddd')
        WHERE path = '.platforms.p.locales.m';
        INSERT INTO release_assets (name, path, data, data_version) VALUES ('V2', '.platforms.p.locales.z', '{}', 1);
        COMMIT"
    path=$(update_path v2)
    check "a locale that changed so, while another was told" shows "$late" hashValue=\"dddd "${path/\/l\//\/m\/}"
    path=$(update_path missed)
    db <<<"TRUNCATE releases"
    check "releases are truncated" shows "$late" '!product=' "$path"
    db <<<"TRUNCATE rules"
    check "rules are" shows "$late" 'Rule-ID: unknown' "$path"
}

sandbox_up --set public.keep_good_releases=no --set public.compare_s=86400
prepare
open_session
test_rules
test_v1
test_v2
test_locales
test_pins
test_shutoffs
test_broken
test_late
test_rolled_back
test_crowd "${BALROG_TEST_FULL:+4}6"
test_feed
test_comparison
check "through nginx" equal "$EMPTY" "$(get "$(update_path missed)")"
summary
