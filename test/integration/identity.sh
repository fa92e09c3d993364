#!/bin/bash
# Nobody can act as another user. Every operation of the admin API that needs an authenticated caller is tried, through a real
# nginx with each variant of its template: without credentials, with wrong ones, with other people's, and with paths that nginx
# and balrog-admin might read differently. Each request is refused, and nothing is written. The same for the public site.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: identity.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
# shellcheck source=test/integration/nginx_lib.sh
. "$TOP/test/integration/nginx_lib.sh"

trap 'stop_nginx; admin_cleanup' EXIT

BOSS=admin@example.org

basic() { # NAME PASSWORD: the header that curl and browsers send
    printf 'Authorization: Basic %s' "$(printf '%s:%s' "$1" "$2" | base64 -w 0)"
}

# The checksums of all tables but those that programs write by themselves: their reports, and the heartbeat's number.
tables() {
    local list
    list=$(query "SELECT GROUP_CONCAT(CONCAT('\`', table_name, '\`') ORDER BY table_name) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
        AND table_name NOT IN ('app_instances', 'balrog_heartbeat', 'dockerflow')")
    run_sql <<<"CHECKSUM TABLE $list" | md5sum
}

all_refused() { # OPTION…: as those of identity.py say
    if python3 "$TOP/test/integration/identity.py" "$TOP/docs/openapi.json" "$@" >"$WORK/identity.log"; then
        SENT=$((SENT + $(tail -n 1 "$WORK/identity.log")))
    else
        cat "$WORK/identity.log" >&2
        return 1
    fi
}

# outsiders TITLE CONNECT [OPTION…]: nobody who stands outside gets in there.
outsiders() {
    local title=$1 to=$2
    shift 2
    check "$title: no credentials" all_refused "$to" "$@"
    check "$title: a wrong password" all_refused "$to" "$@" --header "$(basic "$BOSS" wrong)"
    check "$title: no token" all_refused "$to" "$@" --header 'Authorization: Bearer x.y.z'
    check "$title: headers that look like names" all_refused "$to" "$@" --header "Remote-User: $BOSS" \
        --header "REMOTE_USER: $BOSS" --header "X-Remote-User: $BOSS" --header "X-Forwarded-User: $BOSS"
    check "$title: confusing paths" all_refused "$to" "$@" --header "$(basic "$BOSS" wrong)" --tricks --every "$EVERY"
}

passwords_variant() {
    printf '%s:{PLAIN}%s\n' "$BOSS" secret stranger@example.com other >"$WORK/htpasswd"
    start_nginx "$(nginx_passwords "$WORK/htpasswd"); $FAST"
    local to=unix:$WORK/nginx/sock
    check "passwords: the right one" equal 200 "$(status_of "$to" -u "$BOSS:secret" /whoami)"
    outsiders passwords "$to"
    check "passwords: somebody else's" all_refused "$to" --header "$(basic "$BOSS" other)"
    check "passwords: one's own, without any permission" \
        all_refused "$to" --header "$(basic stranger@example.com other)" --refusal 403
    check "passwords: that and confusing paths" \
        all_refused "$to" --header "$(basic stranger@example.com other)" --refusal 403 --tricks --every 5
    stop_nginx
}

tokens_variant() {
    start_nginx "$FAST"
    outsiders tokens "unix:$WORK/nginx/sock"
    stop_nginx
}

certificates_variant() {
    certificate ca /CN=ca
    certificate tls /CN=localhost
    certificate good "/CN=Boss/emailAddress=$BOSS" ca
    certificate forged "/CN=x,emailAddress=$BOSS" ca
    certificate own "/CN=Boss/emailAddress=$BOSS"
    start_nginx "$(nginx_certificates ca tls); $FAST"
    local to=unix:$WORK/nginx/sock
    check "certificates: the right one" equal 200 \
        "$(status_of "$to" --cert "$WORK/good.pem" --key "$WORK/good.key" /whoami)"
    check "certificates: none" all_refused "$to" --tls '' ''
    check "certificates: one that nobody has signed" all_refused "$to" --tls "$WORK/own.pem" "$WORK/own.key"
    outsiders "certificates, one that looks like somebody else's" "$to" --tls "$WORK/forged.pem" "$WORK/forged.key"
    stop_nginx
}

# The sandbox's own nginx, which takes a name from a header, and then with passwords.
sandbox_variants() {
    check "the sandbox: confusing paths" all_refused "127.0.0.1:${ADMIN_URL##*:}" --tricks --every 5 \
        --header "$(basic "$BOSS" x)"
    printf '%s:{PLAIN}secret\n' "$BOSS" >"$WORK/sandbox-passwords"
    sandbox up "$BOX" --passwords "$WORK/sandbox-passwords" >"$WORK/log"
    local tries # nginx goes on with the old configuration for a moment
    for ((tries = 0; tries < 100; tries++)); do
        [[ $(with_password) != 200 ]] || break
        sleep 0.05
    done
    check "the sandbox with passwords: the right one" equal 200 "$(with_password)"
    check "the sandbox with passwords: confusing paths" all_refused "127.0.0.1:${ADMIN_URL##*:}" --tricks --every 40 \
        --header "$(basic "$BOSS" wrong)"
}

with_password() {
    curl -s --noproxy '*' -o /dev/null -w '%{http_code}' -u "$BOSS:secret" "$ADMIN_URL/whoami"
}

# What only this machine may read stays closed to another address, however the path is written, on both sites.
closed_to_others() {
    local base path
    for base in "$PUBLIC_URL" "$ADMIN_URL"; do
        for path in /__metrics__ //__metrics__ /x/../__metrics__ /x/%2e%2e/__metrics__ /update/%2e/../%2E./__metrics__ \
            /%5f_metrics__ /__metrics__/ '/__metrics__?x' '/__metrics__#x' '/__metrics__#/%zz' /%zz/../__metrics__ \
            /__metrics__%00 /__metrics__%2f /api/__metrics__ /__metrics__/canary /__uptake__/metrics \
            /x/%2e%2e/__uptake__/metrics /__uptake__%2fmetrics /.balrog/undecodable; do
            curl -s --globoff --noproxy '*' --path-as-is --interface 127.0.0.2 --request-target "$path" -o "$WORK/body" \
                "$base/" || true
            check "$base$path from elsewhere" body_lacks '# HELP'
        done
    done
    check "this machine may" grep -q '# HELP' <(curl -s --noproxy '*' "$ADMIN_URL/__metrics__")
}

SENT=0
EVERY=1 # of the confusing paths that are all sent to where nginx asks for passwords
admin_up "$TOP/conf/demo.sql"
BEFORE=$(tables)
passwords_variant
EVERY=5
tokens_variant
certificates_variant
closed_to_others
sandbox_variants
check "$SENT requests have written nothing" equal "$BEFORE" "$(tables)"
summary
