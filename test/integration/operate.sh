#!/bin/bash
# What the operators' scripts share: environments, the log, notifications, dry runs, the lock.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: operate.sh"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$(realpath "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BALROG_ENVIRONMENTS=$work/environments

# operate STATUS SCRIPT: runs the commands of SCRIPT with the library; what it says is left in $SAID.
operate() {
    local wanted=$1 status=0
    SAID=$(bash -euo pipefail -c ". '$root/scripts/lib/operate.sh'; $2" script 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

said() { [[ $SAID == *"$1"* ]] || { echo "  it said: $SAID" >&2 && return 1; }; }

environment() { # LINE…: makes t.conf
    mkdir -p "$work/environments"
    printf '%s\n' "$@" >"$work/environments/t.conf"
}

test_shipped() {
    local name
    for name in stage production; do
        BALROG_ENVIRONMENTS=$root/conf/environments check "the shipped $name" operate 0 \
            "env_load $name; echo \"\${ENV[name]} \${ENV[prefix]} \${ENV[supervisor]}\""
        check "names of $name" said "$name balrog-$name systemd"
    done
    test_apart
    # What is commented out shows the default.
    sed -n 's/^#\([a-z_]*\) =/\1 =/p' "$root/conf/environments/production.conf" >"$work/environments/t.conf"
    check "the commented lines are valid" operate 0 "env_load t; for k in \"\${!ENV[@]}\"; do
        [[ \$k == name || \$k == file ]] || echo \"\$k=\${ENV[\$k]}\"; done | sort"
    local all=$SAID
    environment
    check "an empty file" operate 0 "env_load t; for k in \"\${!ENV[@]}\"; do
        [[ \$k == name || \$k == file ]] || echo \"\$k=\${ENV[\$k]}\"; done | sort"
    check "and are the defaults" equal "$SAID" "$all"
}

# Stage and production share no name, directory or port, so that both can be on one machine.
test_apart() {
    local key values=()
    for key in prefix user root config_dir database database_defaults_file nginx_include nginx_log admin_listen \
        backup_defaults_file history_defaults_file version_urls; do
        # shellcheck disable=SC2016 # the inner shell expands it
        BALROG_ENVIRONMENTS=$root/conf/environments check "stage's and production's $key" operate 0 \
            "for name in stage production; do env_load \$name; printf '%s\n' \${ENV[$key]}; done"
        mapfile -t values < <(sort <<<"$SAID" | uniq -d)
        check "differ: $key" equal '' "${values[*]}"
    done
}

test_bad_environments() {
    environment "root = /a" "" "# comment" "   contacts =  a = b, c  "
    # shellcheck disable=SC2016 # the inner shell expands them
    check "keys, comments, blanks" operate 0 'env_load t; echo "${ENV[root]}|${ENV[contacts]}|${ENV[file]}"'
    check "the values" said "/a|a = b, c|$work/environments/t.conf"
    environment "escalation = Ann after a while"
    check "a level of escalation without minutes" operate 2 "env_load t"
    check "is named" said "t.conf:1: escalation = Ann after a while: does not match"
    environment "root = /a"
    check "an unknown environment" operate 2 "env_load nosuch"
    check "those there are are named" said "there are: t"
    check "a strange name" operate 2 "env_load ../t"
    environment "root = /a" "colour = red"
    check "an unknown key" operate 2 "env_load t"
    check "is named with its line" said "t.conf:2: unknown key colour"
    environment "root = /a" "root = /b"
    check "a key twice" operate 2 "env_load t"
    check "is named with both lines" said "t.conf:2: root stands in line 1 already"
    environment "root"
    check "no value" operate 2 "env_load t"
    check "says what is wanted" said "'key = value' is expected"
    local line
    for line in "root = relative" "canary_percent = 0" "canary_percent = 100" "canary_watch_s = soon" \
        "supervisor = init" "public_url = balrog.example.org" "version_urls = http://a/ b" "database = a b" \
        "hook = say.sh" "backup_keep_days = 0" "canary_max_latency_factor = 0.5"; do
        environment "$line"
        check "refused: $line" operate 2 "env_load t"
        check "says where: $line" said "t.conf:1: $line: does not match"
    done
}

test_output() {
    check "a logged line" operate 0 "LOG_FILE=$work/log; log one two"
    check "has its time" test "$(grep -cE '^20[0-9-]+T[0-9:]+Z script: one two$' "$work/log")" -eq 1
    check "death" operate 7 "LOG_FILE=$work/log; die 7 no more"
    check "says why" said "script: no more"
    check "and logs it" grep -q "no more (exit status 7)" "$work/log"
    check "a dry run" operate 0 "DRY_RUN=1; run touch $work/'a b'"
    check "says what it would run" said "would run: touch $work/a\\ b"
    check "and does not" test ! -e "$work/a b"
    check "a real run" operate 0 "run touch $work/'a b'"
    check "does" test -e "$work/a b"
    check "a command that fails" operate 1 "run false; echo unreachable"
}

test_hook() {
    # shellcheck disable=SC2016 # the hook expands them
    printf '#!/bin/bash\necho "$1|$2|$BALROG_EVENT|$BALROG_TEXT|$BALROG_ENVIRONMENT|$BALROG_SCRIPT" >>%q\n' \
        "$work/told" >"$work/hook"
    chmod +x "$work/hook"
    environment "hook = $work/hook"
    check "a hook" operate 0 "env_load t; notify deploy 'v0.2 is on its way'"
    check "was told" equal "deploy|v0.2 is on its way|deploy|v0.2 is on its way|t|script" "$(<"$work/told")"
    check "no hook in a dry run" operate 0 "env_load t; DRY_RUN=1; notify deploy again"
    check "says whom it would tell" said "would call $work/hook: deploy: again"
    check "was not told" equal 1 "$(wc -l <"$work/told")"
    printf '#!/bin/bash\nexit 3\n' >"$work/hook"
    check "a hook that fails is not fatal" operate 0 "env_load t; notify deploy x; echo went on"
    check "it went on" said "went on"
    check "the failure is logged" said "failed (exit status 3) on: deploy: x"
    environment "hook = $work/nowhere"
    check "a hook that is missing is not fatal" operate 0 "env_load t; notify deploy x; echo went on"
}

test_lock() {
    environment "root = $work/balrog"
    coproc HOLDER { bash -euo pipefail -c ". '$root/scripts/lib/operate.sh'; env_load t; lock_environment; echo locked
        read -r _" holder; }
    local line out=${HOLDER[0]} in=${HOLDER[1]} pid=$HOLDER_PID
    read -r line <&"$out"
    check "the first gets the lock" equal locked "$line"
    check "the second does not" operate 4 "env_load t; lock_environment"
    check "and hears who has it" said "another script is running on t: holder, process"
    check "a dry run needs none" operate 0 "env_load t; DRY_RUN=1; lock_environment"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    exec {in}>&- {out}<&-
    check "the dead hold no lock" operate 0 "env_load t; lock_environment"
}

mkdir -p "$work/environments"
for group in shipped bad_environments output hook lock; do
    "test_$group"
done
summary
