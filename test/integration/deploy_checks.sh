#!/bin/bash
# What a deploy refuses and how that is overridden; confirmations, signatures, the UI's own release, several hosts,
# systemd's units.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

# deploy STATUS ARG…: of the built tarball, to keep it short.
deploy() {
    operate "$1" deploy --from "$WORK/v1.tar" "${@:2}"
}

test_usage() {
    local script
    for script in deploy rollback canary-status promote abort canary-watch confirm host release; do
        check "$script --help" test -n "$("$TOP/scripts/$script" --help | grep '^Exit status')"
    done
    check "no version" operate 2 deploy public
    check "three parts" operate 2 deploy public v1.2.3
    check "says which form" said "two-part version"
    check "no v" operate 2 deploy public 1.2
    check "no such service" operate 2 deploy database v1.2
    check "no such option" operate 2 deploy --despite-everything public v1.2
    check "no environment" equal 2 "$("$TOP/scripts/deploy" public v1.2 2>/dev/null; echo $?)"
    check "rollback without a service" operate 2 rollback v1.2
    check "rollback of what was never there" operate 3 rollback public v0.1
    check "a strange confirmation" operate 2 confirm database v1.2
    check "rights and passwords at once" equal 2 \
        "$("$TOP/scripts/create-db-users" --mend-rights --unix-socket 2>/dev/null; echo $?)"
    db <<<"REVOKE SELECT ON rules FROM balrog_public@localhost"
    check "rights are mended" "$TOP/scripts/create-db-users" --mend-rights --execute --defaults-file "$WORK/admin.cnf" \
        >/dev/null
    check "so that rules can be read" equal 1 "$(db mysql <<<"SELECT COUNT(*) FROM tables_priv
        WHERE User = 'balrog_public' AND Table_name = 'rules' AND Table_priv LIKE '%Select%'")"
    check "a watcher that would only say" operate 2 canary-watch --dry-run
    check "host: a strange command" operate 2 host frobnicate
    check "host: a strange version" operate 2 host start public ../../etc
}

test_dry_run() {
    check "a dry run" deploy 0 --dry-run admin public "$V1"
    check "says what it would make" said "would make $ROOT/releases/$V1"
    check "and start" said "would run on here: host start public $V1"
    check "and makes nothing" test ! -e "$ROOT"
}

test_good_time() {
    echo "all hands meeting" >"$WORK/freeze"
    check "a freeze" deploy 3 public "$V1"
    check "says why" said "says: all hands meeting"
    check "and what overrides it" said "--despite-freeze"
    check "nothing was made" test ! -e "$ROOT/releases/$V1"
    check "despite the freeze" deploy 0 --despite-freeze public "$V1"
    check "which is logged" grep -q "overridden with --despite-freeze by .*: there is a freeze" "$ROOT/state/deploy.log"
    check "and recorded" grep -qP '\toverridden\t.*\tfreeze: there is a freeze' "$ROOT/state/deploys"
    rm "$WORK/freeze"
    db <<<"INSERT INTO rules_scheduled_changes (sc_id, scheduled_by, complete, data_version, change_type, base_product)
            VALUES (7, 'me', 0, 1, 'insert', 'Firefox');
        INSERT INTO rules_scheduled_changes_conditions (sc_id, \`when\`, data_version)
            VALUES (7, (UNIX_TIMESTAMP() + 1800) * 1000, 1)"
    check "a change that is due soon" deploy 3 admin "$V1"
    check "is named" said "rules_scheduled_changes 7, at 20"
    set_env scheduled_within_s=600
    check "is not soon for everybody" deploy 0 --dry-run admin "$V1"
    set_env scheduled_within_s=3600
    check "despite it" deploy 0 --despite-scheduled admin "$V1"
    db <<<"UPDATE rules_scheduled_changes SET complete = 1"
}

# The clock of the week, in a time zone. 2026-11-27 is a Friday.
test_calendar() {
    set_env "no_deploy=Fri 12:00 - Mon 06:00, Wed 18:00 - Wed 20:00" time_zone=Europe/Berlin
    check "Friday, 12:30 in Berlin" at_clock 3 '2026-11-27 11:30:00 UTC'
    check "says which time" said "no deploys at this time, by no_deploy: Fri 12:00 - Mon 06:00 (Europe/Berlin)"
    check "and what overrides it" said "--despite-calendar"
    check "Friday, 11:30 in Berlin" at_clock 0 '2026-11-27 10:30:00 UTC'
    check "Monday, 5:59" at_clock 3 '2026-11-30 04:59:00 UTC'
    check "Monday, 6:00" at_clock 0 '2026-11-30 05:00:00 UTC'
    check "Wednesday evening" at_clock 3 '2026-12-02 18:59:00 UTC'
    check "another time zone" set_env time_zone=America/New_York
    check "Friday, 6:30 in New York" at_clock 0 '2026-11-27 11:30:00 UTC'
    set_env time_zone=Europe/Atlantis
    check "a time zone that is none" deploy 2 --dry-run public "$V1"
    set_env time_zone=UTC "no_deploy=Friday afternoon"
    check "a time that is none" deploy 2 --dry-run public "$V1"
    set_env "no_deploy=Mon 00:00 - Sun 12:00, Sun 11:00 - Mon 00:00"
    check "all the week" deploy 3 public "$V1"
}

at_clock() { # STATUS TIME
    local status=0
    SAID=$(TZ=UTC faketime "$(date -u -d "$2" '+%Y-%m-%d %H:%M:%S')" \
        "$TOP/scripts/deploy" -e t --dry-run --from "$WORK/v1.tar" agent "$V1" </dev/null 2>&1) || status=$?
    [[ $status -eq $1 ]] || { printf '  exit status %s, wanted %s: %s\n' "$status" "$1" "$SAID" >&2 && return 1; }
}

# What somebody must be busy with: each is refused by itself, and all are overridden and recorded at once.
test_busy() {
    local port check
    db <<<"UPDATE rules_scheduled_changes SET complete = 0; UPDATE rules_scheduled_changes_conditions SET \`when\` = (UNIX_TIMESTAMP() - 900) * 1000"
    check "a change that nobody has signed is overdue" deploy 3 --despite-calendar admin "$V1"
    check "it is named" said "overdue, because they lack sign-offs or the agent cannot enact them: rules_scheduled_changes 7"
    db <<<"INSERT INTO emergency_shutoffs_history (changed_by, timestamp, product, channel, data_version)
        SELECT 'me', (UNIX_TIMESTAMP() - 60) * 1000, product, channel, data_version FROM emergency_shutoffs"
    check "a stop" deploy 3 --despite-calendar --despite-overdue admin "$V1"
    check "is named" said "updates are stopped for: Thunderbird beta"
    db <<<"DELETE FROM emergency_shutoffs_history; INSERT INTO balrog_partial_stops (stop_id, product, channel, locale, data_version)
            VALUES (3, 'Firefox', 'nightly', 'de', 1);
        INSERT INTO balrog_partial_stops_history (changed_by, timestamp, stop_id, product, channel)
            VALUES ('me', (UNIX_TIMESTAMP() - 60) * 1000, 3, 'Firefox', 'nightly')"
    check "a stop for a part" deploy 3 --despite-calendar --despite-overdue admin "$V1"
    check "is named, too" said "updates are stopped for: a part of Firefox nightly"
    set_env stop_within_s=30
    check "an old stop is no emergency" deploy 0 --dry-run --despite-calendar --despite-overdue admin "$V1"
    set_env stop_within_s=3600
    # Prometheus answers like this.
    mkdir "$WORK/prometheus"
    printf '%s\n' '# TYPE ALERTS untyped' 'ALERTS{alertname="BalrogDown",alertstate="firing",severity="page"} 1 1700000000000' \
        'ALERTS{alertname="BalrogBackupOld",alertstate="firing",severity="ticket"} 1 1700000000000' \
        'ALERTS{alertname="BalrogReplicationStopped",alertstate="firing",severity="page"} 1 1700000000000' >"$WORK/prometheus/federate"
    port=$(free_port)
    python3 -m http.server --bind 127.0.0.1 --directory "$WORK/prometheus" "$port" >/dev/null 2>&1 &
    WRK_PIDS+=("$!")
    until_true 60 curl -fs --noproxy '*' -o /dev/null "http://127.0.0.1:$port/federate"
    set_env "prometheus_url=http://127.0.0.1:$port"
    check "a replica that is behind" deploy 3 --despite-calendar --despite-overdue --despite-stop admin "$V1"
    check "by its alert" said "a replica of the database is behind: BalrogReplicationStopped fires"
    check "an outage" deploy 3 --despite-calendar --despite-overdue --despite-stop --despite-replica admin "$V1"
    check "by the alerts that wake somebody" said "these alerts fire: BalrogDown (docs/runbook.md)"
    check "despite all of that" deploy 0 --despite-calendar --despite-overdue --despite-stop --despite-replica --despite-outage admin "$V1"
    for check in calendar overdue stop replica outage; do
        check "--despite-$check is recorded" grep -qP "\toverridden\t.*\t$check: " "$ROOT/state/deploys"
    done
    set_env prometheus_url=http://127.0.0.1:1 no_deploy=
    db <<<"UPDATE rules_scheduled_changes SET complete = 1; DELETE FROM balrog_partial_stops; DELETE FROM balrog_partial_stops_history"
}

# A deploy that fails keeps the next away; what ran goes on.
test_failure() {
    printf '[nonsense]\n' >>"$WORK/etc/agent.conf"
    check "a configuration that is wrong" deploy 3 agent "$V1"
    check "is refused" said "does not accept its configuration"
    sed -i '/nonsense/d' "$WORK/etc/agent.conf"
    cp "$WORK/etc/agent.conf" "$WORK/agent.conf"
    sed -i 's|^admin_url = .*|admin_url = http://127.0.0.1:1|' "$WORK/etc/agent.conf"
    set_env start_wait_s=2 "contacts=the channel" "escalation=the lead after 15, Ann (555 0100) after 0"
    check "an agent that does not reach the admin" deploy 1 agent "$V1"
    check "is ended" equal '' "$(running agent)"
    check "whom to call is said" said "Whom to call: the channel; at once: Ann (555 0100); after 15 minutes: the lead"
    check "the hook heard of it" grep -q "^failed deploy agent $V1 failed on t.*at once: Ann (555 0100); after 15 minutes: the lead" "$WORK/told"
    cp "$WORK/agent.conf" "$WORK/etc/agent.conf"
    db <<<"DELETE FROM permissions WHERE username = 'balrogagent'"
    check "an agent whose reports the admin refuses" deploy 1 --despite-failure agent "$V1"
    check "is not healthy" said "agent $V1 did not become healthy"
    check "and is ended" equal '' "$(running agent)"
    db <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('balrogagent', 'admin', 1)"
    check "that was not long ago" deploy 3 agent "$V1"
    check "and is told" said "the last deploy failed: deploy agent $V1"
    set_env start_wait_s=60
    check "despite it" deploy 0 --despite-failure agent "$V1"
    check "it runs" equal "$V1" "$(running agent)"
    check "then all is well" deploy 0 agent "$V1"
    check "all services, in a dry run" operate 0 deploy --dry-run "$V1"
    check "but the UI, which the tag has not" said "holds no built UI"
    check "the others in order" equal "admin agent public" "$(sed -n 's/^would run on here: host start \([a-z]*\) .*/\1/p' \
        <<<"$SAID" | paste -sd ' ')"
    check "a version that nginx leads to is not stopped" operate 1 host stop public "$V1"
    check "is not stopped" said "must not be stopped"
    set_env min_free_mb=9999999
    check "a full disk" deploy 3 agent "$V1"
    check "is told" said "MB free, and min_free_mb is"
    check "but keeps nobody from going back" operate 0 rollback agent "$V1"
    set_env min_free_mb=10 start_wait_s=300
}

# host_waits COMMAND…: whether a script of this test waits for scripts/host with these words.
host_waits() {
    pgrep -f "^/bin/bash $TOP/scripts/host -e t $*" >/dev/null
}

# ends_by_signal COMMAND SCRIPT ARG…: sends the script SIGTERM while it waits for scripts/host COMMAND. It must end within two
# seconds, and leave nothing behind that still waits.
ends_by_signal() {
    local pid status=0 since
    "$TOP/scripts/$2" -e t "${@:3}" </dev/null >"$WORK/interrupted.log" 2>&1 &
    pid=$!
    check "$2 waits for host $1" until_true 300 host_waits "$1"
    since=${EPOCHREALTIME/./}
    kill -TERM "$pid"
    wait "$pid" || status=$?
    check "$2: a signal ends it" equal 143 "$status"
    check "$2: it ends within two seconds" test $((${EPOCHREALTIME/./} - since)) -lt 2000000
    check "$2: nothing waits any more" equal gone "$(host_waits "$1" || echo gone)"
    check "$2: the record says interrupted" equal interrupted "$(tail -n 1 -- "$ROOT/state/deploys" | cut -f 2)"
}

# A deploy that is ended by a signal has not failed: the same command continues it, without an override.
test_interruption() {
    cp "$WORK/etc/agent.conf" "$WORK/agent.conf"
    sed -i 's|^admin_url = .*|admin_url = http://127.0.0.1:1|' "$WORK/etc/agent.conf"
    set_env start_wait_s=300
    ends_by_signal "ready agent" deploy --from "$WORK/v1.tar" agent "$V1"
    check "the hook is told" grep -q "^interrupted deploy agent $V1 was interrupted on t" "$WORK/told"
    ends_by_signal "ready agent" rollback agent "$V1"
    cp "$WORK/agent.conf" "$WORK/etc/agent.conf"
    check "the same command continues" deploy 0 agent "$V1"
    test_interrupted_promotion
}

# promote waits until the version before has answered its last requests; a stopped process never does.
test_interrupted_promotion() {
    local old
    check "a canary" deploy 0 --from "$WORK/v2.tar" public "$V2"
    old=$(pgrep -f "^$ROOT/releases/$V1/sbin/balrog-public ")
    cat >"$WORK/killer" <<'END'
if [[ ${0##*/} == promote ]]; then
    set -T
    trap 'case $BASH_COMMAND in "at_each stop-others "*) kill -KILL $$ ;; esac' DEBUG
fi
END
    check "promote is killed before it stops the old version" equal 137 \
        "$(BASH_ENV=$WORK/killer "$TOP/scripts/promote" -e t --despite-few --despite-early >/dev/null 2>&1 || echo $?)"
    kill -STOP "$old"
    ends_by_signal "stop-others public" promote
    kill -CONT "$old"
    check "promote continues" operate 0 promote
    check "only the new version is left" equal "$V2" "$(running public)"
    check "public goes back" operate 0 rollback public "$V1"
    check "by force" operate 0 promote --despite-few --despite-early
}

# A schema that lacks a step is found before anything is built.
test_cheap_checks_first() {
    mkdir -p "$WORK/tree/balrog-9.9/schema/9999_later" && : >"$WORK/tree/balrog-9.9/schema/9999_later/additive.sql"
    tar --create --file "$WORK/v9.tar" --directory "$WORK/tree" balrog-9.9
    check "a version whose schema step is missing is refused" operate 3 deploy --from "$WORK/v9.tar" public v9.9
    check "the message says what to deploy first" said "run 'deploy -e t admin v9.9' first"
    check "nothing was unpacked or built" equal "" "$(find "$ROOT/releases" -maxdepth 1 -name '*v9.9*')"
}

# as NAME COMMAND…: runs it as whom NAME called sudo for.
as() {
    SUDO_USER=$1 "${@:2}"
}

test_confirmation() {
    local pid status=0
    set_env require_confirmation=yes confirmation_wait_s=1
    check "a deploy that nobody confirms is refused" deploy 6 agent "$V1"
    check "it was announced" grep -q "^confirm deploy of agent $V1 to t is ready; it waits for: scripts/confirm -e t agent $V1" \
        "$WORK/told"
    set_env confirmation_wait_s=600
    as him "$TOP/scripts/deploy" -e t --from "$WORK/v1.tar" agent "$V1" </dev/null >"$WORK/confirmed.log" 2>&1 &
    pid=$!
    check "the deploy waits" until_true 300 grep -q "waiting for another person: scripts/confirm" "$WORK/confirmed.log"
    check "root without sudo is nobody" operate 3 confirm agent "$V1"
    check "who deploys cannot confirm" as him operate 3 confirm agent "$V1"
    check "the message says why" said "him started this deploy"
    check "a confirmation of another service is not used" as her operate 0 confirm admin "$V1"
    check "others can deploy meanwhile, without a confirmation" operate 0 deploy --from "$WORK/v2.tar" --despite-confirmation \
        public "$V2"
    check "the hook is told that nobody confirmed" grep -q "^unconfirmed deploy of public $V2 to t was not confirmed" "$WORK/told"
    check "another person confirms" as her operate 0 confirm agent "$V1"
    wait "$pid" || status=$?
    check "the deploy continues" equal 3 "$status"
    check "up to the check for others' canaries" grep -q "public $V2 is a canary on t" "$WORK/confirmed.log"
    check "the canary is aborted" operate 0 abort
    set_env confirmation_wait_s=1
    check "her confirmation is not hers for her own deploy" as her operate 6 deploy --from "$WORK/v1.tar" agent "$V1"
    check "the first deploy is done with it" as him operate 0 deploy --from "$WORK/v1.tar" agent "$V1"
    check "the log says who confirmed" grep -q "confirmed by her: deploy of agent $V1" "$ROOT/state/deploy.log"
    check "the record says who confirmed" grep -q "by her$" "$ROOT/state/deploys"
    check "a confirmation is used once" test ! -e "$ROOT/state/confirmed/agent-$V1"
    set_env require_confirmation=no
}

# Confirmations by a key, and by people who are listed.
test_confirmers() {
    local key
    set_env require_confirmation=yes confirmation_wait_s=1
    key=$(gpg --batch --with-colons --list-secret-keys | awk -F : '$1 == "fpr" { print $10; exit }')
    set_env "confirmers=him her=$key"
    check "who is not listed cannot confirm" as them operate 3 confirm agent "$V1"
    check "the message says who can" said "who are: him her"
    echo "t agent $V1" | gpg --batch --quiet --clearsign >"$WORK/signed"
    check "a signature is a confirmation" operate 0 confirm --signed "$WORK/signed" agent "$V1"
    check "it is by the person whose key it is" grep -q "her$" "$ROOT/state/confirmed/agent-$V1"
    check "a signature of something else is refused" operate 3 confirm --signed "$WORK/signed" admin "$V1"
    sed "s/agent/admin/" "$WORK/signed" >"$WORK/forged"
    check "a text that was changed after signing is refused" operate 3 confirm --signed "$WORK/forged" admin "$V1"
    set_env confirmers=him
    check "a key that is nobody's is refused" operate 3 confirm --signed "$WORK/signed" agent "$V1"
    check "and what it had confirmed does not count any more" deploy 6 agent "$V1"
    set_env "confirmers=him her=$key"
    check "the deploy is done with the signature" deploy 0 agent "$V1"
    set_env confirmers= require_confirmation=no
}

test_signatures() {
    set_env require_signed=yes
    check "a tarball without a signature" deploy 3 agent "$V1"
    check "says what is missing" said "v1.tar.asc is missing"
    gpg --batch --quiet --armor --detach-sign --output "$WORK/v1.tar.asc" "$WORK/v1.tar"
    check "with one" deploy 0 agent "$V1"
    cp "$WORK/v1.tar" "$WORK/v1.tar.kept"
    echo >>"$WORK/v1.tar"
    check "with that of something else" deploy 3 agent "$V1"
    check "says so" said "has no good signature"
    mv "$WORK/v1.tar.kept" "$WORK/v1.tar"
    check "a tag without" operate 3 deploy agent "$V1"
    check "says so of the tag" said "has no good signature"
    git -C "$REPO" tag --force --sign -m again v0.1 >/dev/null
    check "a signed tag that holds another version" operate 3 deploy agent v0.1
    check "says which" said "holds version ${V1#v}"
    mkdir -m 700 "$WORK/other"
    git -C "$REPO" tag --force --sign -m "$V1" "$V1" "$V1^{commit}" >/dev/null
    set_env keyring="$WORK/other"
    check "a key that is not in the keyring" operate 3 deploy agent "$V1"
    set_env keyring="$GNUPGHOME"
    check "one that is" operate 0 deploy agent "$V1"
}

# The UI: a tag of its own, moved and signed.
test_ui() {
    check "no UI in the tag" operate 3 deploy ui "$V1"
    check "says what it wants" said "holds no built UI"
    local version
    for version in "$V2" "$V3"; do
        mkdir -p "$REPO/ui/dist"
        echo "<html>$version</html>" >"$REPO/ui/dist/index.html"
        printf '%s\n' "${version#v}" >"$REPO/VERSION"
        git -C "$REPO" add --all --force
        git -C "$REPO" commit --quiet -m "$version"
        git -C "$REPO" tag --sign -m "$version" "$version"
    done
    check "the UI" operate 0 deploy ui "$V2"
    check "is served" equal "<html>$V2</html>" "$(<"$ROOT/current/ui/index.html")"
    check "the tag names it" equal "$(git -C "$REPO" rev-parse "$V2^{commit}")" "$(git -C "$REPO" rev-parse "t-ui^{commit}")"
    check "and is signed" git -C "$REPO" verify-tag t-ui 2>/dev/null
    check "the next" operate 0 deploy ui "$V3"
    check "is served, too" equal "<html>$V3</html>" "$(<"$ROOT/current/ui/index.html")"
    check "back" operate 0 rollback ui "$V2"
    check "is what was" equal "<html>$V2</html>" "$(<"$ROOT/current/ui/index.html")"
    check "by the tag" equal "$(git -C "$REPO" rev-parse "$V2^{commit}")" "$(git -C "$REPO" rev-parse "t-ui^{commit}")"
    check "programs run as before" equal "$V1" "$(running agent)"
    set_env require_signed=no
}

# ---- several hosts ----

# Two hosts, by an sshd of the test's own: two keys, each of which leads to a directory of its own in place of the
# environment's root.
make_hosts() {
    local host
    HOSTS_ROOT=$WORK/root3
    mkdir -m 700 "$WORK/ssh"
    mkdir "$WORK/hosts"
    for host in server one two; do
        ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$WORK/ssh/$host"
    done
    cat >"$WORK/ssh/enter" <<END
#!/bin/bash
root=$HOSTS_ROOT
own=$WORK/hosts/\$1
mkdir -p "\$own"
for file in "\$own"/operate/*/environments/t.conf; do
    ! grep -q "\$root" "\$file" 2>/dev/null || sed -i "s|\$root|\$own|g" "\$file"
done
exec sh -c "\${SSH_ORIGINAL_COMMAND//"\$root"/"\$own"}"
END
    chmod +x "$WORK/ssh/enter"
    for host in one two; do
        printf 'restrict,command="%s %s" ' "$WORK/ssh/enter" "$host"
        cat "$WORK/ssh/$host.pub"
    done >"$WORK/ssh/authorized_keys"
    : >"$WORK/ssh/known_hosts"
    start_sshd
    set_env "root=$HOSTS_ROOT" supervisor=multiwatch "user=$(id -un)" "hosts=one two" "ssh_config=$WORK/ssh/config" \
        "nginx_include=$HOSTS_ROOT/upstreams.conf" nginx_test=true nginx_reload=true "nginx_log=$HOSTS_ROOT/access.log" \
        canary_min_requests=1 canary_watch_s=0 require_signed=no
}

# On a port that is free; another may take it before sshd does. SHLVL: so that bash does not read a .bashrc for commands
# that come by ssh, which is somebody's own and may take its time. PAM: without it sshd keeps an account out whose
# password is locked, key or not.
start_sshd() {
    local tries pam=no
    [[ $(getent shadow "$(id -un)" 2>/dev/null | cut -d : -f 2) != '!'* ]] || pam=yes
    ((EUID != 0)) || [[ -d /run/sshd ]] || mkdir -m 755 /run/sshd # it wants that, and keeps nothing there
    for tries in 1 2 3 4 5; do
        SSH_PORT=$(free_port)
        printf '%s\n' "ListenAddress 127.0.0.1:$SSH_PORT" "HostKey $WORK/ssh/server" "PidFile $WORK/ssh/pid" \
            "AuthorizedKeysFile $WORK/ssh/authorized_keys" 'StrictModes no' "UsePAM $pam" 'PasswordAuthentication no' \
            'KbdInteractiveAuthentication no' 'PermitRootLogin forced-commands-only' 'SetEnv SHLVL=1' >"$WORK/ssh/sshd_config"
        if "$(command -v sshd || echo /usr/sbin/sshd)" -f "$WORK/ssh/sshd_config" -E "$WORK/ssh/log" &&
            until_true 60 test -s "$WORK/ssh/pid"; then
            write_ssh_config
            return
        fi
        echo "sshd did not start on port $SSH_PORT (try $tries)" >&2
    done
    cat "$WORK/ssh/log" >&2
    return 1
}

write_ssh_config() {
    printf 'Host one two\n HostName 127.0.0.1\n Port %s\n User %s\n IdentityFile %s/%%n\n IdentitiesOnly yes\n' \
        "$SSH_PORT" "$(id -un)" "$WORK/ssh"
    printf ' UserKnownHostsFile %s/known_hosts\n GlobalKnownHostsFile none\n' "$WORK/ssh"
    # One connection a host, which many commands share.
    printf ' ControlMaster auto\n ControlPath %s/%%n.sock\n ControlPersist 60\n' "$WORK/ssh"
} >"$WORK/ssh/config"

stop_sshd() {
    local host
    for host in one two; do
        ssh -F "$WORK/ssh/config" -O exit "$host" 2>/dev/null || true
    done
    [[ ! -s $WORK/ssh/pid ]] || kill "$(<"$WORK/ssh/pid")" 2>/dev/null || true
}

on() { # HOST ARG…: scripts/host there
    local scripts
    scripts=$(find "$WORK/hosts/$1/operate" -mindepth 1 -maxdepth 1 ! -name 'new.*' -printf '%T@ %f\n' | sort -g | tail -n 1)
    scripts=${scripts#* }
    ssh -F "$WORK/ssh/config" -o BatchMode=yes -- "$1" "$(printf '%q ' env \
        BALROG_ENVIRONMENTS="$HOSTS_ROOT/operate/$scripts/environments" "$HOSTS_ROOT/operate/$scripts/scripts/host" -e t \
        "${@:2}")" </dev/null
}

test_ssh() {
    make_hosts || { check "an sshd" false && return; }
    check "a host that nobody knows" deploy 1 public "$V1"
    check "is not believed" said "Host key verification failed"
    check "and is named" said "one: cannot send the scripts there"
    printf '[127.0.0.1]:%s %s\n' "$SSH_PORT" "$(<"$WORK/ssh/server.pub")" >"$WORK/ssh/known_hosts"
    # shellcheck disable=SC2016 # nobody may expand them
    check "what a host is told arrives word by word" equal 'a b.;c.$HOME "d.' "$(TOP=$TOP bash -euc '
        for lib in operate deploy; do . "$TOP/scripts/lib/$lib.sh"; done
        env_load t
        ssh_to one printf "%s." "a b" ";c" "\$HOME \"d"')"
    check "what comes of it comes back" equal 7 "$(TOP=$TOP bash -euc '
        for lib in operate deploy; do . "$TOP/scripts/lib/$lib.sh"; done
        env_load t
        ssh_to two sh -c "exit 7"' || echo $?)"
}

scripts_of() { # HOST: the sets of scripts that it was sent
    find "$WORK/hosts/$1/operate" -mindepth 1 -maxdepth 1 ! -name 'new.*' | sort
}

test_hosts() {
    local host sent
    check "public to two hosts" deploy 0 public "$V1"
    check "and admin" deploy 0 admin "$V1"
    for host in one two; do
        check "$host: it runs and serves" equal "public $V1 running serving current;admin $V1 running serving current" \
            "$(on "$host" status | paste -sd ';')"
        check "$host: has its own upstreams" grep -q "$WORK/hosts/$host/run/public.sock" "$WORK/hosts/$host/upstreams.conf"
    done
    check "the next as a canary" operate 0 deploy --from "$WORK/v2.tar" public "$V2"
    check "both hosts compare answers" equal 2 "$(grep -c "asking both versions 20 questions" <<<"$SAID")"
    check "the answers of both are counted" said "0 of 40 answers of $V2 differ from those of $V1"
    for host in one two; do
        check "$host: both run" equal "public $V1 running serving current;public $V2 running canary" \
            "$(on "$host" status | grep public | paste -sd ';')"
        for _ in 1 2 3; do
            REQUEST_METHOD=GET REQUEST_URI=/__lbheartbeat__ cgi-fcgi -bind -connect \
                "$WORK/hosts/$host/run/public-canary.sock" >/dev/null
        done
    done
    sent=$(scripts_of one)
    check "both hosts are counted" operate 0 canary-status
    check "by scripts that are there already" equal "$sent" "$(scripts_of one)"
    check "somebody watches" until_true 60 somebody_watches
    check "their sums are told" test "$(sed -n 's/^responses *[0-9]* *//p' <<<"$SAID")" -ge 6
    test_host_away
    check "promote on both" operate 0 promote
    for host in one two; do
        check "$host: only the new one" equal "public $V2 running serving current" "$(on "$host" status | grep public)"
    done
}

# One of two hosts goes away between the canary and its promotion; once it is back the same command completes it.
test_host_away() {
    ssh -F "$WORK/ssh/config" -O exit two 2>/dev/null
    grep -v two "$WORK/ssh/authorized_keys" >"$WORK/ssh/authorized_keys.one"
    mv "$WORK/ssh/authorized_keys" "$WORK/ssh/authorized_keys.both"
    mv "$WORK/ssh/authorized_keys.one" "$WORK/ssh/authorized_keys"
    check "a host that lets nobody in" operate 1 promote --despite-worse
    check "is named" said "two: cannot send the scripts there"
    check "as ssh says it" said "Permission denied"
    check "the other one is as it was" equal "public $V1 running serving current;public $V2 running canary" \
        "$(on one status | grep public | paste -sd ';')"
    mv "$WORK/ssh/authorized_keys.both" "$WORK/ssh/authorized_keys"
}

stop_hosts() {
    local file
    [[ ! -d $WORK/ssh ]] || stop_sshd
    for file in "$WORK"/hosts/*/run/*.pid; do
        [[ ! -s $file ]] || kill -KILL -- "-$(<"$file")" 2>/dev/null || true
    done
}

# ---- systemd ----

# A stand-in for systemctl that does what the units say: it shows how systemd is spoken to, and that a worker takes the
# socket that it is handed.
make_systemctl() {
    UNITS=$WORK/units
    mkdir -p "$UNITS" "$WORK/unit-bin" "$WORK/unit-state"
    printf '#!/bin/bash\nunits=%q\nstate=%q\n' "$UNITS" "$WORK/unit-state" >"$WORK/unit-bin/systemctl"
    cat >>"$WORK/unit-bin/systemctl" <<'END'
for fd in {10..30}; do
    eval "exec $fd>&-"
done
echo "$*" >>"$state/log"
command=$1
shift
while [[ ${1-} == -* ]]; do
    [[ $1 == --property ]] && shift
    shift
done
value() { # UNIT KEY
    local instance=${1#*@}
    sed -n "s/^$2=//p" "$units/${1%%@*}@.${1##*.}" | sed "s/%i/${instance%.*}/g"
}
active() { # UNIT
    [[ -s $state/$1.pid ]] && kill -0 "$(<"$state/$1.pid")" 2>/dev/null
}
case $command in
enable)
    for unit; do
        [[ $unit == *.service ]] || continue
        active "$unit" && continue
        socket=${unit%.service}.socket
        read -ra words <<<"$(value "$unit" ExecStart)"
        [[ ! -e $units/${socket%%@*}@.socket ]] ||
            words=(systemd-socket-activate --listen="$(value "$socket" ListenStream)" "${words[@]}")
        setsid "${words[@]}" </dev/null >>"$state/$unit.log" 2>&1 &
        echo $! >"$state/$unit.pid"
    done
    ;;
disable)
    for unit; do
        active "$unit" || continue
        kill "$(<"$state/$unit.pid")"
        while active "$unit"; do sleep 0.05; done
        rm -f "$state/$unit.pid" "$(value "${unit%.service}.socket" ListenStream 2>/dev/null)"
    done
    ;;
is-active) active "$1" ;;
show) active "$1" && cat "$state/$1.pid" || echo 0 ;;
cat) [[ -e $units/$1 ]] && cat "$units/$1" ;;
list-units)
    for pid in "$state"/${1%%@*}@*.service.pid; do
        unit=$(basename "$pid" .pid)
        ! active "$unit" || echo "$unit loaded active running a program"
    done
    ;;
esac
END
    chmod +x "$WORK/unit-bin/systemctl"
    export PATH=$WORK/unit-bin:$PATH BALROG_UNIT_DIR=$UNITS
}

test_units() {
    local unit file instance exposure limit units=()
    set_env "root=$WORK/root2" supervisor=systemd user=no_such_user "nginx_include=$WORK/upstreams2.conf" nginx_test=true \
        nginx_reload=true canary_min_requests=100 canary_watch_s=0 require_signed=no
    make_systemctl
    if ((EUID == 0)); then
        check "a user that is missing" deploy 3 public "$V1"
        check "is named" said "there is no user no_such_user"
    fi
    set_env user=www-data
    if ((EUID == 0)); then
        check "an account that cannot read its password" deploy 3 public "$V1"
        check "is found by the doctor" said "www-data cannot read $WORK/password"
        chgrp www-data "$WORK/password"
        chmod 640 "$WORK/password"
    fi
    check "without units" deploy 3 public "$V1"
    check "says what writes them" said "install-units"
    check "the units are written" operate 0 host install-units
    check "systemd reads them" equal daemon-reload "$(tail -n 1 "$WORK/unit-state/log")"
    check "for this root" grep -q "^ListenStream=$WORK/root2/run/public-%i.sock" "$UNITS/balrog-public@.socket"
    check "and these programs" grep -q "^ExecStart=$WORK/root2/releases/%i/sbin/balrog-admin --config $WORK/etc/admin.conf" \
        "$UNITS/balrog-admin@.service"
    check "admin by systemd" deploy 0 admin "$V1"
    "$TOP/scripts/host" -e t current public "$V1" 2>/dev/null
    for file in "$UNITS"/*; do
        unit=${file##*/}
        [[ $unit == *-@(public|admin|agent)@* ]] && instance=$V1 || instance=t
        units+=("${unit/@./@$instance.}")
        [[ $unit == *.service ]] || continue
        exposure=$(systemd-analyze security --offline=true --no-pager "$file" |
            sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
        case $unit in
        *-public@* | *-admin@* | *-agent@*) limit=1.5 ;;
        *-canary-watch@*) limit=6 ;;
        *) limit=4 ;;
        esac
        echo "$unit: exposure $exposure"
        check "$unit is confined" awk -v e="$exposure" -v limit="$limit" 'BEGIN { exit !(e > 0 && e <= limit) }'
        check "$unit: as the others" equal 4 \
            "$(grep -cE '^(NoNewPrivileges=yes|PrivateTmp=yes|ProtectSystem=strict|RestrictAddressFamilies=AF_.*)$' "$file")"
        check "$unit: takes no more than its share, and leaves no memory behind" equal 3 \
            "$(grep -cE '^(MemoryMax=[1-9][0-9]*[MG]|TasksMax=[1-9][0-9]*|LimitCORE=0)$' "$file")"
    done
    check "there are units" test "${#units[@]}" -ge 16
    check "they are valid" equal '' "$(SYSTEMD_UNIT_PATH=$UNITS: systemd-analyze verify --man=no "${units[@]}" 2>&1)"
    rm -- "$WORK/root2/current/public"
}

# The same way with systemd: canary, abort, canary, promote.
test_systemd() {
    check "public by systemd" deploy 0 public "$V1"
    check "its sockets are enabled with it" grep -q "^enable --quiet --now balrog-public@$V1.socket balrog-public@$V1.service" \
        "$WORK/unit-state/log"
    check "it took the socket over" grep -q "answers on the inherited socket" "$WORK/unit-state/balrog-public@$V1.service.log"
    check "a canary" operate 0 deploy --from "$WORK/v2.tar" public "$V2"
    check "is abandoned, whenever that is killed" survives_kills abort --reason "second thoughts"
    check "and gone" equal "public $V1 running serving current" "$("$TOP/scripts/host" -e t status | grep public)"
    check "another" operate 0 deploy --from "$WORK/v2.tar" public "$V2"
    check "which answers nothing" operate 8 canary-status
    check "is not promoted" operate 3 promote
    check "but by force" operate 0 promote --despite-few
    check "then it is alone" equal "public $V2 running serving current" "$("$TOP/scripts/host" -e t status | grep public)"
    check "the old one is disabled" grep -q "^disable --quiet --now balrog-public@$V1.socket" "$WORK/unit-state/log"
    db <<<"UPDATE balrog_schema SET applied_at = NULL WHERE version = 1 AND phase = 'additive'"
    check "back, where the schema lacks something" operate 3 rollback public "$V1"
    check "is refused with the reason" said "lacks the additive step 0001"
    db <<<"UPDATE balrog_schema SET applied_at = 1 WHERE version = 1 AND phase = 'additive'"
}

# What the stand-in started.
stop_units() {
    local file
    for file in "$WORK"/unit-state/*.pid; do
        [[ ! -s $file ]] || kill -KILL "$(<"$file")" 2>/dev/null || true
    done
}

PORT=$(free_port)
make_database
make_configuration
make_nginx
make_repository
built_tarball "$WORK/v1.tar"
renamed_tarball "$WORK/v1.tar" "$WORK/v2.tar"
make_key
trap 'stop_hosts; stop_units; take_down' EXIT

test_dry_run
test_usage
test_good_time
test_calendar
test_busy
test_failure
test_interruption
test_cheap_checks_first
if ((EUID == 0)); then
    test_confirmation
    test_confirmers
else
    echo "skipped: confirmations by other people, because only root can call sudo for them here"
fi
test_signatures
test_ui
"$TOP/scripts/host" -e t stop agent "$V1" 2>/dev/null
test_units
test_systemd
test_ssh
test_hosts
summary
