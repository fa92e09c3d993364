# shellcheck shell=bash
# The configuration files of a sandbox. Each write_… function returns true if it changed the file, and false if the file was
# already right. For scripts/sandbox, which sets TOP, BUILD, DIR, RUN and DB_NAME and defines state.
: "${TOP=}" "${BUILD=}" "${DIR=}" "${RUN=}" "${DB_NAME=}"

# shellcheck source=scripts/lib/merge-conf.sh
. "${BASH_SOURCE[0]%/*}/merge-conf.sh"

has_admin() {
    [[ -x $BUILD/balrog-admin ]]
}

has_agent() {
    [[ $(state agent off) == on ]]
}

has_uptake() {
    [[ $(state uptake off) == on ]]
}

# Prints where balrog-uptake answers; nothing without it, or before nginx has a port.
uptake_url() {
    local port
    port=$(state port "$(state fixed-port)")
    ! has_uptake || [[ -z $port ]] || printf 'http://127.0.0.1:%s/__uptake__\n' "$port"
}

# Replaces FILE with standard input. Returns false if FILE held the same already.
replace() { # FILE
    cat >"$1.new"
    if cmp -s -- "$1.new" "$1"; then
        rm -- "$1.new"
        return 1
    fi
    mv -- "$1.new" "$1"
}

# Writes MariaDB's settings: a small server that starts quickly.
write_db_conf() {
    local as_root=()
    if ((EUID == 0)); then
        as_root=("user = root")
    fi
    {
        printf '%s\n' '[mariadbd]' "datadir = $DIR/db" "socket = $RUN/db.sock" "tmpdir = $DIR/tmp" \
            'skip-name-resolve' 'character-set-server = utf8mb4' \
            'innodb-buffer-pool-size = 64M' 'innodb-log-file-size = 32M' 'innodb-flush-log-at-trx-commit = 2' \
            'max-allowed-packet = 128M' 'max-connections = 200' 'aria-pagecache-buffer-size = 8M' \
            'key-buffer-size = 1M' 'performance-schema = OFF' "${as_root[@]}"
        if (($(replicas) == 0)); then
            printf '%s\n' 'skip-networking' 'skip-log-bin'
        else
            server_settings 1
        fi
        state settings | sed -n 's/^mariadb\.//p'
    } | replace "$DIR/db.cnf"
}

write_program_conf() { # FILE ACCOUNT SETTING…; the sandbox's own settings come last
    local file=$1 account=$2 host='' socket=$RUN/db.sock
    shift 2
    (($(replicas) == 0)) || host=$(database_hosts) socket=''
    {
        printf '%s\n' "database.host=$host" "database.socket=$socket" "database.name=$DB_NAME" \
            "database.user=$account" "database.password_file=$RUN/password" \
            "log.crash_dir=$DIR/crash" "public.state_dir=$DIR/kept" "$@"
        state settings | sed '/^\(mariadb\|agent\|uptake\)\./d; /^$/d'
    } | merge_conf balrog.conf | replace "$file"
}

write_balrog_conf() {
    write_program_conf "$DIR/balrog.conf" balrog_public "public.socket=$RUN/public.sock" 'public.threads=32' \
        "public.openapi_file=$TOP/docs/openapi.json"
}

# The system accounts are those of conf/demo.sql and of the recorded answers.
write_admin_conf() {
    local trust=no
    [[ -z $(state user-header)$(state passwords) ]] || trust=yes
    write_program_conf "$DIR/admin.conf" balrog_admin "admin.socket=$RUN/admin.sock" 'admin.threads=32' \
        "admin.trust_remote_user=$trust" "admin.openapi_file=$TOP/docs/openapi.json" "admin.uptake_url=$(uptake_url)" \
        'admin.system_accounts=balrogagent balrog-ffxbld balrog-tbirdbld seabld balrog-xpibld'
}

# If nginx asks for passwords, balrogagent's password is read from their file, if it is there in plain text. Other credentials
# must be given with --set.
write_agent_conf() {
    local passwords password=''
    passwords=$(state passwords)
    [[ -z $passwords ]] || password=$(sed -n 's/^balrogagent:{PLAIN}//p' -- "$passwords")
    (umask 077 && printf '%s\n' "$password" >"$RUN/agent-password")
    {
        printf '%s\n' "agent.admin_url=http://127.0.0.1:$(($(state port) + 1))" agent.interval_s=1 \
            agent.retry_min_s=1 agent.retry_max_s=60
        [[ -z $password ]] || printf '%s\n' agent.user=balrogagent "agent.password_file=$RUN/agent-password"
        [[ -z $(uptake_url) ]] ||
            printf '%s\n' "agent.uptake_url=$(uptake_url)/{product}/{channel}" agent.uptake_pointer=/watched/percent
        state settings | sed -n '/^\(agent\|log\|statsd\|sentry\)\./p'
    } | merge_conf agent.conf | replace "$DIR/agent.conf"
}

write_uptake_conf() {
    {
        printf '%s\n' "uptake.socket=$RUN/uptake.sock" "uptake.log=$DIR/log/access.log" "uptake.state_dir=$DIR/state" \
            "log.crash_dir=$DIR/crash"
        state settings | sed -n '/^\(uptake\|log\)\./p'
    } | merge_conf uptake.conf | replace "$DIR/uptake.conf"
}

# Prints the folder of the built UI: the one in the build, else the one of a release's sources.
ui_dir() {
    if [[ -e $BUILD/ui/index.html || ! -e $TOP/ui/dist/index.html ]]; then
        printf '%s\n' "$BUILD/ui"
    else
        printf '%s\n' "$TOP/ui/dist"
    fi
}

# Prints with whom the UI may speak: its own site and, if pages can get tokens, their issuer.
connect_sources() {
    local issuer
    issuer=$(state settings | sed -n 's|^admin\.issuer=\(https\{0,1\}://[^/]*\).*|\1|p' | tail -n 1)
    printf "'self'%s\n" "${issuer:+ $issuer}"
}

# Prints the admin's server block. The rate limit is higher than in production, because the agent sends requests every second
# from the same address as the tests. The header that names the user is trusted only here; "-" means no user.
# shellcheck disable=SC2016 # the variables are nginx's
admin_server() { # PORT
    local header passwords nobody='^        fastcgi_param REMOTE_USER "";' who=()
    header=$(state user-header | tr 'A-Z-' 'a-z_')
    passwords=$(state passwords)
    if [[ -n $header ]]; then
        printf 'map $http_%s $sandbox_user {\n    "-" "";\n    default $http_%s;\n}\n' "$header" "$header"
        who=(-e "s|$nobody|        fastcgi_param REMOTE_USER \$sandbox_user;|")
    elif [[ -n $passwords ]]; then
        who=(-e "/$nobody/d" -e 's|#\(auth_basic "\)|\1|' -e 's|#\(fastcgi_param REMOTE_USER $remote_user;\)|\1|'
            -e 's,#\(\(auth_delay\|limit_req\|limit_req_status\) .*;\),\1,'
            -e "s|#\(auth_basic_user_file\) .*;|\1 $passwords;|")
    fi
    sed -e "s|@LISTEN@|127.0.0.1:$1|" -e 's|@SERVER_NAME@|localhost|' -e "s|@SOCKET@|$RUN/admin.sock|" \
        -e "s|@LOG_DIR@|$DIR/log|" -e "s|@UI_DIR@|$(ui_dir)|" \
        -e "s|@CONNECT@|$(connect_sources)|" -e 's|rate=10r/s|rate=100r/s|' "${who[@]}" "$TOP/conf/nginx/admin.conf.in"
}

# How many files a worker of nginx may open: as scripts/setup has it, where this machine permits that.
open_files() {
    local most
    most=$(ulimit -Hn)
    [[ $most != unlimited ]] && ((most < 32768)) || most=32768
    printf '%s\n' "$most"
}

# A sandbox may be slower than a server, so nginx waits longer for its workers.
write_nginx_conf() { # PORT; fails when nothing changed
    local user='' uncached=()
    if ((EUID == 0)); then
        user='user root;'
    fi
    [[ $(state cache on) == on ]] || uncached=(-e 's|fastcgi_cache balrog_answers;|fastcgi_cache off;|')
    sed -e "s|@LISTEN@|127.0.0.1:$1|" -e 's|@SERVER_NAME@|localhost|' -e "s|@SOCKET@|$RUN/public.sock|" \
        -e "s|@LOG_DIR@|$DIR/log|" -e "s|@CACHE_DIR@|$DIR/tmp/cache|" \
        -e 's|\(fastcgi_[a-z]*_timeout\) 1s;|\1 30s;|' \
        -e "s|unix:/run/balrog/uptake.sock|unix:$RUN/uptake.sock|" "${uncached[@]}" \
        "$TOP/conf/nginx/backends.conf.in" "$TOP/conf/nginx/public.conf.in" >"$DIR/nginx-public.conf"
    {
        cat <<EOF
daemon off;
$user
worker_processes 2;
worker_rlimit_nofile $(open_files);
pid $RUN/nginx.master;
error_log $DIR/log/nginx-error.log warn;
events {
    worker_connections $(($(open_files) / 2));
    multi_accept on;
}
http {
    client_body_temp_path $DIR/tmp/body;
    fastcgi_temp_path $DIR/tmp/fastcgi;
    proxy_temp_path $DIR/tmp/proxy;
    scgi_temp_path $DIR/tmp/scgi;
    uwsgi_temp_path $DIR/tmp/uwsgi;
EOF
        sed 's/^./    &/' "$DIR/nginx-public.conf"
        ! has_admin || admin_server $(($1 + 1)) | sed 's/^./    &/'
        printf '}\n'
    } | replace "$DIR/nginx.conf"
}
