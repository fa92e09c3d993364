#!/bin/bash
# The admin UI in a real Chromium, before a whole Balrog with the demo's data. Pictures of the pages are kept in SHOTS, which is
# build/ui-shots if it is not set.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"

BUILD=$(realpath -- "${BALROG_BUILD:-$TOP/build}")
WORK=$(mktemp -d)
# The browser's tests run in two lanes, each with a Balrog of its own; some of them, named in the first parameter, in one.
BOXES=("$WORK/box" "$WORK/box2")
[[ -z ${1-} ]] || BOXES=("$WORK/box")

# Prints what is missing to run a browser.
missing() {
    local path
    command -v npm >/dev/null || printf 'npm (scripts/install-packages --ui)\n'
    for path in ${CHROMIUM:-} /usr/bin/chromium-headless-shell /usr/bin/chromium; do
        [[ ! -x $path ]] || return 0
    done
    printf 'Chromium (scripts/install-packages --test)\n'
}

take_down() {
    local box
    wait
    for box in "${BOXES[@]}"; do
        "$TOP/scripts/sandbox" down "$box" >/dev/null 2>&1 || true
    done
    rm -rf -- "$WORK"
}
trap take_down EXIT

# Makes a sandbox; the variables that it prints go into BOX.urls.
make_box() { # BOX
    "$TOP/scripts/sandbox" up "$1" --load "$TOP/conf/demo.sql" --passwords "$TOP/conf/demo.passwords" --agent >"$1.urls"
}

header() { # NAME PATH
    curl -s -o /dev/null -D - --noproxy '*' "$ADMIN_URL$2" | tr -d '\r' | sed -n "s/^$1: //Ip"
}

status() { # PATH
    curl -s -o /dev/null -w '%{http_code}' --noproxy '*' "$ADMIN_URL$1"
}

test_serving() {
    local asset
    check "/ leads to the UI" equal /ui/ "$(header Location /)"
    check "its page needs no password" equal 200 "$(status /ui/)"
    check "a path of it is a page" equal 200 "$(status /ui/rules/1.0/edit)"
    check "which is asked for anew" equal no-cache "$(header Cache-Control /ui/rules)"
    asset=$(curl -s --noproxy '*' "$ADMIN_URL/ui/" | grep -o '/ui/assets/main[^"]*\.js')
    check "its script is kept" equal max-age=315360000 "$(header Cache-Control "$asset")"
    check "an asset that does not exist is a 404" equal 404 "$(status /ui/assets/main.js)"
    check "a file beside the UI is not served" equal 401 "$(status /ui../config.status)"
    check "the page has no inline script or style" equal '' \
        "$(curl -s --noproxy '*' "$ADMIN_URL/ui/" | grep -Ei '<style|style=|<script[^>]*>[^<]| on[a-z]+=' || true)"
    check "and its policy allows none" equal "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
trusted-types 'none'" "$(header Content-Security-Policy /ui/)"
    check "the API's policy is as before" equal "default-src 'none'; frame-ancestors 'none'" \
        "$(header Content-Security-Policy /__version__)"
    check "the API still asks for a password" equal 401 "$(status /rules)"
}

# Adds the counts of the browser's tests.
test_browser() {
    local last
    node "$TOP/ui/test/browser/run.mjs" "${1-}" 2>&1 | tee -- "$WORK/browser" >&2 || true
    last=$(tail -n 1 -- "$WORK/browser")
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        PASSED=$((PASSED + BASH_REMATCH[1]))
        FAILED=$((FAILED + BASH_REMATCH[2]))
    else
        check "the browser's tests ran" false
    fi
}

missing >"$WORK/missing"
if [[ -s $WORK/missing ]]; then
    printf 'skipped: the UI is not tested, because this is missing: %s\n' "$(paste -sd ';' "$WORK/missing")"
    summary
    exit
fi
for box in "${BOXES[@]}"; do
    make_box "$box" &
done
"$TOP/scripts/build-ui" --dev "$BUILD/ui"
wait
# shellcheck source=/dev/null
. "${BOXES[0]}.urls"
: "${ADMIN_URL:?}"
export BALROG_BOXES="${BOXES[*]}" BALROG_BUILD=$BUILD SHOTS=${SHOTS:-$BUILD/ui-shots}
test_serving
test_browser "${1-}"
summary
