# shellcheck shell=bash
# For tests of conf/nginx/admin.conf.in: an nginx of its own on $WORK/nginx/sock, before the admin of the sandbox in $BOX.
# A test sources this after admin_lib.sh.
: "${TOP=}" "${WORK=}" "${BOX=}"
NGINX=

stop_nginx() {
    [[ -z $NGINX ]] || kill "$NGINX" 2>/dev/null || true
    [[ -z $NGINX ]] || wait "$NGINX" 2>/dev/null || true
    NGINX=
}

# nginx with the template, changed by the sed SCRIPT.
start_nginx() { # SCRIPT
    local as_root=
    [[ $EUID -ne 0 ]] || as_root='user root;'
    mkdir -p "$WORK/nginx"
    rm -f "$WORK/nginx/sock"
    {
        printf '%s\n' "daemon off; $as_root pid $WORK/nginx/pid; error_log $WORK/nginx/error.log;" \
            'events { worker_connections 256; }' 'http {'
        printf "    %s_temp_path $WORK/nginx/tmp;\n" client_body fastcgi proxy scgi uwsgi
        sed -e "s|listen @LISTEN@|listen unix:$WORK/nginx/sock|" -e 's|@SERVER_NAME@|localhost|' \
            -e "s|@SOCKET@|$BOX/run/admin.sock|" -e "s|@LOG_DIR@|$WORK/nginx|" \
            -e "s|@UI_DIR@|$WORK/ui|" -e "s|@CONNECT@|'self'|" -e "$1" "$TOP/conf/nginx/admin.conf.in"
        printf '}\n'
    } >"$WORK/nginx/conf"
    nginx -e "$WORK/nginx/error.log" -c "$WORK/nginx/conf" >"$WORK/nginx/log" 2>&1 &
    NGINX=$!
    local i
    for ((i = 0; i < 100; i++)); do
        [[ ! -S $WORK/nginx/sock ]] || return 0
        sleep 0.05
    done
    cat "$WORK/nginx/log" "$WORK/nginx/error.log" >&2
    return 1
}

# sed scripts that choose how the template finds out who is calling, as its comments say.
# shellcheck disable=SC2016 # the variables are nginx's
nginx_passwords() { # FILE of passwords
    printf '%s\n' 's|^\( *\)fastcgi_param REMOTE_USER "";||' 's|#\(auth_basic \)|\1|' \
        "s|#auth_basic_user_file .*|auth_basic_user_file $1;|" 's|#\(fastcgi_param REMOTE_USER .remote_user\)|\1|' \
        's|#\(auth_delay\)|\1|' 's|#\(limit_req\)|\1|'
}
# shellcheck disable=SC2016
nginx_certificates() { # CA TLS: certificates that certificate() made
    printf '%s\n' "s|^\(    listen .*\);|\1 ssl; ssl_certificate $WORK/$2.pem; ssl_certificate_key $WORK/$2.key;|" \
        's|^\( *\)fastcgi_param REMOTE_USER "";||' "s|#ssl_client_certificate .*|ssl_client_certificate $WORK/$1.pem;|" \
        's|#\(ssl_verify_client\)|\1|' 's|#\(error_page 495\)|\1|' \
        's|#\(fastcgi_param REMOTE_USER .balrog_admin_certificate\)|\1|'
}
# Failures are answered at once, and any number of them.
# shellcheck disable=SC2034 # the tests use it
FAST='s|auth_delay .*;||; s|limit_req zone=.*;||'

# A certificate for /SUBJECT, in $WORK/NAME.pem and .key; signed by itself without a CA.
certificate() { # NAME SUBJECT [CA]
    openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$WORK/$1.key" -out "$WORK/csr" 2>/dev/null
    if (($# > 2)); then
        openssl x509 -req -days 2 -in "$WORK/csr" -CA "$WORK/$3.pem" -CAkey "$WORK/$3.key" -CAcreateserial \
            -out "$WORK/$1.pem" 2>/dev/null
    else
        openssl x509 -req -days 2 -in "$WORK/csr" -signkey "$WORK/$1.key" -out "$WORK/$1.pem" 2>/dev/null
    fi
}

# status_of unix:SOCKET OPTION… PATH: the status that curl gets, by TLS where a certificate is among the options.
status_of() {
    local to=${1#unix:} scheme=http
    shift
    [[ " $* " != *' --cert '* ]] || scheme=https
    curl -s -k --noproxy '*' --max-time 60 -o "$WORK/body" -w '%{http_code}' --unix-socket "$to" \
        "${@:1:$#-1}" "$scheme://localhost${*: -1}" || true
}
