#!/bin/bash
# Around the admin API's handlers: who is calling (tokens, nginx's user, forgeries, other sites' pages), how much may be
# sent, what is answered without a database, monitoring, the audit log, the first administrator, nginx's templates.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_service.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

# shellcheck source=test/integration/nginx_lib.sh
. "$TOP/test/integration/nginx_lib.sh"

ISSUER=https://idp.example/
ISSUER_PID=
trap 'stop_nginx; [[ -z $ISSUER_PID ]] || kill "$ISSUER_PID" 2>/dev/null || true; admin_cleanup' EXIT

# ---- tokens ----

base64url() {
    basenc -w 0 --base64url | tr -d =
}

# A key set with the key that signs tokens, under the id k1.
make_keys() {
    openssl genrsa -out "$WORK/key.pem" 2048 2>/dev/null
    local n
    n=$(openssl rsa -in "$WORK/key.pem" -noout -modulus | sed 's/Modulus=//' | basenc -d --base16 | base64url)
    printf '{"keys": [{"kty": "RSA", "kid": "k1", "use": "sig", "e": "AQAB", "n": "%s"}]}\n' "$n" >"$WORK/jwks.json"
}

# token CLAIMS [SECONDS]: one that is valid for so long, with these claims besides.
token() {
    local head body
    head=$(printf '{"alg": "RS256", "typ": "JWT", "kid": "k1"}' | base64url)
    body=$(printf '{"iss": "%s", "aud": "balrog", "exp": %d, %s}' "$ISSUER" $(($(date +%s) + ${2-60})) "$1" | base64url)
    printf '%s.%s.%s' "$head" "$body" \
        "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$WORK/key.pem" -binary | base64url)"
}

# with OPTION…: the status of a request by curl.
with() {
    curl -s --noproxy '*' --max-time 60 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "$@" || true
}

# answers STATUS OPTION…
answers() {
    local status=$1 got
    shift
    got=$(with "$@")
    equal "$status" "$got" || { head -c 300 "$WORK/body" >&2 && return 1; }
}

# As whom a token with these claims is answered.
whoami_of() {
    with -H "Authorization: Bearer $(token "$@")" "$ADMIN_URL/whoami" >/dev/null
    sed -n 's/.*"username":"\([^"]*\)".*/\1/p; s/.*'"'code': '"'\([a-z_]*\).*/\1/p' "$WORK/body"
}

header() { # NAME: its value in the last response
    sed -n "s/^$1: //Ip" "$WORK/head" | tr -d '\r'
}

logged() {
    grep -qF -- "$1" "$BOX/log/admin.log"
}

# ---- the checks ----

first_administrator() {
    local tool=("$TOP/scripts/create-admin" --socket "$DB_SOCKET" --user root --database "$DB_NAME")
    check "create-admin plans by default" "${tool[@]}" boss@example.com >"$WORK/log"
    check "and does nothing then" equal 0 "$(query 'SELECT COUNT(*) FROM permissions')"
    check "create-admin" "${tool[@]}" --execute boss@example.com >"$WORK/log"
    check "again is fine" "${tool[@]}" --execute boss@example.com >"$WORK/log"
    check "nobody else" equal 1 "$("${tool[@]}" --execute "o'neil@example.com" >"$WORK/log" 2>&1 || echo $?)"
    check "but when it is said" "${tool[@]}" --execute --another "o'neil@example.com" >"$WORK/log"
    check "no name that is none" equal 2 "$("${tool[@]}" --execute boss >"$WORK/log" 2>&1 || echo $?)"
    check "they have histories" equal "4 2" "$(query 'SELECT COUNT(*), COUNT(data_version) FROM permissions_history')"
    check "whoami" gives 200 boss@example.com GET /whoami
    check "says so" equal \
        '{"environment":"test","expires_at":null,"method":"server","now":T,"permissions":{"admin":{"data_version":1,"options":null}},"roles":{},"username":"boss@example.com"}' \
        "$(sed 's/"now":[0-9]\{13\}/"now":T/' "$WORK/body")"
    check "and the time is now" test "$(($(date +%s) - $(number now) / 1000))" -le 2
}

callers() {
    check "nobody" refused 401 "'authorization_header_missing'" - GET /whoami
    check "nobody under /api" refused 401 "'authorization_header_missing'" - GET /api/whoami
    check "somebody under /api" gives 200 boss@example.com GET /api/whoami
    check "a stranger" refused 403 "Authorization Required" stranger@example.com GET /whoami
    check "nobody sees the figures" refused 401 "'authorization_header_missing'" - GET /status
    check "nor does a stranger" refused 403 "Authorization Required" stranger@example.com GET /status
    check "who is known does" gives 200 boss@example.com GET /status
    check "that the database is there" body_has '"reachable":true'
    check "and which programs are" body_has '"program":"balrog-admin"'
    check "a machine account needs no permission to be known" gives 200 balrogagent GET /whoami
    local header
    for header in Remote-User REMOTE_USER X-Remote-User X-Forwarded-User HTTP_REMOTE_USER; do
        check "$header is nobody" answers 401 -H "$header: boss@example.com" "$ADMIN_URL/whoami"
    done
    check "a token" equal boss@example.com "$(whoami_of '"email": "boss@example.com"')"
    check "a machine's token" equal balrogagent "$(whoami_of '"gty": "client-credentials", "azp": "Client1"')"
    check "a token that ran out" equal token_expired "$(whoami_of '"email": "boss@example.com"' -60)"
    check "a token without address" equal no_email "$(whoami_of '"sub": "x"')"
    check "a token of a stranger" equal '' "$(whoami_of '"email": "stranger@example.com"')"
    check "is refused" body_has "Authorization Required"
    check "no token" answers 401 -H 'Authorization: Bearer x' "$ADMIN_URL/whoami"
    check "a password" answers 401 -u boss@example.com:x "$ADMIN_URL/whoami"
    check "tokens are not logged" equal '' "$(grep -rlF -- "$(token '"x": 1' | cut -d. -f1)." "$BOX/log" || true)"
}

# What everybody may read: never more than is named here.
ui_config() {
    check "what pages have to know" gives 200 - GET /ui/config.json
    check "of this configuration" says '{"auth":{"audience":null,"client_id":null,"issuer":null,"mode":"server","scope":null},"environment":{"color":"#c01c28","name":"test"},"grafana":null,"public_url":"https://aus.example"}'
    check "under /api" gives 200 - GET /api/ui/config.json
    sandbox up "$BOX" --set ui.client_id=pages --set 'ui.scope=openid profile email' \
        --set ui.grafana_url=https://grafana.example/d >"$WORK/log"
    check "with a way to get tokens" gives 200 - GET /ui/config.json
    check "that is said" says '{"auth":{"audience":"balrog","client_id":"pages","issuer":"https://idp.example/","mode":"oidc","scope":"openid profile email"},"environment":{"color":"#c01c28","name":"test"},"grafana":"https://grafana.example/d","public_url":"https://aus.example"}'
    check "no setting that is not named" body_lacks_settings
    check "a wrong colour" refuses_setting color red '[ui] color: # and six hex digits are expected'
    check "tokens that name nobody" refuses_setting scope email '[ui] scope: must have openid'
    check "a wrong URL" refuses_setting public_url aus.example '[ui] public_url'
}

# No value of the configuration file outside [ui] is in the answer, but for issuer and audience.
body_lacks_settings() {
    local value
    while read -r value; do
        case $value in "$ISSUER" | balrog | yes | no) continue ;; esac
        body_lacks "$value" || return 1
    done < <(awk -F ' = ' '/^\[/ { section = $0 } section != "[ui]" && length($2) > 5 { print $2 }' "$BOX/admin.conf")
}

refuses_setting() { # KEY VALUE MESSAGE
    local status=0
    sed "s|^$1 = .*|$1 = $2|" "$BOX/admin.conf" >"$BOX/wrong.conf"
    chmod 600 "$BOX/wrong.conf"
    timeout 20 "${BALROG_BUILD:-$TOP/build}/balrog-admin" --config "$BOX/wrong.conf" --check-config >"$WORK/log" 2>&1 || status=$?
    if ((status == 0)) || ! grep -qF -- "$3" "$WORK/log"; then
        cat "$WORK/log" >&2
        return 1
    fi
}

other_sites() {
    local post=(-X POST -H 'X-Test-User: boss@example.com' "$ADMIN_URL/rules")
    local json=(-H 'Content-Type: application/json' -d '{}')
    check "our own page" answers 400 "${post[@]}" "${json[@]}" -H "Origin: $ADMIN_URL"
    check "a page that is configured" answers 400 "${post[@]}" "${json[@]}" -H 'Origin: https://ui.example.com'
    check "may read the answer" equal https://ui.example.com "$(header Access-Control-Allow-Origin)"
    check "another page" answers 403 "${post[@]}" "${json[@]}" -H 'Origin: https://evil.example'
    check "may not" equal '' "$(header Access-Control-Allow-Origin)"
    check "no page at all" answers 403 "${post[@]}" "${json[@]}" -H 'Origin: null'
    check "a form" answers 415 "${post[@]}" -d 'product=x'
    check "plain text" answers 415 "${post[@]}" -H 'Content-Type: text/plain' -d '{}'
    check "a page of another site with a token of its own" answers 400 -X POST "${json[@]}" "$ADMIN_URL/rules" \
        -H "Authorization: Bearer $(token '"email": "boss@example.com"')" -H 'Origin: https://evil.example'
    check "before it asks" answers 200 -X OPTIONS -H 'Origin: https://ui.example.com' "$ADMIN_URL/rules"
    check "which methods" equal "OPTIONS, GET, POST, PUT, DELETE" "$(header Access-Control-Allow-Methods)"
    check "which headers" equal "Authorization, Content-Type, If-None-Match" "$(header Access-Control-Allow-Headers)"
    check "and which of the answer's it may read" grep -q 'Retry-After' <<<"$(header Access-Control-Expose-Headers)"
    check "another page before it asks" answers 200 -X OPTIONS -H 'Origin: https://evil.example' "$ADMIN_URL/rules"
    check "which headers, as in the reference" equal "Authorization, Content-Type" \
        "$(header Access-Control-Allow-Headers)"
    check "it may read none" equal '' "$(header Access-Control-Expose-Headers)"
    local name
    for name in X-Frame-Options:DENY X-Content-Type-Options:nosniff 'Strict-Transport-Security:max-age=31536000;' \
        "Content-Security-Policy:default-src 'none'; frame-ancestors 'none'"; do
        check "${name%%:*}" equal "${name#*:}" "$(header "${name%%:*}")"
    done
}

bodies() {
    head -c 1000000 /dev/zero | tr '\0' ' ' >"$WORK/1m"
    head -c 3000000 /dev/zero | tr '\0' ' ' >"$WORK/3m"
    local post=(-X POST -H 'X-Test-User: boss@example.com' -H 'Content-Type: application/json' "$ADMIN_URL/rules")
    check "a body that is long enough" answers 400 "${post[@]}" --data-binary "@$WORK/1m"
    check "a body that is too long" answers 413 "${post[@]}" --data-binary "@$WORK/3m"
    check "says what is allowed" body_has 'The body is longer than 2097152 bytes'
    check "nobody's body" answers 401 -X POST -H 'Content-Type: application/json' --data-binary "@$WORK/3m" \
        "$ADMIN_URL/rules"
    check "nor a stranger's" answers 403 -X POST -H 'X-Test-User: stranger@example.com' \
        -H 'Content-Type: application/json' --data-binary "@$WORK/3m" "$ADMIN_URL/rules"
    check "nor that of a program without permissions" answers 403 -X POST -H 'X-Test-User: robot' \
        -H 'Content-Type: application/json' --data-binary "@$WORK/3m" "$ADMIN_URL/rules"
    check "in pieces" answers 413 "${post[@]}" -H 'Transfer-Encoding: chunked' --data-binary "@$WORK/3m"
    check "nested too deeply" answers 400 "${post[@]}" --data-binary "$(printf '%0200d' 0 | tr 0 '[')"
    check "no JSON" refused 400 "Request body is not valid JSON" boss@example.com POST /rules '{bad'
    check "nothing" refused 400 "None is not of type 'object'" boss@example.com POST /rules ''
}

routes() {
    check "an unknown path" refused 404 "The requested URL was not found" boss@example.com GET /nope
    check "any parameter, where a route has none" refused 400 "cannot be directly deleted" - DELETE '/required_signoffs/product?product=a&channel=b'
    check "an unknown parameter" refused 400 "Extra query parameter(s) x not in spec" - GET '/rules?x=1'
    check "a wrong method" refused 405 "not allowed" boss@example.com PATCH /rules
    check "HEAD" equal 200 "$(with -I "$ADMIN_URL/rules")"
}

# Answers about users and permissions are kept by no cache, whatever they are.
private() {
    local path
    for path in /whoami /users /users/boss@example.com /users/boss@example.com/permissions /api/users \
        /users/boss@example.com/permissions/admin /users/x@example.com /permissions/history \
        /scheduled_changes/permissions /scheduled_changes/permissions/1/revisions /required_signoffs/permissions \
        /required_signoffs/permissions/revisions /required_signoffs/permissions/history \
        /scheduled_changes/required_signoffs/permissions /scheduled_changes/required_signoffs/permissions/1/revisions; do
        ask boss@example.com GET "$path" >/dev/null
        check "$path is private" equal no-store "$(header Cache-Control)"
        ask - GET "$path" >/dev/null
        check "$path is private, refused or not" equal no-store "$(header Cache-Control)"
    done
    ask boss@example.com GET /rules >/dev/null
    check "rules are not" equal no-cache "$(header Cache-Control)"
}

monitoring() {
    check "the load balancer's" gives 200 - GET /__lbheartbeat__
    check "lives" says 'OK!'
    check "the version" gives 200 - GET /__version__
    check "has one" body_has '"version":'
    check "the heartbeat" gives 200 - GET /__heartbeat__
    check "starts at one" says 1
    check "again" gives 200 - GET /__heartbeat__
    check "counts" says 2
    check "in the database" equal 2 "$(query 'SELECT watchdog FROM dockerflow')"
}

audit() {
    local path=/users/new@example.com/permissions/rule
    check "a change" answers 201 -X PUT -H 'X-Test-User: boss@example.com' -H 'Content-Type: application/json' -d '{}' \
        "$ADMIN_URL$path"
    check "one that is refused" gives 400 boss@example.com PUT "$path" '{"data_version": 7}'
    local line='{"user": "boss@example.com", "action": "insert", "table": "permissions", '
    line+='"key": {"permission": "rule", "username": "new@example.com"}, "new_data_version": 1}'
    check "is logged: who, what, versions" logged "\"message\": \"${line//\"/\\\"}\""
    check "once" equal 1 "$(grep -c '"Type": "audit"' "$BOX/log/admin.log")"
    check "with the request's id" grep -q '"Type": "audit".*"requestid": "[0-9a-f]\{32\}"' "$BOX/log/admin.log"
}

without_a_database() {
    sandbox stop "$BOX" db
    check "no database" gives 503 boss@example.com GET /whoami
    check "come back later" equal 5 "$(header Retry-After)"
    check "a problem" equal application/problem+json "$(header Content-Type)"
    check "nothing of us in it" body_lacks "$BOX"
    check "writes" gives 503 boss@example.com PUT /users/a@b/permissions/rule '{}'
    check "the heartbeat" gives 502 - GET /__heartbeat__
    check "the load balancer's" gives 200 - GET /__lbheartbeat__
    sandbox start "$BOX" db
    sleep 0.6 # a connection that failed is not tried again at once
    check "back again" gives 200 boss@example.com GET /whoami
}

# ---- nginx's templates ----

passwords() {
    printf 'boss@example.com:%s\n' "$(openssl passwd -apr1 secret)" >"$WORK/htpasswd"
    start_nginx "$(nginx_passwords "$WORK/htpasswd")"
    local there=(--unix-socket "$WORK/nginx/sock")
    check "a password" answers 200 "${there[@]}" -u boss@example.com:secret http://localhost/whoami
    check "is whose" body_has '"username":"boss@example.com"'
    check "a wrong one" answers 401 "${there[@]}" -u boss@example.com:wrong http://localhost/whoami
    check "none" answers 401 "${there[@]}" http://localhost/rules
    check "monitoring has none" answers 200 "${there[@]}" http://localhost/__lbheartbeat__
    check "nor does a name count there" answers 200 "${there[@]}" -u boss@example.com:wrong \
        http://localhost/__heartbeat__
    check "the log has the path as it came" answers 400 "${there[@]}" --path-as-is -u boss@example.com:secret \
        'http://localhost/rules/%2e%2E/whoami?x=%22'
    check "an undecodable path" answers 400 "${there[@]}" --request-target '/%zz/x?token=y' http://localhost/
    check "is logged, too" until_true 5 grep -qF '"request":"GET /%zz/x","status":400' "$WORK/nginx/admin-access.log"
    check "unchanged" until_true 5 grep -qF '"request":"GET /rules/%2e%2E/whoami","status":400' "$WORK/nginx/admin-access.log"
    guessing
    stop_nginx
}

# A wrong password costs a second, and they are counted for each address. Whoever has the right one is not slowed down.
guessing() {
    local start=$EPOCHREALTIME urls='http://localhost/rules?limit=[1-80]'
    check "many requests with the right password" equal 80 "$(curl -s --noproxy '*' "${there[@]}" \
        -u boss@example.com:secret -o /dev/null -w '%{http_code}\n' "$urls" | grep -c '^\(200\|400\)$')"
    check "are not slowed down" less_than 8000000 "$(since "$start")"
    start=$EPOCHREALTIME
    check "a wrong one" answers 401 "${there[@]}" -u boss@example.com:wrong http://localhost/whoami
    check "waits" less_than "$(since "$start")" 900000
    curl -s --noproxy '*' "${there[@]}" -u boss@example.com:wrong --no-progress-meter --parallel --parallel-max 150 \
        -o /dev/null -w '%{http_code}\n' 'http://localhost/rules?limit=[1-500]' >"$WORK/statuses"
    check "none of many is right" equal '401 429' "$(sort -u "$WORK/statuses" | xargs)"
    check "and most are not looked at" test "$(grep -c 429 "$WORK/statuses")" -gt 150
}

since() { # START: µs since then, both as EPOCHREALTIME is
    echo $((${EPOCHREALTIME/./} - ${1/./}))
}

# less_than LIMIT N: N is. (Says what it is otherwise.)
less_than() {
    (($2 < $1)) || { echo "  $2 is not less than $1" >&2 && return 1; }
}

# shows STATUS NAME: so is the one answered who shows that certificate.
shows() {
    answers "$1" --unix-socket "$WORK/nginx/sock" -k --cert "$WORK/$2.pem" --key "$WORK/$2.key" https://localhost/whoami
}

certificates() {
    certificate ca /CN=ca
    certificate tls /CN=localhost
    certificate good /CN=Boss/emailAddress=boss@example.com ca
    certificate forged '/CN=x,emailAddress=boss@example.com' ca
    certificate none /CN=boss@example.com ca
    certificate own /CN=Boss/emailAddress=boss@example.com
    start_nginx "$(nginx_certificates ca tls)"
    check "a certificate" shows 200 good
    check "is whose" body_has '"username":"boss@example.com"'
    check "a name that looks like an address" shows 401 forged
    check "no address" shows 401 none
    check "one of somebody else's" shows 401 own
    check "no certificate" answers 401 --unix-socket "$WORK/nginx/sock" -k https://localhost/whoami
    stop_nginx
}

# ---- an issuer that is slow ----

# many TOKEN: 40 requests with it at once; their statuses are left in many.log.
many() {
    local i
    : >"$WORK/many.log"
    for ((i = 0; i < 40; i++)); do
        curl -s --noproxy '*' --max-time 60 -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $1" \
            "$ADMIN_URL/whoami" >>"$WORK/many.log" &
    done
}

# how_many STATUS N: within ten seconds N of them have that status, and no more.
how_many() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        [[ $(grep -c "$1" "$WORK/many.log") -lt $2 ]] || break
        sleep 0.05
    done
    equal "$2" "$(grep -c "$1" "$WORK/many.log" || true)"
}

slow_issuer() {
    python3 "$TOP/test/integration/slow_issuer.py" "$WORK/issuer" "$WORK/jwks.json" boss@example.com &
    ISSUER_PID=$!
    local url tries
    for ((tries = 0; tries < 200 && $(cat "$WORK/issuer/port" 2>/dev/null || echo 0) == 0; tries++)); do
        sleep 0.05
    done
    url=http://127.0.0.1:$(<"$WORK/issuer/port")
    sandbox up "$BOX" --set admin.jwks_file= --set "admin.jwks_url=$url/jwks" --set admin.jwks_refresh_s=1 \
        --set "admin.userinfo_url=$url/userinfo" >"$WORK/log"
    local good unknown nameless
    good=$(token '"email": "boss@example.com"')
    nameless=$(token '"sub": "u1"')
    unknown=$(printf '{"alg": "RS256", "typ": "JWT", "kid": "nobody"}' | base64url).${good#*.}
    many "$good"
    check "without keys, all but the one who gets them are told to come again" how_many 503 39
    check "others go on" gives 200 boss@example.com GET /whoami
    touch "$WORK/issuer/jwks"
    check "the one gets in" how_many 200 1
    check "then all do" equal boss@example.com "$(with -H "Authorization: Bearer $good" "$ADMIN_URL/whoami" >/dev/null &&
        sed -n 's/.*"username":"\([^"]*\)".*/\1/p' "$WORK/body")"
    rm "$WORK/issuer/jwks"
    sleep 1.1 # the keys may be asked for again
    many "$unknown"
    check "unknown keys hold one" how_many 503 39
    check "known keys go on" answers 200 -H "Authorization: Bearer $good" "$ADMIN_URL/whoami"
    touch "$WORK/issuer/jwks"
    check "the one is nobody" how_many 401 1
    many "$nameless"
    check "a slow userinfo endpoint holds a few" how_many 503 36
    check "others still go on" answers 200 -H "Authorization: Bearer $good" "$ADMIN_URL/whoami"
    touch "$WORK/issuer/userinfo"
    check "which get in" how_many 200 4
    kill "$ISSUER_PID"
}

untrusted() {
    sandbox up "$BOX" --set admin.jwks_url= --set "admin.jwks_file=$WORK/jwks.json" --set admin.trust_remote_user=no >"$WORK/log"
    check "nginx's user does not count unless it is trusted" \
        refused 401 "'authorization_header_missing'" boss@example.com GET /whoami
    check "tokens do" equal boss@example.com "$(whoami_of '"email": "boss@example.com"')"
}

make_keys
admin_up /dev/null --set ui.environment=test --set ui.color=#c01c28 --set ui.public_url=https://aus.example --set "admin.issuer=$ISSUER" --set admin.audience=balrog --set "admin.jwks_file=$WORK/jwks.json" \
    --set 'admin.machine=Client1 balrogagent' --set admin.cors_origins=https://ui.example.com --set admin.max_body_mb=2
first_administrator
callers
ui_config
other_sites
bodies
routes
private
monitoring
audit
passwords
certificates
without_a_database
slow_issuer
untrusted
summary
