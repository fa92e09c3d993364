# shellcheck shell=bash
# A machine to deploy to, for the tests of the deploy scripts that source this: a database, nginx with the shipped
# templates, an environment "t" below $WORK, and a repository with versions made from this very tree.

TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
WORK=$(mktemp -d)
ROOT=$WORK/root
REPO=$WORK/repository
WRK_PIDS=()
: "${PORT=}"
export BALROG_ENVIRONMENTS=$WORK/environments
chmod 755 "$WORK" # so that builders without rights find their way

# The tree's own version and the two after it.
# shellcheck disable=SC2034 # for the tests
V1=v$(<"$TOP/VERSION")
V2=${V1%.*}.$((${V1##*.} + 1))
# shellcheck disable=SC2034
V3=${V1%.*}.$((${V1##*.} + 2))

# ends PID…: SIGKILL, for what must not outlive the test.
kill_all() {
    local pid
    for pid in "$@"; do
        { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
    done
}

take_down() {
    local file
    kill_all "${WRK_PIDS[@]}"
    rm -f -- "$ROOT/state/canary" # the watcher ends by that, at its next look
    for file in "$ROOT"/run/*.pid; do
        [[ -s $file ]] || continue
        # A group of its own: multiwatch and its worker.
        kill -KILL -- "-$(<"$file")" 2>/dev/null || true
    done
    [[ ! -s $WORK/nginx.pid ]] || kill "$(<"$WORK/nginx.pid")" 2>/dev/null || true
    stop_mariadb "$WORK/db" KILL
    rm -rf -- "$WORK"
}
trap take_down EXIT

# operate STATUS SCRIPT ARG…: runs a script on the environment t; what it says is left in $SAID. Fails when its exit
# status is another.
operate() {
    local wanted=$1 script=$2 status=0
    shift 2
    SAID=$("$TOP/scripts/$script" -e t "$@" </dev/null 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { printf '  %s %s: exit status %s, wanted %s:\n%s\n' "$script" "$*" "$status" "$wanted" "$SAID" >&2 && return 1; }
}

# survives_kills SCRIPT ARG…: kills the script (-9) before its first step, gives it again, kills it before a later one, and
# so on until it gets through; in full, before each. A step is what it has machines do or notes of a canary.
survives_kills() {
    local step kills=0 status=137 stride=5
    [[ -z ${BALROG_TEST_FULL-} ]] || stride=1
    # bash reads this first in every script, and runs the trap before each command.
    cat >"$WORK/killer" <<'END'
if [[ ${0##*/} == "$KILL_SCRIPT" ]]; then
    set -T
    trap 'case $BASH_COMMAND in
        "at_each "* | "canary_phase "* | "canary_forget"*) ((++KILL_STEPS < KILL_STEP)) || kill -KILL $$ ;;
        esac' DEBUG
fi
END
    for ((step = 1; status == 137; step += stride)); do
        status=0
        SAID=$(BASH_ENV=$WORK/killer KILL_SCRIPT=$1 KILL_STEP=$step KILL_STEPS=0 "$TOP/scripts/$1" -e t "${@:2}" \
            </dev/null 2>&1) || status=$?
        ((status != 137)) || kills=$((kills + 1))
    done
    echo "$1 ${*:2}: killed $kills times"
    ((status == 0 && kills > 0)) || { printf '%s\n' "$SAID" >&2 && return 1; }
}

said() { # TEXT
    [[ $SAID == *"$1"* ]] || { printf '  wanted: %s\n  said: %s\n' "$1" "$SAID" >&2 && return 1; }
}

# set_env KEY=VALUE…: changes the environment.
set_env() {
    local pair
    for pair in "$@"; do
        sed -i "/^${pair%%=*} = /d" "$BALROG_ENVIRONMENTS/t.conf"
        printf '%s = %s\n' "${pair%%=*}" "${pair#*=}" >>"$BALROG_ENVIRONMENTS/t.conf"
    done
}

# serving NAME: the version that a socket's name leads to.
serving() {
    local target
    target=$(readlink -- "$ROOT/run/$1.sock") && target=${target##*-} && printf '%s\n' "${target%.sock}"
}

current() { # SERVICE
    basename -- "$(readlink -- "$ROOT/current/$1")"
}

running() { # SERVICE: its versions
    "$TOP/scripts/host" -e t status | sed -n "s/^$1 \(v[0-9.]*\) running.*/\1/p" | paste -sd ' '
}

db() {
    sql "$WORK/db" "${1:-balrog}"
}

may_be_promoted() {
    "$TOP/scripts/canary-status" -e t >/dev/null 2>&1
}

somebody_watches() {
    [[ $("$TOP/scripts/canary-status" -e t 2>&1) != *'nobody watches'* ]]
}

# ---- the machine ----

make_database() {
    start_mariadb "$WORK/db" || exit 1
    db mysql <<<"DELETE FROM global_priv WHERE User = ''; FLUSH PRIVILEGES;
        CREATE DATABASE balrog CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    printf '[client]\nsocket=%s\nuser=root\n' "$WORK/db/sock" >"$WORK/admin.cnf"
    chmod 600 "$WORK/admin.cnf"
    (umask 077 && echo secret >"$WORK/password")
    local connection=(--defaults-file "$WORK/admin.cnf")
    if ! { "$TOP/scripts/schema-upgrade" --execute "${connection[@]}" &&
        "$TOP/scripts/create-db-users" --execute "${connection[@]}" --public-password-file "$WORK/password" \
            --admin-password-file "$WORK/password"; } >"$WORK/schema.log" 2>&1; then
        cat "$WORK/schema.log" >&2
        exit 1
    fi
    { echo 'SET autocommit = 0;' && cat "$TOP/conf/demo.sql" && echo 'COMMIT;'; } | db
    db <<<"INSERT INTO permissions (username, permission, data_version) VALUES ('balrogagent', 'admin', 1)"
}

make_configuration() {
    local account
    mkdir -p "$WORK/etc" "$BALROG_ENVIRONMENTS"
    for account in public admin; do
        printf '[database]\nsocket = %s\nuser = balrog_%s\npassword_file = %s\n' "$WORK/db/sock" "$account" "$WORK/password"
        printf '[%s]\nthreads = 16\n' "$account"
        [[ $account == public ]] || printf 'trust_remote_user = yes\n'
        printf '[allowlist]\n' && grep '^allow = ' "$TOP/conf/balrog.conf"
    done | csplit --quiet --prefix "$WORK/etc/part" - '/^\[database\]/' '{*}'
    mv "$WORK/etc/part01" "$WORK/etc/balrog.conf"
    mv "$WORK/etc/part02" "$WORK/etc/admin.conf"
    printf '[agent]\nadmin_url = http://127.0.0.1:%s\ninterval_s = 1\nuser = balrogagent\npassword_file = %s\n' \
        $((PORT + 1)) "$WORK/password" >"$WORK/etc/agent.conf"
    chmod 644 "$WORK/etc"/*
    cat >"$BALROG_ENVIRONMENTS/t.conf" <<END
root = $ROOT
config_dir = $WORK/etc
database_defaults_file = $WORK/admin.cnf
public_url = http://127.0.0.1:$PORT
admin_url = http://127.0.0.1:$((PORT + 1))
version_urls = http://127.0.0.1:$PORT/__version__ http://127.0.0.1:$((PORT + 1))/__version__
supervisor = multiwatch
user = $(id -un)
nginx_include = $WORK/upstreams.conf
nginx_test = nginx -t -q -e $WORK/nginx-error.log -p $WORK/ -c $WORK/nginx.conf
nginx_reload = $WORK/start-nginx
nginx_log = $WORK/access.log
hook = $WORK/hook
freeze_file = $WORK/freeze
repository = $REPO
require_signed = no
canary_percent = 40
canary_watch_s = 1
canary_compare_s = 1
canary_min_requests = 300
canary_latency_floor_ms = 9999
canary_answers = 10
configure_options = CFLAGS=-O0 --disable-dependency-tracking
min_free_mb = 10
END
}

# nginx with the shipped templates. "Reloading" starts it when it does not run.
make_nginx() {
    local as_root=
    ((EUID != 0)) || as_root='user root;'
    {
        printf '%s\nworker_processes 2;\npid %s;\nerror_log %s warn;\nevents { worker_connections 1024; }\nhttp {\n' \
            "$as_root" "$WORK/nginx.pid" "$WORK/nginx-error.log"
        printf '%s_temp_path %s;\n' client_body "$WORK/tmp/1" fastcgi "$WORK/tmp/2" proxy "$WORK/tmp/3" \
            scgi "$WORK/tmp/4" uwsgi "$WORK/tmp/5"
        printf 'include %s;\n' "$WORK/upstreams.conf"
        # A zone for keys that the load fills all the time.
        sed -e "s|@LISTEN@|127.0.0.1:$PORT|" -e 's|@SERVER_NAME@|localhost|' -e "s|@LOG_DIR@|$WORK|" \
            -e "s|@CACHE_DIR@|$WORK/tmp/cache|" -e 's|=balrog_answers:16m |=balrog_answers:64k |' "$TOP/conf/nginx/public.conf.in"
        # Who asks the admin is whom he says he is.
        # shellcheck disable=SC2016 # nginx expands them
        sed -e "s|@LISTEN@|127.0.0.1:$((PORT + 1))|" -e 's|@SERVER_NAME@|localhost|' -e "s|@LOG_DIR@|$WORK|" \
            -e "s|@SOCKET@|$ROOT/run/admin.sock|" \
            -e 's|^        fastcgi_param REMOTE_USER "";|        fastcgi_param REMOTE_USER $remote_user;|' \
            "$TOP/conf/nginx/admin.conf.in"
        echo '}'
    } >"$WORK/nginx.conf"
    mkdir -p "$WORK/tmp"
    cat >"$WORK/start-nginx" <<END
#!/bin/bash
echo reload >>$WORK/reloads
if [[ -s $WORK/nginx.pid ]]; then
    exec kill -HUP "\$(<$WORK/nginx.pid)"
fi
exec nginx -e $WORK/nginx-error.log -p $WORK/ -c $WORK/nginx.conf
END
    # The hook keeps what it hears, and kills the script that tells it where a test wants that.
    cat >"$WORK/hook" <<END
#!/bin/bash
printf '%s %s\n' "\$1" "\$2" >>$WORK/told
if [[ -e $WORK/kill-at && \$1 == "\$(<$WORK/kill-at)" ]]; then
    rm $WORK/kill-at
    kill -KILL "\$(sed 's/.*process \([0-9]*\) of.*/\1/' $ROOT/state/lock)"
fi
END
    chmod +x "$WORK/start-nginx" "$WORK/hook"
}

# ---- versions ----

git_here() {
    git -C "$REPO" -c user.name=test -c user.email=test@example.org "$@"
}

# The tree as the repository's first commit; it gets the version $V1.
make_repository() {
    local name
    git init --quiet -b main "$REPO"
    for name in configure.ac Makefile.am VERSION CONTRIBUTING.md NEWS.md README.md LICENSE .clang-format .ci conf docs fcgi m4 schema scripts test; do
        cp -a "$TOP/$name" "$REPO/"
    done
    git_here add --all --force
    git_here commit --quiet -m "The tree"
    git_here tag --annotate -m "$V1" "$V1"
}

# tag_version VERSION: what changed in the repository becomes that version.
tag_version() {
    printf '%s\n' "${1#v}" >"$REPO/VERSION"
    git_here add --all --force
    git_here commit --quiet -m "$1"
    git_here tag --annotate --force -m "$1" "$1"
}

# A step that adds a table, and later takes one away that $V1 needs and the version does not.
add_schema_steps() { # VERSION
    local number dir
    number=$(find "$REPO/schema" -maxdepth 1 -name '[0-9]*_*' | wc -l)
    number=$(printf %04d $((number + 1)))
    # shellcheck disable=SC2034 # for the tests
    STEP=$number
    dir=$REPO/schema/${number}_deploy_test
    mkdir "$dir"
    printf -- '-- since: %s\n-- A table for the test.\nCREATE TABLE IF NOT EXISTS deploy_test (\n    id INT NOT NULL,\n    gone INT,\n    PRIMARY KEY (id)\n) ENGINE=InnoDB CHARSET=utf8mb4;\n' \
        "$1" >"$dir/additive.sql"
    printf -- '-- since: %s\n-- What went with the version before.\nALTER TABLE deploy_test\n    DROP COLUMN IF EXISTS gone,\n    ALGORITHM=INSTANT, LOCK=NONE;\n' \
        "$1" >"$dir/destructive.sql"
    printf "SELECT 'deploy_test is missing' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM information_schema.tables\n    WHERE table_schema = DATABASE() AND table_name = 'deploy_test');\n" \
        >"$dir/verify.sql"
}

# From here on the repository's balrog-public answers 500 to some queries: to build ids that end in 7.
break_some_answers() {
    local file=$REPO/fcgi/public/service.c
    sed -i '/^void service_handle/,/^}/s|^    int64_t start_ns = clock_ns();|&\
    if (str_contains(request->uri, STR("7/WINNT"))) {\
        response_text(response, 500, "text/plain", STR("broken"));\
        public_metrics_request(request, 500, clock_ns() - start_ns);\
        return;\
    }|' "$file"
    grep -q '"7/WINNT"' "$file" || { echo "cannot break $file" >&2 && exit 1; }
}

# built_tarball FILE: what is in $BUILD, as a release.
built_tarball() {
    make -s -C "$BUILD" install-sbinPROGRAMS install-data DESTDIR="$WORK/installed" prefix=/release \
        sysconfdir=/etc >"$WORK/install.log" 2>&1 || { cat "$WORK/install.log" >&2 && return 1; }
    tar --create --file "$1" --directory "$WORK/installed/release" .
}

# rename_programs DIR FROM TO: the programs of the version FROM call themselves TO. That is all that tells versions apart
# for tests of what is done with them.
rename_programs() {
    local program
    for program in "$1"/sbin/*; do
        perl -0777 -pi -e "s/(\\0|%s )\\Q${2#v}\\E(?=[\\0\\n])/\${1}${3#v}/g" "$program"
    done
}

# renamed_tarball FROM TO: the release $V1 in FROM, as $V2 in TO.
renamed_tarball() {
    local dir=$WORK/renamed
    rm -rf "$dir" && mkdir "$dir"
    tar --extract --file "$1" --directory "$dir"
    rename_programs "$dir" "$V1" "$V2"
    tar --create --file "$2" --directory "$dir" .
}

# broken_tarball FILE: the release $V2, as $V3 and with a balrog-public of $BUILD that is broken as $V3's is, which the
# tag takes minutes to make on a busy machine.
broken_tarball() {
    local dir=$WORK/broken
    mkdir "$dir"
    cp -a "$ROOT/releases/$V2" "$dir/release"
    cp "$REPO/fcgi/public/service.c" "$dir"
    # Before the library, an object takes the place of its member.
    # shellcheck disable=SC2016 # make expands them
    make -s -C "$BUILD" broken BROKEN="$dir" --eval 'broken: $(balrog_public_OBJECTS) libbalrog.a
	$(COMPILE) -O0 -c -o $(BROKEN)/service.o $(BROKEN)/service.c
	$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $(BROKEN)/release/sbin/balrog-public \
		$(balrog_public_OBJECTS) $(BROKEN)/service.o $(balrog_public_LDADD)' \
        >"$WORK/broken.log" 2>&1 || { cat "$WORK/broken.log" >&2 && return 1; }
    rename_programs "$dir/release" "$V2" "$V3"
    rename_programs "$dir/release" "$V1" "$V3"
    tar --create --file "$1" --directory "$dir/release" .
}

# Makes a key, and has git and gpg sign with it.
make_key() {
    export GNUPGHOME=$WORK/gnupg
    mkdir -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Test <test@example.org>' ed25519 sign 1d 2>/dev/null
    export GIT_CONFIG_GLOBAL=$WORK/gitconfig
    git config --global user.email test@example.org
    git config --global user.name Test
    git config --global user.signingkey test@example.org
}

# ---- load ----

BUILD_TARGET=WINNT_x86_64-msvc-x64

get() { # PATH
    curl -s --path-as-is --max-time 30 --noproxy '*' "http://127.0.0.1:$PORT$1"
}

query_path() { # BUILD_ID LOCALE
    printf '/update/3/Firefox/100.0/%s/%s/%s/release/os/default/default/update.xml?force=1' "$1" "$BUILD_TARGET" "$2"
}

# start_load NAME: wrk asks, by force, so that no dice are thrown, with ever new build ids, so that nginx's cache answers
# hardly any, and holds every body against what that query got at first. A thread has one connection, so the answers come
# in the order of the queries.
start_load() {
    local locale body
    {
        # As fast as it goes, or leaving the machine something for building.
        [[ -n ${BALROG_TEST_FULL-} ]] || echo 'function delay() return 4 end'
        echo 'expected = {}'
        for locale in de fr ja; do
            body=$(get "$(query_path 20200101000000 "$locale")")
            [[ $body == *'<patch '* && $body != *20200101000000* ]] || { echo "no update for $locale: $body" >&2 && return 1; }
            printf 'expected["%s"] = [==[%s]==]\n' "$locale" "$body"
        done
        cat <<'END'
locales = { "de", "fr", "ja" }
threads = {}
function setup(thread) table.insert(threads, thread) end
function init()
    turn, answers, wrong, first, failed = 0, 0, 0, "", 0
    math.randomseed(os.time() + tonumber(tostring({}):sub(8)) % 1000000)
end
function request()
    turn = turn % #locales + 1
    asked = locales[turn]
    local build = string.format("2020%010d", math.random(0, 2147483647))
    return wrk.format("GET", "/update/3/Firefox/100.0/" .. build .. "/WINNT_x86_64-msvc-x64/" .. asked ..
        "/release/os/default/default/update.xml?force=1")
end
function response(status, headers, body)
    answers = answers + 1
    if status ~= 200 or body ~= expected[asked] then
        wrong = wrong + 1
        if first == "" then first = asked .. ": " .. status .. " " .. body end
    end
end
function done(summary)
    local sum, bad, text = 0, 0, ""
    for _, thread in ipairs(threads) do
        sum = sum + thread:get("answers")
        bad = bad + thread:get("wrong")
        if text == "" then text = thread:get("first") end
    end
    local e = summary.errors
    print(string.format("answers %d\nwrong %d\nfailed %d\n%s", sum, bad,
        e.connect + e.read + e.write + e.status + e.timeout, text))
end
END
    } >"$WORK/load.lua"
    wrk --threads 4 --connections 4 --duration 1h --timeout 60s --script "$WORK/load.lua" "http://127.0.0.1:$PORT" \
        >"$WORK/wrk-$1.out" 2>&1 &
    WRK=$!
    WRK_PIDS+=("$WRK")
}

# end_load NAME: checks that there was load, and that no request failed and none got a wrong answer.
end_load() {
    local out=$WORK/wrk-$1.out answers
    kill -INT "$WRK"
    wait "$WRK" || true
    answers=$(sed -n 's/^answers //p' "$out")
    echo "$1: ${answers:-0} requests"
    check "$1: there was load" test "${answers:-0}" -gt 300
    check "$1: no wrong answer" equal "wrong 0" "$(grep -A 2 '^wrong' "$out" | sed -n 1p)"
    check "$1: no failed request" equal "failed 0" "$(grep '^failed' "$out")"
    if ! grep -q '^wrong 0$' "$out" || ! grep -q '^failed 0$' "$out"; then
        tail -n 5 "$out" >&2
    fi
}
