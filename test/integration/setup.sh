#!/bin/bash
# scripts/setup takes production and stage, on one machine with one nginx and one database server, from nothing to served
# updates; scripts/doctor finds what is then broken. Everything is below a directory of the test's own: bare.sh does the same
# on a Debian that has nothing.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

export BALROG_SYSTEM_ROOT=$WORK/system
ME=$(id -un)
((EUID != 0)) || ME=www-data # an account of its own for the programs
PORT=$(free_port)
DB_PORT=$((PORT + 6))
declare -A LOOPBACK=([production]=$((PORT + 2)) [stage]=$((PORT + 4)))

stop_all() {
    local file
    for file in "$WORK"/opt/*/run/*.pid; do
        [[ ! -s $file ]] || kill -KILL -- "-$(<"$file")" 2>/dev/null || true
    done
}
trap 'stop_all; take_down' EXIT

# setup STATUS ENVIRONMENT ARG…, doctor STATUS ENVIRONMENT ARG…: what they say is left in $SAID.
setup() {
    run_script "$1" setup -e "${@:2}"
}

doctor() {
    run_script "$1" doctor -e "${@:2}"
}

run_script() { # STATUS SCRIPT ARG…
    local wanted=$1 status=0
    SAID=$("$TOP/scripts/$2" "${@:3}" </dev/null 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { printf '  %s: exit status %s, wanted %s:\n%s\n' "${*:2}" "$status" "$wanted" "$SAID" >&2 && return 1; }
}

said_not() { # TEXT
    [[ $SAID != *"$1"* ]] || { printf '  not wanted: %s\n  said: %s\n' "$1" "$SAID" >&2 && return 1; }
}

# Changes the environment's file as an operator would, and makes it fit into $WORK. Production's database is "here", by a
# socket; for stage, the same server is "elsewhere", by its address.
edit() { # ENVIRONMENT
    local name=$1 file=$BALROG_ENVIRONMENTS/$1.conf pair dir=$WORK/opt/$1 port=${LOOPBACK[$1]}
    sed -i 's/example\.org/example.net/' "$file"
    local server=("database_socket=$WORK/db/sock")
    [[ $name == production ]] || server=(database_host=127.0.0.1 "database_port=$DB_PORT")
    for pair in "root=$dir" "config_dir=$WORK/etc/$name" "${server[@]}" "user=$ME" supervisor=multiwatch \
        "socket_group=$(id -gn -- "$ME")" "database_defaults_file=$WORK/etc/$name/administrator.cnf" \
        "backup_defaults_file=$WORK/etc/$name/backup.cnf" "history_defaults_file=$WORK/etc/$name/history.cnf" \
        "backup_dir=$WORK/backups" "keyring=$WORK/etc/keyring" "signers=$WORK/signer.asc" min_free_mb=10 \
        start_wait_s=20 "freeze_file=$WORK/freeze-$name" require_confirmation=no "nginx_sites=$WORK/nginx/sites" \
        "nginx_include=$WORK/nginx/$name-upstreams.conf" "nginx_log=$WORK/nginx/$name/access.log" \
        "nginx_test=nginx -t -q -e $WORK/nginx/error.log -p $WORK/nginx/ -c $WORK/nginx/nginx.conf" \
        "nginx_reload=$WORK/start-nginx" "public_listen=127.0.0.1:$PORT 127.0.0.1:$port" \
        "admin_listen=127.0.0.1:$((port + 1))" \
        "version_urls=http://127.0.0.1:$port/__version__ http://127.0.0.1:$((port + 1))/__version__"; do
        sed -i "/^${pair%%=*} = /d" "$file"
        printf '%s = %s\n' "${pair%%=*}" "${pair#*=}" >>"$file"
    done
}

make_own_nginx() {
    local as_root=
    ((EUID != 0)) || as_root="user $ME;"
    mkdir -p "$WORK/nginx/sites" "$WORK/nginx/tmp" "$WORK/system/dev/shm"
    ((EUID != 0)) || chown "$ME" "$WORK/nginx/tmp"
    {
        printf '%s\npid %s;\nerror_log %s warn;\nevents { worker_connections 256; }\nhttp {\n' \
            "$as_root" "$WORK/nginx.pid" "$WORK/nginx/error.log"
        printf '%s_temp_path %s;\n' client_body "$WORK/nginx/tmp/1" fastcgi "$WORK/nginx/tmp/2" proxy "$WORK/nginx/tmp/3" \
            scgi "$WORK/nginx/tmp/4" uwsgi "$WORK/nginx/tmp/5"
        printf 'include %s/nginx/sites/*.conf;\n}\n' "$WORK"
    } >"$WORK/nginx/nginx.conf"
    cat >"$WORK/start-nginx" <<END
#!/bin/bash
[[ ! -s $WORK/nginx.pid ]] || exec kill -HUP "\$(<$WORK/nginx.pid)"
exec nginx -e $WORK/nginx/error.log -p $WORK/nginx/ -c $WORK/nginx/nginx.conf
END
    chmod +x "$WORK/start-nginx"
}

# What is where setup writes, to see that it changes nothing the second time.
all_files() {
    (cd "$WORK" && find etc/production system/etc nginx/sites nginx/*.conf environments -type f -exec sha256sum {} + | sort)
}

update_for() { # ENVIRONMENT: what a client gets from the port that both share
    curl -s --path-as-is --max-time 30 --noproxy '*' \
        "http://127.0.0.1:$PORT$(query_path 20200101000000 de)" -H "Host: $(host_name "$1")"
}

host_name() { # ENVIRONMENT
    [[ $1 == production ]] && echo balrog.example.net || echo "balrog-$1.example.net"
}

as_person() { # ENVIRONMENT PATH CURL-OPTION…: asks the admin as the first administrator
    curl -s --max-time 30 --noproxy '*' -u "you@example.net:$(<"$WORK/etc/$1/first-admin.password")" "${@:3}" \
        "http://127.0.0.1:$((LOOPBACK[$1] + 1))$2"
}

test_plan() {
    check "a plan, on a machine that has nothing" setup 6 production
    check "says that the environment is missing" said "is copied from"
    check "and what else" said "known when the database can be asked"
    check "nothing was made" test ! -e "$WORK/environments" -a ! -e "$WORK/opt" -a ! -e "$WORK/etc"
    check "the first time, it copies the environment" setup 0 production --execute
    check "and says what to do" said "Edit it"
    check "what nobody has edited" setup 3 production --execute
    check "is refused" said "still has addresses of example.org"
}

test_production() {
    local before=$SECONDS
    edit production
    check "a plan, of the edited file" setup 6 production
    check "says what would be done" said "nothing was done"
    check "nothing was made" test ! -e "$WORK/opt" -a ! -e "$WORK/etc"
    check "production" setup 0 production --execute --from "$WORK/v1.tar" "$V1"
    echo "production took $((SECONDS - before)) s"
    check "it says what is left" said "The firewall"
    check "the data" load_demo balrog
    check "a client gets an update" until_true 30 serves production
    check "the first administrator can log in" equal you@example.net "$(as_person production /whoami | jq -r .username)"
    check "with all permissions" equal '["admin",null]' "$(as_person production /whoami | jq -c '.permissions | to_entries[] | [.key, .value.options]')"
    check "nobody else" equal 401 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -u you@example.net:wrong \
        "http://127.0.0.1:$((LOOPBACK[production] + 1))/whoami")"
    check "the agent reports" until_true 60 agent_reports
}

load_demo() { # DATABASE
    { echo 'SET autocommit = 0;' && cat "$TOP/conf/demo.sql" && echo 'COMMIT;'; } | db "$1"
}

serves() { # ENVIRONMENT
    [[ $(update_for "$1") == *'<patch '* ]]
}

agent_reports() {
    [[ $(db <<<"SELECT COUNT(*) FROM app_instances WHERE program LIKE '%agent%'") == 1 ]]
}

test_again() {
    local before
    before=$(all_files)
    check "once more" setup 0 production --execute
    check "finds all as it should be" said_not "is missing"
    check "and changes nothing" equal "$before" "$(all_files)"
    check "the plan is empty" setup 0 production
    check "and says so" said "nothing is missing"
}

# Secrets are for those who need them.
test_secrets() {
    local file
    while read -r file; do
        check "not for everybody: $file" equal 0 "$((8#$(stat -c %a "$file") & 7))"
    done < <(find "$WORK/etc" -name '*.password' -o -name '*.cnf' -o -name htpasswd)
    check "no password is in a log" equal '' \
        "$(grep -rlFf <(cat "$WORK"/etc/*/*.password | sed 's/$/\n/' | grep .) "$WORK/opt"/*/state "$WORK/opt"/*/log || true)"
    ((EUID == 0)) || return 0
    check "the programs cannot read the administrator's" test -z \
        "$(setpriv --reuid "$ME" --regid "$(id -g "$ME")" --clear-groups cat "$WORK/etc/production/administrator.cnf" 2>/dev/null)"
}

# Kills setup before one of the things that it makes, gives it again, and so on.
setup_killed() { # ENVIRONMENT ARG…
    local step kills=0 status=137 stride=9
    [[ -z ${BALROG_TEST_FULL-} ]] || stride=1
    cat >"$WORK/killer" <<'END'
if [[ ${0##*/} == setup ]]; then
    set -T
    trap 'case $BASH_COMMAND in
        "set +e") ((++KILL_STEPS < KILL_STEP)) || kill -KILL $$ ;;
        esac' DEBUG
fi
END
    for ((step = 2; status == 137; step += stride)); do
        status=0
        SAID=$(BASH_ENV=$WORK/killer KILL_STEP=$step KILL_STEPS=0 "$TOP/scripts/setup" -e "$@" </dev/null 2>&1) || status=$?
        ((status != 137)) || kills=$((kills + 1))
        ((kills < 30)) || break
    done
    echo "setup of $1 was killed $kills times"
    ((status == 0 && kills > 0)) || { printf '%s\n' "$SAID" >&2 && return 1; }
}

# Stage beside production: what both have on the machine carries their names.
test_stage() {
    check "stage's environment" setup 0 stage --execute
    edit stage
    sed -i "s|^backup_dir = .*|backup_dir = $WORK/backups-stage|" "$BALROG_ENVIRONMENTS/stage.conf"
    check "its database is elsewhere, and nobody is at a terminal" setup 3 stage --execute --from "$WORK/v1.tar" "$V1"
    check "it says what it needs" said "the password of root at 127.0.0.1 is needed: give --password-file FILE"
    check "and has written nothing" test ! -e "$WORK/etc/stage/administrator.cnf"
    check "stage, whenever it is killed" setup_killed stage --execute --from "$WORK/v1.tar" --database-user chief \
        --password-file "$WORK/chief.password" "$V1"
    check "no backups: those are made where the database is" test ! -e "$WORK/backups-stage"
    check "stage has no update yet" equal no "$(serves stage && echo yes || echo no)"
    check "nginx accepts both" nginx -t -q -e "$WORK/nginx/error.log" -p "$WORK/nginx/" -c "$WORK/nginx/nginx.conf"
    check "stage's data" load_demo balrog_stage
    check "stage serves from its own" until_true 30 serves stage
    check "production still does" serves production
    local name
    for name in production stage; do
        check "$name: its own log" until_true 10 grep -q "\"backend\":\"balrog_${name}_public\"" "$WORK/nginx/$name/access.log"
        check "$name: its own accounts" equal "$(accounts_of_environment "$name")" "$(db mysql <<<"SELECT User FROM user WHERE User LIKE 'balrog\\_$name%' ORDER BY 1" | paste -sd ' ')"
        check "$name: the log tells no other" equal '' "$(grep -hv "balrog_${name}_" "$WORK/nginx/$name/access.log" | sed -n 1p)"
    done
    check "stage's program does not see production's data" equal 0 "$(db mysql <<<"SELECT COUNT(*) FROM tables_priv
        WHERE (User LIKE 'balrog\\_stage%' AND Db <> 'balrog_stage') OR (User LIKE 'balrog\\_production%' AND Db <> 'balrog')")"
    check "two environments with the same port" test_same_port
}

accounts_of_environment() { # ENVIRONMENT
    [[ $1 == production ]] && echo "balrog_${1}_admin balrog_${1}_backup balrog_${1}_history balrog_${1}_public" ||
        echo "balrog_${1}_admin balrog_${1}_public"
}

test_same_port() {
    local status=0
    cp "$BALROG_ENVIRONMENTS/stage.conf" "$WORK/stage.conf"
    sed -i "s|^admin_listen = .*|admin_listen = 127.0.0.1:$((LOOPBACK[production] + 1))|; s|^root = .*|root = $WORK/opt/production|" \
        "$BALROG_ENVIRONMENTS/stage.conf"
    setup 6 stage && said "listen on 127.0.0.1:$((LOOPBACK[production] + 1))" && said "have the same root" || status=1
    mv "$WORK/stage.conf" "$BALROG_ENVIRONMENTS/stage.conf"
    return "$status"
}

# A canary of stage: its share is counted by the names in stage's log.
test_canary() {
    sed -i 's/^canary_watch_s = .*/canary_watch_s = 1/; s/^canary_percent = .*/canary_percent = 60/' "$BALROG_ENVIRONMENTS/stage.conf"
    printf 'canary_latency_floor_ms = 9999\n' >>"$BALROG_ENVIRONMENTS/stage.conf"
    check "stage's next version" run_script 0 deploy -e stage --from "$WORK/v2.tar" "$V2"
    check "is a canary, which nginx's log counts" until_true 60 canary_counts
    check "promote" run_script 0 promote -e stage
    check "both still serve" serves production
    check "stage, too" serves stage
}

canary_counts() {
    local i
    for ((i = 0; i < 25; i++)); do
        update_for stage >/dev/null
    done
    SAID=$("$TOP/scripts/canary-status" -e stage 2>&1) && grep -q '"backend":"balrog_stage_public_canary"' "$WORK/nginx/stage/access.log"
}

# ---- the doctor ----

test_healthy() {
    # Once, instead of all the time.
    check "what cron does each minute" bash -c "$(sed -n 's/^\(SCRIPTS=.*\)/\1;/p
        s/^\* \* \* \* \*  *[a-z-]* \(.* binlogs .*\)/\1/p' "$WORK/system/etc/cron.d/balrog-production" | sed 's/ --follow//')"
    check "stage has nothing of it" equal 0 "$(grep -c 'SCRIPTS/backup' "$WORK/system/etc/cron.d/balrog-stage")"
    check "production is well" doctor 0 production
    check "and told so" said "production is as it should be"
    if [[ -n ${BALROG_TEST_FULL-} ]]; then
        check "stage, too" doctor 0 stage
    fi
    check "stage, too, at a quick look" doctor 0 stage --quick
}

# What is found, each with what to do.
finds() { # TEXT TODO
    check "found: $1" said "$1"
    check "and what to do: $2" said "-> $2"
}

test_quick_faults() {
    local etc=$WORK/etc/production
    chmod 644 "$etc/admin.password"
    chmod 666 "$etc/agent.conf"
    printf "[public]\nthreads = many\n" >>"$etc/balrog.conf"
    db mysql <<<"SET GLOBAL max_allowed_packet = 16777216"
    db <<<"DROP TRIGGER balrog_feed_rules_u"
    db mysql <<<"ALTER USER 'balrog_production_public'@'localhost' ACCOUNT LOCK"
    check "quick faults" doctor 1 production --quick
    finds "everybody can read $etc/admin.password" "chmod o= $etc/admin.password"
    finds "everybody can change $etc/agent.conf" "chmod o-w $etc/agent.conf"
    finds "public $V1 does not accept $etc/balrog.conf" "correct $etc/balrog.conf"
    finds "max_allowed_packet is 16M, and should be 64M or more" "scripts/setup -e production --execute"
    finds "these triggers are missing: balrog_feed_rules_u" "scripts/schema-upgrade"
    finds "the account in $etc/balrog.conf cannot use the database" "scripts/setup"
    check "a deploy" run_script 3 deploy -e production --from "$WORK/v2.tar" admin "$V2"
    check "does not begin on such a machine" said "doctor has found faults"
    check "and says which" said "these triggers are missing"
    check "it has built nothing" test ! -e "$WORK/opt/production/releases/$V2"
    chmod 640 "$etc/admin.password" "$etc/agent.conf"
    sed -i '$d' "$etc/balrog.conf" && sed -i '$d' "$etc/balrog.conf"
    db mysql <<<"SET GLOBAL max_allowed_packet = 134217728; ALTER USER 'balrog_production_public'@'localhost' ACCOUNT UNLOCK"
    db <"$WORK/trigger"
    check "all is well again" doctor 0 production --quick
}

well() { # ENVIRONMENT
    doctor 0 "$1" 2>/dev/null
}

test_faults() {
    local dir=$WORK/opt/production etc=$WORK/etc/production
    rm "$WORK/system/etc/logrotate.d/balrog-production"
    echo "# changed" >>"$WORK/system/etc/cron.d/balrog-production"
    sed -i '/^balrogagent:/d' "$etc/htpasswd"
    db <<<"DELETE FROM permissions WHERE username = 'balrogagent'"
    db mysql <<<"REVOKE INSERT ON balrog.rules_history FROM 'balrog_production_admin'@'localhost';
        GRANT DELETE ON balrog.rules_history TO 'balrog_production_admin'@'localhost';
        SET GLOBAL sync_binlog = 0"
    chmod 755 "$WORK/backups"
    rm -r "$WORK/etc/keyring"
    "$TOP/scripts/host" -e production stop agent "$V1" 2>/dev/null
    ln -sfn public-v9.99.sock "$dir/run/public-canary.sock"
    echo "min_free_mb = 9999999" >>"$BALROG_ENVIRONMENTS/production.conf"
    sed -i '/^min_free_mb = 10$/d' "$BALROG_ENVIRONMENTS/production.conf"
    expired_certificate
    check "what is wrong" doctor 1 production
    finds "$WORK/system/etc/logrotate.d/balrog-production is missing" "scripts/setup"
    finds "etc/cron.d/balrog-production is missing or is not as it should be" "scripts/setup"
    finds "htpasswd lacks balrogagent" "scripts/setup"
    finds "balrogagent has no permission" "scripts/setup"
    finds "lacks INSERT on balrog.rules_history" "scripts/setup"
    finds "has DELETE on balrog.rules_history, and must only add to it" "scripts/setup"
    finds "sync_binlog is 0, and should be 1" "scripts/setup"
    finds "$WORK/backups must belong to" "chown"
    finds "holds no key" "set signers"
    finds "agent $V1 does not run" "scripts/host -e production start agent $V1"
    finds "its link leads to v9.99" "run the last promote"
    finds "and min_free_mb is 9999999" "remove old releases"
    finds "the certificate of $WORK/tls.pem ends on" "renew it"
    finds "tls.key is not the key of" "put the right key"
    sed -i '/^tls_/d; s/^min_free_mb = .*/min_free_mb = 10/' "$BALROG_ENVIRONMENTS/production.conf"
    db mysql <<<"SET GLOBAL sync_binlog = 1"
    ln -sfn "public-$V1.sock" "$dir/run/public-canary.sock"
    "$TOP/scripts/host" -e production start agent "$V1" 2>/dev/null
    check "setup mends the rest" setup 0 production --execute
    # The agent is well when it has reported again, half a minute later.
    check "all is well again" until_true 90 well production
}

# A certificate that ends too soon, and another one's key.
expired_certificate() {
    local name
    for name in tls other; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=balrog -keyout "$WORK/$name.key" -out "$WORK/$name.pem" 2>/dev/null
    done
    cp "$WORK/other.key" "$WORK/tls.key"
    printf 'tls_certificate = %s\ntls_key = %s\n' "$WORK/tls.pem" "$WORK/tls.key" >>"$BALROG_ENVIRONMENTS/production.conf"
}

test_no_database() {
    stop_mariadb "$WORK/db"
    check "without the database" doctor 1 production --quick
    finds "cannot ask the database" "see that it runs"
    check "it says so once" equal 1 "$(grep -c 'cannot ask' <<<"$SAID")"
    check "which stops a deploy" run_script 5 deploy -e production --from "$WORK/v1.tar" admin "$V1"
    check "clients still get updates" serves production
}

test_logins() {
    check "a person gets a password" run_script 0 add-login -e production rel@example.net
    local password=${SAID##*: }
    # The admin knows them then, and says that they have no permission.
    check "that counts at once" equal 403 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -u "rel@example.net:$password" \
        "http://127.0.0.1:$((LOOPBACK[production] + 1))/whoami")"
    check "and ends" run_script 0 add-login -e production --remove rel@example.net
    check "at once" equal 401 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -u "rel@example.net:$password" \
        "http://127.0.0.1:$((LOOPBACK[production] + 1))/whoami")"
    check "others stay" equal you@example.net "$(as_person production /whoami | jq -r .username)"
}

test_usage() {
    local script
    for script in setup doctor add-login; do
        check "$script --help" run_script 0 "$script" --help
        check "$script: an unknown option" run_script 2 "$script" -e production --nonsense
        check "$script: an unknown environment" run_script 2 "$script" -e nowhere name
    done
}

mkdir -p "$WORK/db"
start_mariadb "$WORK/db" --log-bin=binlog --binlog-format=ROW --sync-binlog=1 --innodb-flush-log-at-trx-commit=1 \
    --binlog-checksum=CRC32 --max-allowed-packet=128M --skip-networking=OFF --bind-address=127.0.0.1 --port="$DB_PORT"
db mysql <<<"DELETE FROM global_priv WHERE User = ''; FLUSH PRIVILEGES;
    CREATE USER chief IDENTIFIED BY 'a\"secret'; GRANT ALL ON *.* TO chief WITH GRANT OPTION"
(umask 077 && echo 'a"secret' >"$WORK/chief.password")
make_own_nginx
make_key
gpg --armor --export >"$WORK/signer.asc"
built_tarball "$WORK/v1.tar"
renamed_tarball "$WORK/v1.tar" "$WORK/v2.tar"
gpg --batch --armor --detach-sign "$WORK/v1.tar"
gpg --batch --armor --detach-sign "$WORK/v2.tar"

test_usage
test_plan
test_production
db <<<'SHOW CREATE TRIGGER balrog_feed_rules_u' | awk -F '\t' '{ gsub(/\\n/, "\n", $3); print "DELIMITER //\n" $3 "//" }' >"$WORK/trigger"
test_again
test_secrets
test_stage
test_canary
test_healthy
test_quick_faults
test_faults
test_logins
test_no_database
summary
