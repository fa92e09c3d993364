# shellcheck shell=bash
# For the tests of the admin API: a sandbox whose nginx takes the caller's name from X-Test-User, and requests to it.
# A test sources this after lib.sh and calls admin_up.
: "${TOP=}"
WORK=$(mktemp -d)
BOX=$WORK/box
ADMIN_URL=
: "${LATER=4102444800000}" # ms; a time that is far

sandbox() {
    "$TOP/scripts/sandbox" "$@"
}

admin_cleanup() {
    sandbox down "$BOX" >/dev/null 2>&1 || true
    rm -rf -- "$WORK"
}
trap admin_cleanup EXIT

# admin_up FILE.sql [OPTION…]: a sandbox with these rows.
admin_up() {
    local variables file=$1
    shift
    variables=$(sandbox up "$BOX" --load "$file" --user-header X-Test-User \
        --set mariadb.userstat=1 "$@")
    eval "$variables"
    [[ -n $ADMIN_URL ]] || { echo "the sandbox has no admin" >&2 && exit 1; }
}

run_sql() {
    sandbox sql "$BOX" -N
}

# query SQL: its rows on one line, columns and rows separated by blanks.
query() {
    run_sql <<<"$1" | tr '\t\n' '  ' | sed 's/ $//'
}

# ask USER METHOD PATH [BODY]: the status; head and body are left in files.
ask() {
    local data=()
    (($# < 4)) || data=(-H 'Content-Type: application/json' --data-binary "$4")
    curl -s --noproxy '*' --path-as-is --max-time 60 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' \
        -X "$2" -H "X-Test-User: $1" "${data[@]}" "$ADMIN_URL$3" || true
}

# gives STATUS USER METHOD PATH [BODY]: so is it answered.
gives() {
    local status=$1 got
    shift
    got=$(ask "$@")
    [[ $got == "$status" ]] || { printf '  wanted: %s\n  got:    %s %.300s\n' "$status" "$got" "$(<"$WORK/body")" >&2 && return 1; }
}

# The last answer's body.
says() {
    equal "$1" "$(<"$WORK/body")"
}

body_has() {
    grep -qF -- "$1" "$WORK/body" || { printf '  lacking: %s\n  in: %.600s\n' "$1" "$(<"$WORK/body")" >&2 && return 1; }
}

body_lacks() {
    ! grep -qF -- "$1" "$WORK/body" || { printf '  holding: %s\n  in: %.600s\n' "$1" "$(<"$WORK/body")" >&2 && return 1; }
}

# refused STATUS TEXT USER METHOD PATH [BODY]: so it is, with TEXT somewhere in the answer.
refused() {
    local status=$1 text=$2
    shift 2
    gives "$status" "$@" && body_has "$text"
}

# number NAME: the number of that name in the last answer.
number() {
    sed -n "s/, \{0,1\}\"warnings\": \{0,1\}\[.*//; s/.*\"$1\": \{0,1\}\([0-9]*\).*/\1/p" "$WORK/body"
}

# How many rows the admin has asked for in statements, by the database's own count of the admin's account alone: what other
# programs do meanwhile, and that it reports itself (an INSERT), does not count.
selects() {
    query "SELECT SELECT_COMMANDS FROM information_schema.USER_STATISTICS WHERE USER = 'balrog_admin'"
}

more_selects() { # N
    (($(selects) > $1))
}

# statements USER METHOD PATH: how many the database is sent for it. The admin also asks each second how the server is: it is
# measured just after that.
statements() {
    local before
    before=$(selects)
    until_true 5 more_selects "$before" || true
    before=$(selects)
    ask "$@" >/dev/null
    echo $(($(selects) - before))
}
