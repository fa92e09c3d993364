#!/bin/bash
# Connections to the database by TLS: balrog-public and balrog-admin accept only a server whose certificate is of the authority
# in tls_ca and has the name in host, and say what is wrong with any other.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

# authority NAME
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$WORK/$1.key" -out "$WORK/$1.pem" 2>/dev/null
}

# The server's certificate, for the name localhost only.
server_certificate() {
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$WORK/server.key" -out "$WORK/server.csr" 2>/dev/null
    openssl x509 -req -days 2 -in "$WORK/server.csr" -CA "$WORK/right.pem" -CAkey "$WORK/right.key" -CAcreateserial \
        -extfile <(echo 'subjectAltName = DNS:localhost') -out "$WORK/server.pem" 2>/dev/null
}

# conf PROGRAM CA HOST: writes $WORK/PROGRAM.conf.
conf() {
    local section=$1
    {
        printf '[database]\nhost = %s\nport = %s\nname = %s\nuser = tls\npassword_file = %s\ntls_ca = %s\n' "$3" "$PORT" "$DB_NAME" \
            "$WORK/password" "${2:+$WORK/$2.pem}"
        printf '[log]\ncrash_dir =\n[%s]\nsocket = %s\n' "$section" "$WORK/$1.sock"
        [[ $1 != public ]] || printf 'state_dir =\n'
    } >"$WORK/$1.conf"
}

PROGRAM=
start_program() { # NAME CA HOST
    conf "$1" "$2" "$3"
    rm -f "$WORK/$1.sock"
    "$BUILD/balrog-$1" --config "$WORK/$1.conf" >"$WORK/$1.log" 2>&1 &
    PROGRAM=$!
    LOOSE+=("$PROGRAM")
}

end_program() {
    kill -KILL "$PROGRAM" 2>/dev/null || true
    wait "$PROGRAM" 2>/dev/null || true
}

logged() { # NAME PATTERN
    grep -qiE -- "$2" "$WORK/$1.log"
}

encrypted() {
    [[ $(db <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'tls'") -gt 0 ]]
}

# refuses NAME CA HOST PATTERN: no connection, and the log says why.
refuses() {
    start_program "$1" "$2" "$3"
    check "$1, $2 authority, $3: the log says why" until_true 15 logged "$1" "$4"
    check "$1, $2 authority, $3: it has no connection" equal 0 \
        "$(db <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'tls' AND COMMAND <> 'Connect'")"
    end_program
}

authority right
authority wrong
server_certificate
PORT=$(free_port)
sandbox_up --load "$TOP/conf/demo.sql" --set mariadb.skip-networking=OFF --set mariadb.bind-address=127.0.0.1 \
    --set "mariadb.port=$PORT" --set "mariadb.ssl-ca=$WORK/right.pem" --set "mariadb.ssl-cert=$WORK/server.pem" \
    --set "mariadb.ssl-key=$WORK/server.key"
echo secret >"$WORK/password"
chmod 600 "$WORK/password"
db <<<"CREATE USER tls@'127.0.0.1' IDENTIFIED BY 'secret' REQUIRE SSL; GRANT ALL ON $DB_NAME.* TO tls@'127.0.0.1'"

for program in public admin; do
    start_program "$program" right localhost
    check "$program: the right authority, the right name" until_true 15 test -S "$WORK/$program.sock"
    check "$program: it is connected" until_true 15 encrypted
    check "$program: nothing to complain of" test -z "$(grep -iE 'TLS|SSL|certificate' "$WORK/$program.log" || true)"
    end_program
    refuses "$program" wrong localhost 'certificate verify failed|self.signed certificate'
    refuses "$program" right 127.0.0.1 'SSL|TLS|certificate'
    start_program "$program" '' localhost
    check "$program: without TLS the account is refused" until_true 15 logged "$program" 'access denied'
    end_program
done
summary
