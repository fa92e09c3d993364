#!/bin/bash
# Content signatures with a key file and with an Autograph server, verified by the openssl command.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: sign_test.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
programs=${BALROG_BUILD:-$here/../../build}/test/integration
tool=$programs/sign_tool
work=$(mktemp -d)
chain=https://chain.example/chains/gmp.pem
export AUTOGRAPH_PASSWORD=hunter2-6fa1
export no_proxy='*'

cleanup() {
    if [[ -n ${standin_pid:-} ]]; then
        kill "$standin_pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

new_key() {
    openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out "$2" 2>/dev/null
    openssl pkey -in "$2" -pubout -out "$2.pub"
    chmod 0640 "$2"
}

# der_of SIGNATURE FILE: r and s from URL-safe base64 as the DER that openssl verifies.
der_of() {
    local hex
    hex=$(tr '_-' '/+' <<<"$1" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    [[ ${#hex} -eq 192 ]] || return 1
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:96}" "${hex:96}" >"$work/asn1"
    openssl asn1parse -genconf "$work/asn1" -noout -out "$2"
}

# verifies HEADER KEY BODY_FILE: the header is whole, and its signature is of that body by that key.
verifies() {
    [[ $1 =~ ^x5u=$chain\;\ p384ecdsa=([A-Za-z0-9_-]{128})$ ]] || return 1
    der_of "${BASH_REMATCH[1]}" "$work/der" || return 1
    { printf 'Content-Signature:\0' && cat "$3"; } >"$work/signed"
    openssl dgst -sha384 -verify "$2.pub" -signature "$work/der" "$work/signed" >/dev/null
}

fails() {
    ! "$@"
}

contains() {
    [[ $2 == *"$1"* ]] || { printf '  wanted: …%s…\n  got:    %s\n' "$1" "$2" >&2 && return 1; }
}

lacks() {
    [[ $2 != *"$1"* ]]
}

# ask PATH: the stand-in's control pages.
ask() {
    exec 4<>"/dev/tcp/127.0.0.1/${url##*:}"
    printf 'GET /%s HTTP/1.1\r\nHost: x\r\n\r\n' "$1" >&4
    tail -n 1 <&4
    exec 4>&-
}

asked_since() {
    echo $(($(ask asked) - $1))
}

autograph() {
    "$tool" "$@" autograph "$url/" balrog gmp-key
}

new_key P-384 "$work/key"
new_key P-256 "$work/wrong"
printf '<?xml version="1.0"?>\n<updates>\n</updates>' >"$work/body"
head -c 300000 /dev/urandom >"$work/bytes"
: >"$work/empty"

echo "== a key file"
for body in body bytes empty; do
    header=$("$tool" key "$work/key" "$chain" <"$work/$body" || true)
    check "$body verifies" verifies "$header" "$work/key" "$work/$body"
done
check "another body does not verify" fails verifies "$header" "$work/key" "$work/body"
check "32 threads share one signature" equal 1 \
    "$("$tool" --threads 32 key "$work/key" "$chain" <"$work/body" | sort -u | wc -l)"
check "P-256 is refused" contains "only EC P-384" "$("$tool" key "$work/wrong" "$chain" </dev/null || true)"
chmod 0644 "$work/key"
check "a key for everybody is refused" contains "mode 0644" "$("$tool" key "$work/key" "$chain" </dev/null || true)"
chmod 0600 "$work/key"

echo "== an Autograph server"
mkfifo "$work/input"
"$programs/autograph_standin" "$work/key" balrog gmp-key "$chain" <"$work/input" >"$work/url" &
standin_pid=$!
exec 3>"$work/input"
for ((i = 0; i < 100; i++)); do
    [[ ! -s $work/url ]] || break
    sleep 0.1
done
url=$(<"$work/url")

for body in body bytes; do
    header=$(autograph <"$work/$body" || true)
    check "$body verifies" verifies "$header" "$work/key" "$work/$body"
done
check "below a path it verifies too" verifies \
    "$("$tool" autograph "$url/some/base" balrog gmp-key <"$work/body" || true)" "$work/key" "$work/body"

before=$(ask asked)
ask set/delay/300 >/dev/null
check "32 threads get one signature" equal 1 "$(autograph --threads 32 <"$work/body" | sort -u | wc -l)"
check "which was asked for once" equal 1 "$(asked_since "$before")"
ask set/delay/0 >/dev/null

before=$(ask asked)
ask set/fail/2 >/dev/null
check "the third try succeeds" verifies "$(autograph --hurry <"$work/body" 2>"$work/pauses")" "$work/key" "$work/body"
check "after two pauses" equal 2 "$(<"$work/pauses")"
check "and three requests" equal 3 "$(asked_since "$before")"

for failures in 1 2; do
    ask "set/fail/$failures" >/dev/null
    check "$failures failures, and the caller has a signature" verifies "$(autograph <"$work/body")" "$work/key" "$work/body"
done

before=$(ask asked)
ask set/fail/1000 >/dev/null
check "a failure is everybody's" equal "error: Autograph at 127.0.0.1: status 500" \
    "$(autograph --threads 32 --hurry <"$work/body" 2>/dev/null | sort -u)"
check "after three tries" equal 3 "$(asked_since "$before")"
ask set/fail/0 >/dev/null

answer=0
for reason in "" "not a list of one" "not a list of one" "not a list of one" "longer than 65536 bytes" "status 302" "malformed"; do
    ask "set/answer/$answer" >/dev/null
    if [[ -n $reason ]]; then
        check "bad answer $answer" contains "$reason" "$(autograph --hurry <"$work/body" 2>/dev/null || true)"
    fi
    answer=$((answer + 1))
done
ask set/answer/0 >/dev/null

check "nobody was refused so far" equal 0 "$(ask refused)"
bad=$(AUTOGRAPH_PASSWORD=wrong-5d8e autograph --hurry <"$work/body" 2>&1 || true)
check "a wrong password is refused" contains "status 401" "$bad"
check "and the password is not told" lacks "wrong-5d8e" "$bad"
check "an unknown key fails" contains "status 400" \
    "$("$tool" --hurry autograph "$url" balrog other <"$work/body" 2>/dev/null || true)"

ask set/delay/2000 >/dev/null
SECONDS=0
check "a slow server is given up" contains "has not answered within 300 ms" \
    "$(autograph --threads 8 --patience 300 <"$work/body" 2>&1 || true)"
check "and nobody stalls" test "$SECONDS" -lt 4
exec 3>&-
wait "$standin_pid" || true
standin_pid=
check "a dead server fails" contains "Autograph at 127.0.0.1: " \
    "$(autograph --threads 4 --patience 300 <"$work/body" 2>&1 || true)"

summary
