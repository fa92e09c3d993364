# shellcheck shell=bash
# For the tests of balrog-agent: the admin in a sandbox (admin_lib.sh, which goes before this), and beside it an nginx
# that stands for the world: it gives out tokens and uptakes, and reaches the admin in other ways. A test calls
# world_up; world_down is called at the end.
: "${TOP=}" "${WORK=}" "${BOX=}" "${ADMIN_URL=}"
AGENT=${BALROG_BUILD:-$TOP/build}/balrog-agent
ISSUER=https://idp.example/
CLIENT_SECRET=s3cret-of-the-client
PASSWORD=s3cret-of-the-account
UPTAKE_TOKEN=s3cret-of-the-uptake
SC=/scheduled_changes
BLOB='"schema_version": 9, "hashFunction": "sha512", "appVersion": "1.0", "displayVersion": "1.0", "platforms": {}'
WORLD=  # the nginx's process id
PORT=0  # of its first server; the second one, which asks for passwords, has the next
MORE_CONF= # sections that every configuration of the agent has besides

world_down() {
    local pid
    for pid in $(jobs -p) ${WORLD:+"$WORLD"}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    admin_cleanup
}

# ---- tokens ----

base64url() {
    basenc -w 0 --base64url | tr -d =
}

make_keys() {
    openssl genrsa -out "$WORK/key.pem" 2048 2>/dev/null
    local n
    n=$(openssl rsa -in "$WORK/key.pem" -noout -modulus | sed 's/Modulus=//' | basenc -d --base16 | base64url)
    printf '{"keys": [{"kty": "RSA", "kid": "k1", "use": "sig", "e": "AQAB", "n": "%s"}]}\n' "$n" >"$WORK/jwks.json"
}

# jwt SECONDS: the agent's, valid for so long.
jwt() {
    local head body
    head=$(printf '{"alg": "RS256", "typ": "JWT", "kid": "k1"}' | base64url)
    body=$(printf '{"iss": "%s", "aud": "balrog", "exp": %d, "gty": "client-credentials", "azp": "Client1"}' "$ISSUER" \
        $(($(date +%s) + $1)) | base64url)
    printf '%s.%s.%s' "$head" "$body" \
        "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$WORK/key.pem" -binary | base64url)"
}

# give_out TOKEN LIFE: what is given out from now on.
give_out() {
    printf '{"access_token": "%s", "token_type": "Bearer", "expires_in": %s}\n' "$1" "$2" >"$WORK/www/token.json.new"
    mv "$WORK/www/token.json.new" "$WORK/www/token.json"
}

# ---- the world ----

# shellcheck disable=SC2016 # the variables are nginx's
world_conf() {
    local as_root=
    [[ $EUID -ne 0 ]] || as_root='user root;'
    printf '%s\n' "daemon off; $as_root pid $WORK/world/pid; error_log $WORK/world/error.log;" \
        'events { worker_connections 64; }' 'http {'
    printf "    %s_temp_path $WORK/world/tmp;\n" client_body fastcgi proxy scgi uwsgi
    cat <<EOF
    default_type application/json;
    log_format asked escape=none '\$request_method \$request_uri auth=[\$http_authorization] body=[\$request_body]';
    server {
        listen 127.0.0.1:$PORT;
        root $WORK/www;
        access_log $WORK/world/access.log asked;
        # A POST, whose body nginx reads only where it hands it on.
        location = /oauth/token { proxy_pass http://127.0.0.1:$PORT/token.json; }
        location = /token.json { access_log off; error_page 405 =200 /token.json; }
        location /uptake/ {
            if (\$http_authorization != "Bearer $UPTAKE_TOKEN") { return 403 '{}'; }
        }
        # An admin that is older than the reports of programs.
        location /older/app_instances/ { return 404 '{"detail": "The requested URL was not found"}'; }
        location /older/scheduled_changes/partial_stops { return 404 '{"detail": "The requested URL was not found"}'; }
        location /older/ { proxy_pass $ADMIN_URL/; }
        location /html/ { default_type text/html; return 200 '<html>A page to log in</html>'; }
        location /moved/ { return 302 https://login.example.org/; }
        location /other/ { return 200 '{"something": "else"}'; }
        location /endless/ { return 200 '{"scheduled_changes": [], "x": "$(printf 'x%.0s' {1..2000})'; }
    }
EOF
    sed -e "s|@LISTEN@|127.0.0.1:$((PORT + 1))|" -e 's|@SERVER_NAME@|localhost|' -e "s|@SOCKET@|$BOX/run/admin.sock|" \
        -e "s|@LOG_DIR@|$WORK/world|" -e "s|^        fastcgi_param REMOTE_USER \"\";||" -e 's|#\(auth_basic \)|\1|' \
        -e "s|#auth_basic_user_file .*|auth_basic_user_file $WORK/htpasswd;|" \
        -e 's|#\(fastcgi_param REMOTE_USER .remote_user\)|\1|' "$TOP/conf/nginx/admin.conf.in"
    printf '}\n'
}

# On ports that are free: nginx itself finds out.
world_up() {
    local i j
    mkdir -p "$WORK/world" "$WORK/www/uptake"
    printf 'balrogagent:%s\n' "$(openssl passwd -apr1 "$PASSWORD")" >"$WORK/htpasswd"
    give_out "$(jwt 86400)" 600
    for ((i = 0; i < 50; i++)); do
        PORT=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
        world_conf >"$WORK/world/conf"
        rm -f "$WORK/world/pid"
        nginx -e "$WORK/world/error.log" -c "$WORK/world/conf" >"$WORK/world/log" 2>&1 &
        WORLD=$!
        disown
        for ((j = 0; j < 100; j++)); do
            [[ ! -s $WORK/world/pid ]] || return 0
            kill -0 "$WORLD" 2>/dev/null || break
            sleep 0.05
        done
    done
    cat "$WORK/world/log" "$WORK/world/error.log" >&2
    return 1
}

# ---- the agent ----

# secret NAME TEXT: a file of that name that holds it; prints its path.
secret() {
    (umask 077 && printf '%s\n' "$2" >"$WORK/$1")
    printf '%s\n' "$WORK/$1"
}

# agent_conf NAME KEY=VALUE…: a configuration, $WORK/NAME.conf.
agent_conf() {
    local file=$WORK/$1.conf
    shift
    {
        printf '[agent]\n'
        printf '%s\n' "$@"
        printf '[log]\nformat = plain\ncrash_dir =\n%s' "$MORE_CONF"
    } >"$file"
}

# token_conf NAME KEY=VALUE…: one that is known by tokens; KEYs may say otherwise than the default here.
token_conf() {
    local name=$1 key line lines=()
    shift
    for line in "admin_url=$ADMIN_URL" "token_url=http://127.0.0.1:$PORT/oauth/token" client_id=Client1 \
        audience=balrog "client_secret_file=$(secret client-secret "$CLIENT_SECRET")" interval_s=1 retry_min_s=1; do
        key=${line%%=*}
        [[ " $*" == *" $key="* ]] || lines+=("$line")
    done
    agent_conf "$name" "${lines[@]}" "$@"
}

# once NAME [OPTION…]: runs it once; what it says goes to $WORK/said.
once() {
    local name=$1
    shift
    "$AGENT" --config "$WORK/$name.conf" --once "$@" >"$WORK/said" 2>&1
}

# ends STATUS NAME [OPTION…]: it does, when it is run once.
ends() {
    local wanted=$1 got=0
    shift
    once "$@" || got=$?
    equal "$wanted" "$got" || { cat "$WORK/said" >&2 && return 1; }
}

said() {
    grep -qE -- "$1" "$WORK/said" || { printf '  lacking: %s\n  in: %.1500s\n' "$1" "$(<"$WORK/said")" >&2 && return 1; }
}

not_said() {
    ! grep -E -- "$1" "$WORK/said" >&2
}

# eventually COMMAND…: within 20 s it succeeds.
eventually() {
    local end=$((SECONDS + 20))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "  still fails: $*" >&2 && "$@"; return; }
        sleep 0.05
    done
}

# daemon NAME: starts it; its process id is in DAEMON, what it says goes to $WORK/NAME.log.
daemon() {
    "$AGENT" --config "$WORK/$1.conf" >"$WORK/$1.log" 2>&1 &
    DAEMON=$!
}

# stopped [SIGNAL]: the daemon ends by TERM, well.
stopped() {
    local status=0
    kill "-${1:-TERM}" "$DAEMON"
    wait "$DAEMON" || status=$?
    equal 0 "$status"
}

logs() { # NAME PATTERN
    grep -qE -- "$2" "$WORK/$1.log"
}

# logged_times NAME PATTERN
logged_times() {
    grep -cE -- "${2/./\\.}" "$WORK/$1.log" || true
}

# ---- what there is ----

# agent_rows N: people, releases of both kinds, N rules, of which the first is protected.
agent_rows() {
    local i
    cat <<'EOF'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('qa@x', 'release_locale', NULL, 1), ('rel@x', 'release_locale', NULL, 1),
    ('gone@x', 'rule', NULL, 1), ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('rel@x', 'releng', 1), ('qa@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1);
INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Other', 'beta', 1);
INSERT INTO releases (name, product, data, data_version) VALUES
    ('R1', 'Other', '{"name": "R1", "schema_version": 1}', 1), ('R2', 'Other', '{"name": "R2", "schema_version": 1}', 1);
EOF
    for i in V1 V2 V3; do
        printf "INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('%s', '%s', 0, '%s', 1);\n" \
            "$i" "$([[ $i == V3 ]] && echo Firefox || echo Other)" "{\"name\": \"$i\", $BLOB}"
    done
    printf 'INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES\n'
    printf "    (1, 100, 'V3', 100, 'minor', 'Firefox', 'release', 1)"
    for ((i = 2; i <= $1; i++)); do
        printf ",\n    (%d, 50, 'R1', 100, 'minor', 'Other', 'c%d', 1)" "$i" "$i"
    done
    printf ';\n'
}

# ---- what is scheduled ----

# schedule USER METHOD PATH BODY: prints its sc_id. LATER is put into BODY as its "when".
schedule() {
    [[ $(ask "$1" "$2" "$3" "${4%\}}, \"when\": $LATER}") == 200 ]] || cat "$WORK/body" >&2
    number sc_id
}

# One change of every kind but rules, none of which needs sign-offs; and their time comes.
schedule_all_kinds() {
    schedule admin@x POST $SC/releases '{"change_type": "delete", "name": "R2", "data_version": 1}' >/dev/null
    schedule admin@x POST $SC/permissions '{"change_type": "insert", "username": "new@x", "permission": "rule"}' >/dev/null
    schedule admin@x POST $SC/emergency_shutoff \
        '{"change_type": "delete", "product": "Other", "channel": "beta", "data_version": 1}' >/dev/null
    schedule admin@x POST $SC/required_signoffs/product \
        '{"change_type": "insert", "product": "New", "channel": "c", "role": "qa", "signoffs_required": 1}' >/dev/null
    schedule admin@x POST $SC/required_signoffs/permissions \
        '{"change_type": "insert", "product": "New", "role": "qa", "signoffs_required": 1}' >/dev/null
    schedule admin@x PUT /v2/releases/V1/pinnable '{"product": "Other", "channel": "c", "version": "1."}' >/dev/null
    schedule admin@x POST /v2/releases/V2 \
        "{\"blob\": {\"displayVersion\": \"2.0\"}, \"old_data_versions\": {\".\": 1}}" >/dev/null
}

all_kinds_due() {
    local path
    for path in releases permissions emergency_shutoffs product_req_signoffs permissions_req_signoffs \
        pinnable_releases releases_json; do
        run_sql <<<"UPDATE ${path}_scheduled_changes_conditions SET \`when\` = 1700000000000"
    done
}

# due TABLE SC_ID…: their time has come. (The admin refuses times in the past.)
due() {
    local table=$1 id
    shift
    for id in "$@"; do
        run_sql <<<"UPDATE ${table}_scheduled_changes_conditions SET \`when\` = 1700000000000 + $id WHERE sc_id = $id"
    done
}

# pending TABLE: the sc_ids that are not complete.
pending() {
    query "SELECT sc_id FROM $1_scheduled_changes WHERE complete = 0 ORDER BY sc_id"
}
