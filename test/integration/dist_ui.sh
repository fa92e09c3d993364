#!/bin/bash
# The built UI is in the source distribution, so that building and installing from that needs no Node.js.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"

BUILD=$(realpath -- "${BALROG_BUILD:-$TOP/build}")
WORK=$(mktemp -d)
trap 'chmod -R u+w -- "$WORK"; rm -rf -- "$WORK"' EXIT

# In a machine without Node.js.
configure_and_install() {
    mkdir -- "$WORK/bin" "$WORK/out"
    ln -s /usr/sbin/* /usr/bin/* "$WORK/bin" 2>/dev/null || true
    rm -f -- "$WORK/bin/node" "$WORK/bin/npm"
    PATH=$WORK/bin
    cd -- "$WORK/out" && "$WORK/balrog/configure" --prefix="$WORK/installed" && make install-data
}

command -v npm >/dev/null || { echo "skipped: npm is missing (scripts/install-packages --ui)" && summary && exit; }
"$TOP/scripts/build-ui" "$BUILD/ui" >/dev/null
make -s -C "$BUILD" distdir distdir="$WORK/balrog" >"$WORK/log" 2>&1 || cat "$WORK/log" >&2
check "the distribution holds the built UI" diff -r "$BUILD/ui" "$WORK/balrog/ui/dist"
check "and its sources" cmp "$TOP/ui/package-lock.json" "$WORK/balrog/ui/package-lock.json"
check "but no packages" test ! -e "$WORK/balrog/ui/node_modules"
(configure_and_install) >"$WORK/log" 2>&1 || tail "$WORK/log" >&2
check "without Node.js, it is installed" diff -r "$BUILD/ui" "$WORK/installed/share/balrog/ui"
summary
