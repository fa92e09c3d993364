#!/bin/bash
# configure refuses a libfcgi without the fix of CVE-2025-23016 and says what to do, unless --with-fixed-libfcgi is given.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: configure.sh    (configure must have been made: autoreconf -i)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
WORK=$(mktemp -d)
trap 'rm -rf -- "$WORK"' EXIT

# A library that reads a request as one without the fix does: it dies.
make_library() {
    cat >"$WORK/dying.c" <<'END'
#include <stdlib.h>
int FCGX_Init(void) { return 0; }
int FCGX_InitRequest(void *request, int fd, int flags) { (void)request, (void)fd, (void)flags; return 0; }
int FCGX_Accept_r(void *request) { (void)request; abort(); }
END
    cc -shared -fPIC -o "$WORK/libfcgi.so" "$WORK/dying.c"
}

configure_with() { # OPTION…: its status; what it prints is left in log
    rm -rf -- "$WORK/build"
    mkdir -- "$WORK/build"
    (cd -- "$WORK/build" && LD_LIBRARY_PATH=$WORK "$TOP/configure" LDFLAGS="-L$WORK" "$@" >"$WORK/log" 2>&1) && echo 0 || echo 1
}

make_library
check "a libfcgi without the fix is refused" equal 1 "$(configure_with)"
check "with its reason" grep -q 'error: libfcgi lacks the fix of CVE-2025-23016' "$WORK/log"
check "and what to do" grep -q 'apt-get install libfcgi-dev' "$WORK/log"
check "unless somebody vouches for it" equal 0 "$(configure_with --with-fixed-libfcgi)"
rm -- "$WORK/libfcgi.so"
check "that of this machine has the fix" equal 0 "$(configure_with)"
check "as was tried out" grep -q 'CVE-2025-23016\.\.\. yes' "$WORK/log"
summary
