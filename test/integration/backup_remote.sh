#!/bin/bash
# Encrypted copies of backups on another machine, by an sshd of the test's own whose account may only run rrsync, and with --full in an
# S3-compatible store. Interrupted copies go on, incomplete ones are never restored, and a machine without anything else restores all.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: backup_remote.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"
# shellcheck source=test/integration/backup_lib.sh
. "$TOP/test/integration/backup_lib.sh"
# shellcheck source=test/integration/s3_lib.sh
. "$TOP/test/integration/s3_lib.sh"

AWAY=$WORK/away # what the other machine has
FROM=ssh:store:/

# ---- the other machine ----

make_host() {
    local pam=no
    mkdir -m 700 "$WORK/ssh" "$AWAY"
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh/server"
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh/client"
    printf 'restrict,command="rrsync %s" %s\n' "$AWAY" "$(<"$WORK/ssh/client.pub")" >"$WORK/ssh/authorized_keys"
    [[ $(getent shadow "$ME" 2>/dev/null | cut -d : -f 2) != '!'* ]] || pam=yes # without PAM, sshd keeps a locked account out
    ((EUID != 0)) || [[ -d /run/sshd ]] || mkdir -m 755 /run/sshd
    SSH_PORT=$(free_port)
    printf '%s\n' "ListenAddress 127.0.0.1:$SSH_PORT" "HostKey $WORK/ssh/server" "PidFile $WORK/ssh/pid" \
        "AuthorizedKeysFile $WORK/ssh/authorized_keys" 'StrictModes no' "UsePAM $pam" 'PasswordAuthentication no' \
        'KbdInteractiveAuthentication no' 'PermitRootLogin forced-commands-only' 'SetEnv SHLVL=1' >"$WORK/ssh/sshd_config"
    printf '%s\n' 'Host store' 'HostName 127.0.0.1' "Port $SSH_PORT" "User $ME" "IdentityFile $WORK/ssh/client" 'IdentitiesOnly yes' \
        'StrictHostKeyChecking accept-new' "UserKnownHostsFile $WORK/ssh/known_hosts" 'GlobalKnownHostsFile none' >"$WORK/ssh/config"
}

start_sshd() {
    "$(command -v sshd || echo /usr/sbin/sshd)" -D -f "$WORK/ssh/sshd_config" -E "$WORK/ssh/log" </dev/null >/dev/null 2>&1 &
    SSHD=$!
    LOOSE+=("$SSHD")
    until_true 20 test -s "$WORK/ssh/pid"
}

# ---- the settings ----

remote_env() { # LINE…
    environment production "database_defaults_file = $WORK/admin.cnf" "backup_defaults_file = $WORK/backup.cnf" "hook = $WORK/hook" \
        "backup_part_mb = 1" "$@"
}

test_refusals() {
    check "nothing is copied without a place" tool 3 backup-push -e production
    check "for cron that is no failure" tool 0 backup-push --follow -e production
    remote_env "backup_remote = $FROM"
    check "nothing leaves unencrypted" tool 2 backup-push -e production
    remote_env "backup_remote = $FROM" "backup_recipients = $WORK/identity"
    check "a private key is refused on this machine" tool 3 backup-push -e production
    check "the message says where it belongs" said "belongs on the machine where you restore"
    printf 'age1nonsense\n' >"$WORK/nonsense"
    remote_env "backup_remote = $FROM" "backup_recipients = $WORK/nonsense"
    check "nor for keys that are none" tool 1 backup-push -e production
    remote_env "backup_remote = $FROM" "backup_recipients = $WORK/recipients" "ssh_config = $WORK/ssh/config"
    check "the machine is not there" tool 5 backup-push -e production
    check "the hook is told" grep -q '^backup-failed: backup-push of production' "$WORK/hook.log"
    remote_env "backup_remote = $FROM" 'backup_recipients = relative'
    check "a path that is none" tool 2 backup-push -e production
    remote_env "backup_remote = ftp:store:/x"
    check "a store of another kind" tool 2 backup-push -e production
    remote_env "backup_remote = $FROM" "backup_recipients = $WORK/recipients" "ssh_config = $WORK/ssh/config"
}

# ---- copying ----

# killed PATTERN COMMAND…: runs a script, and kills it and all that it has started (-9) once a path matches PATTERN.
killed() {
    local pattern=$1 pid
    setsid "$TOP/scripts/$2" "${@:3}" >>"$WORK/killed.log" 2>&1 &
    pid=$!
    disown
    until compgen -G "$pattern" >/dev/null || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.005
    done
    kill -KILL -- "-$pid" 2>/dev/null || { cat "$WORK/killed.log" >&2 && return 1; }
    compgen -G "$pattern" >/dev/null
}

away_first() { stat -c '%i %Y' -- "$AWAY/production"/*-full/data.00000; }

test_copying() {
    local first
    check "it is copied until a part is there" killed "$AWAY/production/*-full/data.00000" backup-push -e production
    first=$(away_first)
    check "what is there is not complete" test ! -e "$AWAY"/production/*-full/complete
    check "the list says so" tool 0 backup-push -e production --list
    check "by these words" said "not complete"
    check "it is not restored" tool 3 restore --from "$FROM" --identity "$WORK/identity" -e production --user "$ME" --to latest "$WORK/r0"
    check "and says why" said "there is no complete backup"
    check "a plan" tool 0 backup-push -e production --dry-run
    check "it names what would be copied" said "-full to ssh:store:/"
    check "the copy goes on" tool 0 backup-push -e production
    check "what was there was not sent again" equal "$first" "$(away_first)"
    check "now it is complete" tool 0 backup-push -e production --list
    check "with its time" said "-full            as of"
    check "all but the list is encrypted" equal "" "$(find "$AWAY" -type f ! -name complete ! -name 'data.*[1-9]' -exec sh -c \
        'head -c 21 "$1" | grep -a age-encryption.org >/dev/null || echo "$1"' - {} \;)"
    check "several parts" test "$(find "$AWAY" -name 'data.*' | wc -l)" -gt 2
    check "nothing is left of it here" equal "" "$(ls -A "$STORE/remote/out")"
    check "monitoring is content" tool 0 backup status -e production
}

follow() {
    "$TOP/scripts/backup" binlogs --follow -e production >>"$WORK/follow.log" 2>&1 &
    FOLLOWERS=("$!")
    "$TOP/scripts/backup-push" --follow --every 1 -e production >>"$WORK/push.log" 2>&1 &
    FOLLOWERS+=("$!")
    LOOSE+=("${FOLLOWERS[@]}")
}

# The other machine has what was committed before WANTED was read.
shipped() {
    local name position
    read -r name position <<<"$WANTED"
    (($(find "$AWAY"/production/binlogs/*/"$name" -name 'segment-*.age' 2>/dev/null | sed 's/.*-0*\(.*\)\.age/\1/' | sort -n | tail -n 1) + 0 >= position))
}

note() { # TEXT
    db <<<"INSERT INTO rules (update_type, product, data_version) VALUES ('minor', '$1', 1)"
    WANTED=$(db <<<'SHOW MASTER STATUS' | cut -f 1,2)
}

test_following() {
    local begun
    follow
    note before
    begun=${EPOCHREALTIME/./}
    check "the binary logs are copied as they grow" until_true 120 shipped
    echo "  a commit was on the other machine after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms"
    check "a second one ends at once" tool 0 backup-push --follow -e production
    check "and says why" said "are being copied already"
    check "two do not copy at the same time" tool 4 backup-push -e production
    mv "$AWAY" "$AWAY.gone"
    check "the other machine's disk goes away, which is told" until_true 120 grep -q 'cannot be copied' "$WORK/push.log"
    note between
    db <<<"FLUSH BINARY LOGS"
    mv "$AWAY.gone" "$AWAY"
    note after
    check "it goes on when that is back" until_true 120 shipped
    check "a log that is closed is one file" equal "1 0" "$(closed_files)"
    check "the figures for Prometheus have it" until_true 120 fresh_figures
    note last
    check "the last part" until_true 120 shipped
    kill -TERM "${FOLLOWERS[@]}"
    wait "${FOLLOWERS[@]}" || check "they end with a good status" false
}

# How many files the first log is as a whole, and in segments.
closed_files() {
    local dir
    dir=$(find "$AWAY/production/binlogs" -mindepth 2 -maxdepth 2 -name '*.000001')
    echo "$(find "$dir" -name 'closed-*' | wc -l) $(find "$dir" -name 'segment-*' | wc -l)"
}

fresh_figures() {
    "$TOP/scripts/host-metrics" -e production >"$WORK/figures"
    awk -v now="$EPOCHSECONDS" '$1 == "balrog_backup_remote_position_timestamp_seconds" && $2 > now - 60 { n++ }
        $1 == "balrog_backup_remote_timestamp_seconds" && $2 > now - 600 { n++ } END { exit n != 2 }' "$WORK/figures"
}

# ---- restoring ----

# The segment that holds the last note is cut off, as an upload that was interrupted would be in a store that has no better; what came
# after it had not been sent.
cut_last() {
    local position path to cut=''
    read -r _ position <<<"$WANTED"
    while read -r path; do
        to=${path##*-}
        if [[ -n $cut ]]; then
            rm -- "$path"
        elif ((10#${to%.age} >= position)); then
            truncate -s -20 "$path"
            cut=1
        fi
    done < <(find "$AWAY/production/binlogs" -path "*/${WANTED%%[[:space:]]*}/segment-*" | sort)
    find "$AWAY/production/binlogs" -name mark.age -delete
}

restore_from() { # STATUS DIR [ARG…]
    BALROG_ENVIRONMENTS=$WORK/elsewhere tool "$1" restore --from "$FROM" --identity "${IDENTITY:-$WORK/identity}" -e production --user "$ME" \
        --to latest "${@:3}" "$2"
}

products() { # DIR
    rows "$1" <<<"SELECT GROUP_CONCAT(product ORDER BY rule_id) FROM rules WHERE product IN ('before', 'between', 'after', 'last')"
}

test_restoring() {
    local part
    RESTORED+=("$WORK/r1")
    # A machine that has nothing but the scripts, a key for ssh, and the private key.
    mkdir "$WORK/elsewhere"
    printf '%s\n' "ssh_config = $WORK/ssh/config" "backup_dir = $WORK/nothing" "backup_rclone_config = $WORK/rclone.conf" >"$WORK/elsewhere/production.conf"
    mv "$STORE" "$STORE.gone"
    IDENTITY=$WORK/other check "not with another key" restore_from 1 "$WORK/r0"
    check "the message says so" said "cannot be decrypted"
    IDENTITY=$WORK/nowhere check "not without a key" restore_from 2 "$WORK/r0"
    check "a plan" restore_from 0 "$WORK/r1" --dry-run
    check "a plan makes nothing" test ! -e "$WORK/r1" -a ! -e "$WORK/r1.backups"
    part=$(find "$AWAY" -name 'data.00001')
    cp "$part" "$WORK/kept"
    printf x | dd of="$part" bs=1 seek=5000 conv=notrunc status=none
    rm -rf "$WORK/r0.backups"
    check "a part that was changed is not restored" restore_from 1 "$WORK/r0"
    check "the message names it" said "the checksum of data.00001 differs"
    cp "$WORK/kept" "$part"
    cut_last
    check "an empty machine restores it" restore_from 0 "$WORK/r1"
    check "an incomplete segment is left out, and told" said "is not complete in ssh:store:/: it is left out"
    check "all before it is there, and nothing of it" equal "before,between,after" "$(products "$WORK/r1")"
    check "the copies are removed" test ! -e "$WORK/r1.backups"
    mariadb-admin --defaults-file="$WORK/r1/client.cnf" shutdown
}

test_verify() {
    BALROG_ENVIRONMENTS=$WORK/elsewhere check "what is there is good" tool 0 backup-verify --from "$FROM" --identity "$WORK/identity" -e production --scratch "$WORK"
    check "it answers" said "is good"
    check "nothing is left of it" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-*')"
    mv "$STORE.gone" "$STORE"
}

# ---- retention ----

# aged NAME DAYS: as if the copy had been made so long ago.
aged() {
    local file
    for file in "$AWAY/production/$1/complete" "$STORE/remote/lists/$1/complete"; do
        sed -i -e '$d' -e "s|^finished_us = .*|finished_us = $((($(date +%s) - $2 * 86400) * 1000000))|" "$file"
        printf 'manifest_sha256 = %s\n' "$(sha256sum <"$file" | cut -d ' ' -f 1)" >>"$file"
    done
}

away_names() {
    find "$AWAY/production" -mindepth 2 -maxdepth 2 -name complete -printf '%P\n' | sort | sed 's|.*-\(.*\)/.*|\1|' | tr '\n' ' '
}

test_retention() {
    local names
    check "an incremental backup" tool 0 backup incremental -e production
    check "another full one" tool 0 backup full -e production
    check "a third" tool 0 backup full -e production
    check "they are copied" tool 0 backup-push -e production
    mapfile -t names < <(find "$STORE" -maxdepth 1 -name '2*Z-*' -printf '%f\n' | sort)
    check "all are there" equal "full incremental full full " "$(away_names)"
    aged "${names[0]}" 50
    aged "${names[1]}" 49
    aged "${names[2]}" 20
    check "what is needed for the last 30 days stays" tool 0 backup-push -e production
    check "all are there, again" equal "full incremental full full " "$(away_names)"
    aged "${names[2]}" 31
    mkdir "$WORK/hidden" && mv "$STORE/${names[3]}" "$WORK/hidden/"
    mv "$AWAY/production/${names[3]}/data.00000" "$WORK/hidden/"
    check "nothing is removed while one that must be kept lacks a file" tool 1 backup-push -e production
    check "all are there, once more" equal "full incremental full full " "$(away_names)"
    check "the hook is told of it" grep -q "^backup-bad: .*${names[3]} are missing" "$WORK/hook.log"
    mv "$WORK/hidden/data.00000" "$AWAY/production/${names[3]}/"
    mv "$WORK/hidden/${names[3]}" "$STORE/"
    mv "$STORE/${names[0]}" "$STORE/${names[1]}" "$WORK/hidden/" # or they would be copied again
    check "then what nothing needs goes" tool 0 backup-push -e production
    check "the others stay" equal "full full " "$(away_names)"
    check "with nothing left of the old ones" equal "" "$(find "$AWAY/production/${names[0]}" "$AWAY/production/${names[1]}" -type f 2>/dev/null)"
    check "nor of the binary logs before" equal 0 "$(find "$AWAY/production/binlogs" -path '*.000001/*' -type f | wc -l)"
}

# ---- the S3-compatible store ----

s3_list() {
    rclone --config "$WORK/rclone.conf" lsf -R --files-only "store:bucket/balrog/production"
}

test_s3() {
    if ! command -v swift-proxy-server memcached >/dev/null; then
        echo "skipped: no S3-compatible store here; install swift-proxy, swift-account, swift-container, swift-object and memcached"
        return
    fi
    s3_up
    s3_conf "$WORK/rclone.conf"
    rclone --quiet --config "$WORK/rclone.conf" mkdir store:bucket
    FROM=rclone:store:bucket/balrog
    remote_env "backup_remote = $FROM" "backup_recipients = $WORK/recipients" "backup_rclone_config = $WORK/rclone.conf"
    rm -rf "$STORE/remote"
    check "copied to S3" tool 0 backup-push -e production
    check "it is complete there" tool 0 backup-push -e production --list
    check "with its time in the list" said "-full            as of"
    rclone --quiet --config "$WORK/rclone.conf" deletefile "store:bucket/balrog/production/$(s3_list | grep 'full/data.00001' | tail -n 1)"
    check "with a part gone, it is not complete" tool 0 backup-push -e production --list
    check "the list says it" said "not complete"
    check "the next run brings it again" tool 0 backup-push -e production
    note insert-s3
    check "the archive" tool 0 backup binlogs -e production
    check "what came since" tool 0 backup-push -e production
    RESTORED+=("$WORK/r2")
    check "an empty machine restores it from S3" restore_from 0 "$WORK/r2"
    check "with the last commit" equal 1 "$(rows "$WORK/r2" <<<"SELECT COUNT(*) FROM rules WHERE product = 'insert-s3'")"
    kill "$S3_PID"
    wait "$S3_PID" 2>/dev/null || true
    check "S3 is away" tool 5 backup-push -e production
}

sandbox_with_logs --workers 1
age-keygen -o "$WORK/identity" 2>/dev/null
age-keygen -o "$WORK/other" 2>/dev/null
age-keygen -y "$WORK/identity" >"$WORK/recipients"
# What does not compress, so that there are several parts.
db <<<"CREATE TABLE filler (a LONGBLOB); INSERT INTO filler SELECT RANDOM_BYTES(1024) FROM seq_1_to_4096"
make_host
check "a full backup" tool 0 backup full -e production
test_refusals
start_sshd
test_copying
test_following
test_restoring
test_verify
test_retention
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    test_s3
fi
summary
