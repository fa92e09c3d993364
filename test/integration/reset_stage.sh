#!/bin/bash
# reset-stage: stage gets production's data without names of people and keeps its own accounts. No other database is written.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: reset_stage.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/service.sh
. "$here/service.sh"
# shellcheck source=test/integration/backup_lib.sh
. "$here/backup_lib.sh"

STAGE=$WORK/stage # stage's database server
trap 'stop_restored; stop_mariadb "$STAGE"; take_down' EXIT

stage() { sql "$STAGE" stagedb; }
stage_answers() { equal "$1" "$(stage <<<"$2" | tr '\t' ' ' | paste -s -d ';')"; }

# People wherever there can be any.
people() {
    db <<'END'
INSERT INTO permissions VALUES ('admin', 'ann@people.example', '{}', 1), ('rule', 'ben@people.example', '{}', 1),
    ('release', 'a-machine', '{}', 1);
INSERT INTO permissions_history (changed_by, timestamp, permission, username, options, data_version)
    VALUES ('ann@people.example', 1, 'rule', 'ben@people.example', '{}', 1);
INSERT INTO permissions_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_permission, base_username,
    data_version) VALUES (70, 'ann@people.example', 1, 'insert', 'rule', 'cat@people.example', 1);
INSERT INTO permissions_scheduled_changes_history (changed_by, timestamp, sc_id, scheduled_by, base_username)
    VALUES ('ben@people.example', 1, 70, 'ann@people.example', 'cat@people.example');
INSERT INTO permissions_scheduled_changes_signoffs VALUES (70, 'ben@people.example', 'releng');
INSERT INTO permissions_scheduled_changes_signoffs_history (changed_by, timestamp, sc_id, username, role)
    VALUES ('ben@people.example', 1, 70, 'ben@people.example', 'releng');
INSERT INTO user_roles VALUES ('ann@people.example', 'tester', 1), ('a-machine', 'tester', 1);
INSERT INTO user_roles_history (changed_by, timestamp, username, role) VALUES ('Ann@people.example', 1, 'ben@people.example', 'r');
UPDATE rules SET comment = 'ask ann@people.example, or <dan@people.example>: they know' LIMIT 1;
INSERT INTO rules_history (changed_by, timestamp, rule_id, comment) VALUES ('ann@people.example', 1, 1, 'for eve@people.example');
INSERT INTO emergency_shutoffs (product, channel, comment, data_version) VALUES ('P', 'c', 'fay@people.example said so', 1);
INSERT INTO rules_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_comment, data_version)
    VALUES (71, 'ann@people.example', 0, 'update', 'by ann@people.example', 1),
        (72, 'ann@people.example', 1, 'update', 'by ann@people.example', 1);
INSERT INTO rules_scheduled_changes_conditions (sc_id, `when`, data_version) VALUES (71, 1, 1), (72, 1, 1);
INSERT INTO rules_scheduled_changes_signoffs VALUES (71, 'ben@people.example', 'releng'), (72, 'ben@people.example', 'releng');
INSERT INTO balrog_release_history (tbl, name, path, data_version, changed_by, timestamp, size, frame)
    VALUES ('releases', 'r', '', 1, 'ann@people.example', 1, 1, 'x');
INSERT INTO product_req_signoffs VALUES ('Firefox', 'nightly', 'releng', 2, 1)
    ON DUPLICATE KEY UPDATE signoffs_required = 2;
INSERT INTO balrog_expectations VALUES ('Firefox', 'kept', '/update/3/Firefox/1.0/1/t/de/r@mozilla.org/os/d/d/update.xml', '{"update": "maybe"}',
    'gus@people.example wants it', 1);
INSERT INTO balrog_expectations_history (changed_by, timestamp, product, name, comment, data_version)
    VALUES ('ann@people.example', 1, 'Firefox', 'kept', 'for gus@people.example', 1);
DROP TRIGGER balrog_feed_rules_d;
DROP TRIGGER balrog_feed_partial_stops_d;
END
}

# An e-mail address of anybody; what add-ons are called is no such thing.
nobody() { # FILE
    ! grep -n -i -o -E '[^ ,]*@[a-z.]*example[^ ,]*' "$1" >&2
}

# Every value with an @, but for add-ons' names, and those of stage's own.
with_at() {
    mariadb-dump --no-defaults --socket="$STAGE/sock" --user=root --skip-triggers --no-create-info --skip-comments \
        --skip-extended-insert --hex-blob stagedb >"$WORK/dump"
    grep -o "'[^']*@[^']*'" "$WORK/dump" | grep -v '@mozilla\.org' | sort -u | paste -s -d ' '
}

test_refusals() {
    check "production is never reset" tool 3 reset-stage -e production --execute
    check "by whatever way it is named" tool 3 reset-stage -e stage --from stage --execute
    check "an unknown environment" tool 2 reset-stage -e nowhere
    check "a database without a mark" tool 3 reset-stage -e stage --execute
    check "says how to mark it" said "--mark"
    check "nothing was done to it" stage_answers "rules" "SHOW TABLES"
    # An environment that is called stage, and leads to production.
    environment wrong "database_defaults_file = $WORK/admin.cnf"
    check "production's database under another name" tool 3 reset-stage -e wrong --execute
    check "is known" said "is the one that production's backups were made from"
    check "is not marked, either" tool 3 reset-stage -e wrong --mark --execute
    db <<<"ALTER DATABASE $DB_NAME COMMENT = 'balrog environment: wrong'"
    check "and not reset though it is marked" tool 3 reset-stage -e wrong --execute
    db <<<"ALTER DATABASE $DB_NAME COMMENT = ''"
    # The backups are those of a server that is gone: its address tells.
    sed -i "s|^server = .*|server = gone|" "$STORE"/*-full/manifest
    printf 'manifest_sha256 = %s\n' "$(sed '$d' "$STORE"/*-full/manifest | sha256sum | cut -d ' ' -f 1)" >"$WORK/sum"
    sed -i '$d' "$STORE"/*-full/manifest
    cat "$WORK/sum" >>"$(echo "$STORE"/*-full/manifest)"
    check "production, asked itself" tool 3 reset-stage -e wrong --execute
    check "is known by that" said "is production's"
    check "production is as it was" equal "$BEFORE" "$(fingerprint)"
}

# What production's database holds.
fingerprint() {
    mariadb-dump --no-defaults --socket="$DB_SOCKET" --user=root --skip-comments --skip-dump-date \
        --ignore-table="$DB_NAME.app_instances" --ignore-table="$DB_NAME.balrog_heartbeat" "$DB_NAME" | sha256sum
}

test_reset() {
    check "marking" tool 0 reset-stage -e stage --mark
    check "is planned first" said "nothing was done"
    check "marking it" tool 0 reset-stage -e stage --mark --execute
    check "a plan" tool 0 reset-stage -e stage
    check "says what it would do" said "would replace all of"
    check "and does nothing" stage_answers "rules" "SHOW TABLES"
    check "a reset" tool 0 reset-stage -e stage --execute --scratch "$WORK"
    check "nothing is left of it" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-reset*')"
    check "nobody is named anywhere" equal "" "$(with_at)"
    check "by the whole dump" nobody "$WORK/dump"
    check "machines' accounts stay" stage_answers "a-machine" "SELECT username FROM permissions WHERE username = 'a-machine'"
    check "one person is one pseudonym" stage_answers "1" "SELECT COUNT(DISTINCT name) FROM (
        SELECT username AS name FROM user_roles WHERE role = 'tester' AND username <> 'a-machine'
        UNION ALL SELECT scheduled_by FROM permissions_scheduled_changes WHERE sc_id = 70
        UNION ALL SELECT changed_by FROM rules_history WHERE comment LIKE 'for %'
        UNION ALL SELECT username FROM permissions WHERE permission = 'admin' AND options = '{}') x"
    check "names that differ by case are two" stage_answers 2 "SELECT COUNT(DISTINCT changed_by) FROM (
        SELECT changed_by FROM user_roles_history WHERE role = 'r' UNION ALL SELECT changed_by FROM rules_history WHERE comment LIKE 'for %') x"
    check "comments keep what else they say" stage_answers "ask somebody, or <somebody>: they know" \
        "SELECT comment FROM rules WHERE comment LIKE 'ask%'"
    check "pending changes are left out" stage_answers "72 1" "SELECT sc_id, COUNT(*) FROM rules_scheduled_changes
        JOIN rules_scheduled_changes_signoffs USING (sc_id) JOIN rules_scheduled_changes_conditions USING (sc_id)
        WHERE sc_id >= 71 GROUP BY sc_id"
    check "the history of releases is left out" stage_answers 0 "SELECT COUNT(*) FROM balrog_release_history"
    check "production's required sign-offs are left out" stage_answers 0 "SELECT COUNT(*) FROM product_req_signoffs"
    check "rules and releases are all there" equal "$(db <<<"SELECT COUNT(*), SUM(CRC32(data)) FROM releases")" \
        "$(stage <<<"SELECT COUNT(*), SUM(CRC32(data)) FROM releases")"
    check "the table that was there is replaced" stage_answers 1 "SELECT COUNT(*) > 1 FROM rules"
    check "the feed works: its account was made" stage_answers "rules U" "UPDATE rules SET data_version = 2 LIMIT 1;
        SELECT tbl, op FROM balrog_changes ORDER BY id DESC LIMIT 1"
    check "triggers that production has lost were made again" stage_answers 27 \
        "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND definer = 'balrog_feed@localhost'"
    check "the mark stays" stage_answers "balrog environment: stage" \
        "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = DATABASE()"
    check "production is as it was" equal "$BEFORE" "$(fingerprint)"
}

# Production has done a destructive step that stage has not, and the reverse.
test_schema() {
    db <<<"INSERT INTO balrog_schema (version, phase, name, checksum, applied_at, balrog_version, min_version) VALUES (90, 'destructive', 'of_production', '', 1, '0.9', '0.9')"
    stage <<<"INSERT INTO balrog_schema (version, phase, name, checksum, applied_at, balrog_version, min_version) VALUES (91, 'destructive', 'of_stage', '', 1, '0.8', '0.8')"
    sleep 1 # a backup's name is its second
    check "a backup with another schema" tool 0 backup full -e production
    check "a reset" tool 0 reset-stage -e stage --execute --scratch "$WORK"
    check "says which versions can run now" said "destructive step 0090 of_production, which stage did not have: only v0.9 and later can run on it now"
    check "and which steps are to be repeated" said "lacks the destructive step 0091 of_stage, which stage had: run schema-upgrade --phase destructive -e stage again"
    db <<<"DELETE FROM balrog_schema WHERE version = 90"
}

test_again() {
    local pseudonym feed pid
    pseudonym=$(stage <<<"SELECT username FROM user_roles WHERE role = 'tester' AND username <> 'a-machine'")
    feed=$(stage <<<"SELECT MAX(id) FROM balrog_changes")
    stage <<<"INSERT INTO permissions VALUES ('admin', 'sue@stage.example', NULL, 1);
        INSERT INTO product_req_signoffs VALUES ('Firefox', 'nightly', 'releng', 1, 1)"
    # Killed once stage's tables are gone.
    setsid "$TOP/scripts/reset-stage" -e stage --execute --scratch "$WORK" >"$WORK/killed.log" 2>&1 &
    pid=$!
    disown
    until_true 120 being_reset
    kill -KILL -- "-$pid"
    check "it is known as one that was not finished" being_reset
    check "a reset after one that was killed" tool 0 reset-stage -e stage --execute --scratch "$WORK"
    check "it knows" said "going on after an interrupted run"
    check "the scratch server of that one is gone" said "which an interrupted run left"
    check "and its directory" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-reset*')"
    check "stage's own accounts are back" equal "'sue@stage.example'" "$(with_at)"
    check "and its required sign-offs" stage_answers 1 "SELECT signoffs_required FROM product_req_signoffs"
    check "a pseudonym stays the same" stage_answers "$pseudonym" \
        "SELECT username FROM user_roles WHERE role = 'tester' AND username <> 'a-machine'"
    check "the feed goes on beyond what workers have seen" stage_answers 1 "SELECT MIN(id) > $feed FROM balrog_changes"
}

being_reset() {
    stage 2>/dev/null <<<"SELECT schema_comment FROM information_schema.schemata WHERE schema_name = DATABASE()" |
        grep 'being reset' >/dev/null
}

# A name that a release holds, too, cannot be taken out: nothing is loaded.
test_blob() {
    db <<<"INSERT INTO releases (name, product, data, data_version) VALUES ('by-ann', 'P', '{\"by\": \"ann@people.example\"}', 1)"
    check "a backup of that" tool 0 backup full -e production
    local before
    before=$(stage <<<"CHECKSUM TABLE releases, rules, permissions")
    check "a release that names somebody" tool 1 reset-stage -e stage --execute --scratch "$WORK"
    check "is found" said "still names 1 people"
    db <<<"UPDATE releases SET data = '{\"by\": \"zoe@elsewhere.example\", \"addons\": {\"addon@x.example\": {}, \"y@mozilla.org\": \"addon@x.example\"}}' WHERE name = 'by-ann'"
    sleep 1 # a backup's name is its second
    check "a backup with the address of somebody who has no account" tool 0 backup full -e production
    check "that is found, too" tool 1 reset-stage -e stage --execute --scratch "$WORK"
    check "with its place; what add-ons are called is no such thing" said "--allow-address: zoe@elsewhere.example (in releases)"
    check "an address that may stay" tool 0 reset-stage -e stage --execute --scratch "$WORK" --allow-address 'zoe@.*'
    check "stage has it" stage_answers 1 "SELECT COUNT(*) FROM releases WHERE name = 'by-ann'"
    before=$(stage <<<"CHECKSUM TABLE releases, rules, permissions")
    db <<<"UPDATE rules SET channel = 'release-ann@people.example' WHERE rule_id = 1; DELETE FROM releases WHERE name = 'by-ann'"
    sleep 1
    check "a backup with an address in a rule's channel" tool 0 backup full -e production
    check "that is found" tool 1 reset-stage -e stage --execute --scratch "$WORK"
    check "with its place" said "1 rows of rules hold an @ in channel"
    check "stage is as it was" equal "$before" "$(stage <<<"CHECKSUM TABLE releases, rules, permissions")"
}

start_mariadb "$STAGE" &
sandbox_with_logs --workers 1
wait $!
people
BEFORE=$(fingerprint)
sql "$STAGE" mysql <<<"CREATE DATABASE stagedb CHARACTER SET utf8mb4; CREATE TABLE stagedb.rules (a INT)"
account "$WORK/stage.cnf" root "$STAGE/sock"
environment stage "database_defaults_file = $WORK/stage.cnf"
sed -i 's/^database = .*/database = stagedb/' "$BALROG_ENVIRONMENTS/stage.conf"
mkdir -p "$WORK/root-stage/state" "$WORK/root-wrong/state"
check "a backup of production" tool 0 backup full -e production
test_refusals
test_reset
test_again
test_schema
test_blob
summary
