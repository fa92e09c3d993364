#!/bin/bash
# schema-upgrade refuses to remove or undo what a running program still needs, by app_instances and by the hosts' versions.
# And what schema-status finds.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: schema_guards.sh"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
# shellcheck source=test/integration/schema_lib.sh
source "$here/schema_lib.sh"
trap 'stop_nginx; stop_mariadb "$work"; rm -rf "$work"' EXIT

# The steps up to the newest one that can be undone: what is tried here must not depend on later ones.
mkdir "$work/steps"
cp -r "$here"/../../schema/000[1-5]_* "$work/steps/"
upgrade() { tool schema-upgrade "$1" --schema "$work/steps" "${@:2}"; }

# ---- hosts: nginx that says what programs of several versions say ----

start_nginx() {
    local i
    for ((i = 0; i < 50; i++)); do
        PORT=$((20000 + RANDOM % 12000))
        cat >"$work/nginx.conf" <<END
daemon off; pid $work/nginx.pid; error_log $work/nginx.log;
$( ((EUID != 0)) || echo "user root;")
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
    uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
    server {
        listen 127.0.0.1:$PORT;
        location /new { return 200 '{"source": "x", "version": "0.2"}'; }
        location /newer { return 200 '{"version":"v0.10"}'; }
        location /old { return 200 '{"version": "0.1"}'; }
        location /none { return 200 '{"source": "https://example.org", "commit": "1.2"}'; }
        location /down { return 503 'no worker'; }
    }
}
END
        nginx -e "$work/nginx.log" -p "$work" -c "$work/nginx.conf" >"$work/nginx.out" 2>&1 &
        NGINX=$!
        while kill -0 "$NGINX" 2>/dev/null; do
            ! curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$PORT/new" || return 0
            sleep 0.05
        done
    done
    return 1
}

stop_nginx() {
    [[ -z ${NGINX-} ]] || { kill "$NGINX" && wait "$NGINX"; } 2>/dev/null || true
}

url() { echo "http://127.0.0.1:$PORT/$1"; }

# A database with all that is additive; everything in it ours.
prepared() { # NAME
    new_database "$1"
    upgrade 0 --execute
}

instance() { # NAME VERSION AGE_S
    query <<<"REPLACE INTO app_instances VALUES ('$1', 'balrog-$1', 'host1', 77, '$2', 1,
        CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - $3 * 1000, NULL)"
}

contract() { upgrade "$1" --phase destructive "${@:2}"; }
untouched() { answers "1 0" "SELECT (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
    AND table_name = 'balrog_release_history' AND column_name = 'deleted'), (SELECT COUNT(*) FROM balrog_schema
    WHERE phase = 'destructive')"; }

days_ago() { echo "$(($(date +%s) - $1 * 86400))"; }

told_age() { [[ $SAID =~ $1 ]] || { echo "  it said: $SAID" >&2 && return 1; }; }

test_instances() {
    new_database empty
    check "not before the additive steps" contract 6 --without-hosts --execute
    check "the first is named" said "the additive phase of 0001_initial is not done"
    prepared living
    instance public 0.1 30
    check "an older program lives" contract 6 --without-hosts --execute
    check "it is named" told_age "balrog-public v0\.1 runs on host1 \(process 77, seen [3-9][0-9] s ago\)"
    check "nothing was done" untouched
    check "the plan says so, too" contract 6 --without-hosts
    check "with its reason" said "refused at the moment:"$'\n'"    - balrog-public v0.1 runs"
    instance public nonsense 0
    check "one without a version counts as older" contract 6 --without-hosts --execute
    # It is no test of what is seen just within 120 s: time goes on meanwhile.
    instance public 0.1 70
    check "one that was seen 70 s ago may live" contract 6 --without-hosts --execute
    # A program that starts between the first look and the begin: the record's own trigger makes it.
    instance public 0.1 125
    query <<<"CREATE TRIGGER t AFTER INSERT ON balrog_schema FOR EACH ROW UPDATE app_instances
        SET seen_at = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
    check "one that comes to life at the last moment" contract 6 --without-hosts --execute
    check "nothing was done" untouched
    query <<<"DROP TRIGGER t"
    instance public 0.1 125
    instance admin 0.2 0
    instance agent v0.10 0
    check "the dead and the newer are no reason" contract 0 --without-hosts --execute
    check "it is done" answers "0.2 1" "SELECT min_version, applied_at IS NOT NULL FROM balrog_schema WHERE phase = 'destructive'"
    check "and not again" contract 0 --without-hosts --execute
}

test_hosts() {
    local host
    prepared hosts
    check "hosts must be named" contract 2 --execute
    check "how, is said" said "give the environment (-e)"
    for host in old none down; do
        check "a host that answers '$host'" contract 6 --execute --version-url "$(url new)" --version-url "$(url $host)"
        check "it is named: $host" said "$(url $host) "
        check "nothing was done: $host" untouched
    done
    check "a host that is away" contract 6 --execute --version-url "http://127.0.0.1:1/__version__"
    check "an unknown exception" contract 2 --execute --version-url "$(url old)" --without-host "$(url new)"
    mkdir -p "$work/environments"
    printf '%s\n' "root = $work/root" "database = $DB" "database_defaults_file = $work/my.cnf" \
        "version_urls = $(url new) $(url down)" "hook = $work/hook" >"$work/environments/stage.conf"
    # shellcheck disable=SC2016 # the hook expands them
    printf '#!/bin/bash\necho "$1: $2" >>%q\n' "$work/told" >"$work/hook"
    chmod +x "$work/hook"
    printf '[client]\nsocket=%s\nuser=root\n' "$work/sock" >"$work/my.cnf"
    CONNECT=()
    export BALROG_ENVIRONMENTS=$work/environments
    check "the environment's hosts" contract 6 -e stage --execute
    check "one of them is down" said "$(url down) does not report its version"
    mkdir -p "$work/root/state"
    check "without a record of deploys it is too early" contract 3 -e stage --execute --without-host "$(url down)"
    check "the message says why" said "does not say that public v0.2 or later was promoted (to continue anyway: --despite-early"
    printf '%s\tpromoted\tme\tpromote public %s\n' "$(days_ago 30)" v0.2 "$(days_ago 20)" v0.1 "$(days_ago 3)" v0.10 \
        >"$work/root/state/deploys"
    check "three days after the last older version it is too early" contract 3 -e stage --execute --without-host "$(url down)"
    check "the message says how long it must be" said "and destructive_after_s is 7 days"
    printf '%s\tpromoted\tme\tpromote public %s\n' "$(days_ago 30)" v0.1 "$(days_ago 8)" v0.2 >"$work/root/state/deploys"
    printf 'all hands\n' >"$work/freeze"
    echo "freeze_file = $work/freeze" >>"$work/environments/stage.conf"
    check "not during a freeze" contract 3 -e stage --execute --without-host "$(url down)"
    rm "$work/freeze"
    printf '%s\n' "require_confirmation = yes" "confirmation_wait_s = 1" >>"$work/environments/stage.conf"
    check "not without another person's confirmation" contract 6 -e stage --execute --without-host "$(url down)"
    check "the message says so" said "nobody else confirmed within 1 s"
    check "nothing was done" untouched
    mkdir -p "$work/root/state/confirmed"
    printf '%s\tsomebody\n' "$(days_ago 0)" >"$work/root/state/confirmed/schema-v$(<"$here/../../VERSION")"
    : >"$work/told"
    check "an exception" contract 0 -e stage --execute --without-host "$(url down)" --version-url "$(url newer)"
    check "the record says who confirmed" grep -qP "\tconfirmed\t.*\tthe destructive phase of v.*, by somebody$" "$work/root/state/deploys"
    check "their confirmation is used once" test ! -e "$work/root/state/confirmed/schema-v$(<"$here/../../VERSION")"
    check "is logged" grep -q "$(url down) is not asked for its version, because of --without-host" "$work/root/state/schema.log"
    check "the hook was told" equal "schema-destructive: $DB: 0005_release_history_deleted is done" "$(<"$work/told")"
    CONNECT=(--socket "$work/sock" --user root)
}

test_revert() {
    prepared undone
    local number=0005
    check "a step without a way back" upgrade 3 --revert 0004 --without-hosts
    check "is told" said "0004_adopted_indexes cannot be undone: it has no revert.sql"
    check "an unknown step" upgrade 2 --revert 0099 --without-hosts
    check "the plan" upgrade 0 --revert $number --without-hosts
    check "says what" said "0005_release_history_deleted/revert.sql, 1 statements"
    instance public 0.2 0
    check "not while a program lives that needs it" upgrade 6 --revert $number --execute --without-hosts
    check "which is named" said "balrog-public v0.2 runs"
    instance public 0.1 0
    check "nor while a host has one" upgrade 6 --revert $number --execute --version-url "$(url new)"
    check "an older one does not need it" upgrade 0 --revert $number --execute --version-url "$(url old)"
    check "it is undone" answers "0 NULL" "SELECT (SELECT COUNT(*) FROM balrog_schema WHERE version = 5), (SELECT column_default
        FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'deleted')"
    check "not twice" upgrade 3 --revert $number --execute --without-hosts
    check "and done again" upgrade 0 --execute
    small_schema
    new_database halfway
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    upgrade 0 --execute --schema "$work/schema"
    cp "$work/schema/0003_gone/revert.sql" "$work/schema/0002_more/"
    check "not the newest" upgrade 3 --revert 0002 --without-hosts --schema "$work/schema"
    check "is told" said "0002_more is not the newest step: 3 (gone) comes after it"
    echo "SELEC nonsense;" >>"$work/schema/0003_gone/revert.sql"
    check "a way back that fails" upgrade 1 --revert 0003 --execute --without-hosts --schema "$work/schema"
    check "no program starts meanwhile: the step is not done" answers 1 \
        "SELECT COUNT(*) FROM balrog_schema WHERE version = 3 AND applied_at IS NULL"
    check "the way forth is open" upgrade 0 --execute --schema "$work/schema"
    sed -i '$ d' "$work/schema/0003_gone/revert.sql"
    check "and the way back" upgrade 0 --revert 0003 --execute --without-hosts --schema "$work/schema"
    upgrade 0 --execute --schema "$work/schema"
    contract 0 --execute --without-hosts --schema "$work/schema"
    check "not once something was taken away" upgrade 3 --revert 0003 --without-hosts --schema "$work/schema"
}

status() { tool schema-status "$1" --schema "$work/steps" "${@:2}"; }

test_status() {
    new_database watched
    check "nothing there yet" status 6 --no-drift
    upgrade 0 --execute
    instance public 0.2 5
    check "all is well" status 0
    check "who lives" said "balrog-public v0.2 runs on host1"
    check "what might be taken away" said "to be applied"
    query <<<"DROP TRIGGER balrog_feed_rules_u; ALTER TABLE rules MODIFY comment VARCHAR(400);
        ALTER TABLE releases DROP INDEX product; ALTER TABLE app_instances ADD COLUMN odd INT;
        REVOKE INSERT (op) ON balrog_changes FROM balrog_feed@localhost; CREATE TABLE stray (a INT);
        UPDATE balrog_schema SET applied_at = NULL WHERE version = 5"
    check "what is wrong" status 1
    local line
    for line in "trigger balrog_feed_rules_u AFTER UPDATE on rules" "column rules comment varchar(500)" \
        "index releases product (product)" "not from a step: column app_instances odd" "right INSERT on balrog_changes op" \
        "not from a step: column stray a" "0005_release_history_deleted (additive) is unfinished: 1 of 1 statements"; do
        check "finds: $line" said "$line"
    done
    query <<<"UPDATE balrog_schema SET applied_at = 1 WHERE version = 5; UPDATE balrog_schema SET checksum = REPEAT('0', 64)
        WHERE version = 2"
    check "records that do not fit" status 3 --no-drift
    query <<<"DELETE FROM balrog_schema WHERE version > 1"
    new_database adopted
    query <"$here/../data/reference-schema.sql"
    upgrade 0 --execute
    check "a database of Mozilla's Balrog" status 0
    query <<<"ALTER TABLE rules DROP INDEX mapping; ALTER TABLE rules_history ADD COLUMN newer INT"
    check "that lacks an index" status 1
    check "is found" said "missing, or different: index rules mapping (mapping)"
    check "what it has besides is no problem" said "additional: column rules_history newer"
    check "--help" "$root/scripts/schema-status" --help >"$work/log"
    check "an unknown option" status 2 --frob
    DB=nowhere
    check "no such database" status 5
}

start_mariadb "$work"
start_nginx
for group in instances hosts revert status; do
    "test_$group"
done
summary
