#!/bin/bash
# The UI's own release, with the real UI: scripts/deploy builds it from a signed tag, nginx serves it, and scripts/rollback brings
# the one before back. What is served is what the environment's UI tag says.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

# A version with the UI's sources, whose page has the version in its title.
make_version() { # VERSION
    printf '%s\n' "${1#v}" >"$REPO/VERSION"
    sed -i "s|<title>.*</title>|<title>Balrog $1</title>|" "$REPO/ui/src/index.html"
    git -C "$REPO" add --all
    git -C "$REPO" commit --quiet -m "$1"
    git -C "$REPO" tag --sign -m "$1" "$1"
}

# Only the repository's own configuration has the key, and the program that signs with it.
make_ui_repository() {
    git init --quiet -b main "$REPO"
    make_key
    git config --global --unset user.signingkey
    printf '#!/bin/bash\necho "$*" >>%q\nexec gpg "$@"\n' "$WORK/signed" >"$WORK/sign"
    chmod +x "$WORK/sign"
    git -C "$REPO" config user.signingkey test@example.org
    git -C "$REPO" config gpg.program "$WORK/sign"
    printf '%s\n' "${V1#v}" >"$REPO/VERSION"
    git -C "$REPO" add VERSION
    git -C "$REPO" commit --quiet -m "$V1"
    git -C "$REPO" tag --sign -m "$V1" "$V1"
    (cd "$TOP" && git ls-files -z ui docs/openapi.json scripts/build-ui | tar --create --null --files-from -) |
        tar --extract --directory "$REPO"
    make_version "$V2"
    make_version "$V3"
}

# nginx with the admin's template, whose UI is the one that is deployed.
start_site() {
    local as_root=
    ((EUID != 0)) || as_root='user root;'
    mkdir -p "$WORK/tmp"
    {
        printf '%s\npid %s;\nerror_log %s warn;\nevents { worker_connections 256; }\nhttp {\n' "$as_root" "$WORK/nginx.pid" \
            "$WORK/nginx-error.log"
        printf '%s_temp_path %s;\n' client_body "$WORK/tmp/1" fastcgi "$WORK/tmp/2" proxy "$WORK/tmp/3" scgi "$WORK/tmp/4" \
            uwsgi "$WORK/tmp/5"
        sed -e "s|@LISTEN@|127.0.0.1:$PORT|" -e 's|@SERVER_NAME@|localhost|' -e "s|@LOG_DIR@|$WORK|" \
            -e "s|@UI_DIR@|$ROOT/current/ui|" -e "s|@SOCKET@|$ROOT/run/admin.sock|" "$TOP/conf/nginx/admin.conf.in"
        echo '}'
    } >"$WORK/nginx.conf"
    nginx -e "$WORK/nginx-error.log" -p "$WORK/" -c "$WORK/nginx.conf"
}

title() {
    get /ui/rules | sed -n 's|.*<title>Balrog \(.*\)</title>.*|\1|p'
}

commit_of() { # TAG
    git -C "$REPO" rev-parse "$1^{commit}"
}

tag_signed() {
    git -C "$REPO" verify-tag t-ui 2>/dev/null
}

test_missing() {
    mkdir "$WORK/bin"
    ln -s /usr/sbin/* /usr/bin/* "$WORK/bin" 2>/dev/null || true
    rm -f "$WORK/bin/npm" "$WORK/bin/node"
    check "a tag without a UI" operate 3 deploy ui "$V1"
    check "is refused" said "holds no built UI"
    check "without npm" with_path "$WORK/bin" operate 3 deploy ui "$V2"
    check "it is said what is missing" said "npm is missing to build it"
    check "no tag is made" equal '' "$(git -C "$REPO" tag --list t-ui)"
}

with_path() { # PATH COMMAND…
    local PATH=$1
    shift
    "$@"
}

test_deploy() {
    : >"$WORK/signed"
    check "the UI is built and deployed" operate 0 deploy ui "$V2"
    check "nginx serves it" equal "$V2" "$(title)"
    check "with its script" test -n "$(get "$(get /ui/ | grep -o '/ui/assets/main[^"]*\.js')" | head -c 100)"
    "$TOP/scripts/build-ui" "$WORK/ui" >/dev/null
    check "it is what scripts/build-ui makes, to the byte" equal "$(cd "$WORK/ui/assets" && sha256sum -- *)" \
        "$(cd "$ROOT/current/ui/assets" && sha256sum -- *)"
    check "the tag names the version" equal "$(commit_of "$V2")" "$(commit_of t-ui)"
    check "it is signed" tag_signed
    check "with the key and the program of the repository's own configuration" test -s "$WORK/signed"
    check "the next" operate 0 deploy ui "$V3"
    check "is served, without a reload" equal "$V3" "$(title)"
    check "back" operate 0 rollback ui "$V2"
    check "serves the one before" equal "$V2" "$(title)"
    check "by the tag" equal "$(commit_of "$V2")" "$(commit_of t-ui)"
}

# Somebody moves tags by hand.
test_moved() {
    git -C "$REPO" tag --force --sign -m moved t-ui "$V3^{commit}" >/dev/null
    check "after the UI's tag was moved" operate 0 deploy ui "$V2"
    check "it is noticed" said "somebody has moved the tag t-ui"
    check "the tag is what is served again" equal "$(commit_of "$V2") $V2" "$(commit_of t-ui) $(title)"
    git -C "$REPO" tag --force --annotate -m unsigned t-ui "$V2^{commit}" >/dev/null
    check "a tag that is not signed" operate 0 rollback ui "$V2"
    check "is signed again" tag_signed
    git -C "$REPO" tag --force --sign -m moved "$V3" "$V2^{commit}^" >/dev/null 2>&1
    check "a version that was moved" operate 3 deploy ui "$V3"
    git -C "$REPO" commit --quiet --allow-empty -m "Another $V3"
    git -C "$REPO" tag --force --sign -m moved "$V3" >/dev/null
    check "even to a commit that says the same version" operate 3 deploy ui "$V3"
    check "is refused" said "a released version does not change"
    check "and nothing has changed" equal "$(commit_of "$V2") $V2" "$(commit_of t-ui) $(title)"
}

command -v npm >/dev/null || { echo "skipped: npm is missing (scripts/install-packages --ui)" && summary && exit; }
PORT=$(free_port)
start_mariadb "$WORK/db"
sql "$WORK/db" mysql <<<"CREATE DATABASE balrog"
printf '[client]\nsocket=%s\nuser=root\n' "$WORK/db/sock" >"$WORK/admin.cnf"
chmod 600 "$WORK/admin.cnf"
make_configuration
make_nginx
make_ui_repository
set_env require_signed=yes "keyring=$GNUPGHOME"
test_missing
start_site
test_deploy
test_moved
summary
