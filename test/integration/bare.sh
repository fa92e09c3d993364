#!/bin/bash
# The guide, on a Debian 12 that has nothing: the commands of docs/operations.md lead from there to a served update, a deploy, a
# canary, a rollback, a backup and a restore. They are taken out of the guide as they stand there.
#
# It needs root, debootstrap and the machine's Debian mirror, and it builds Balrog twice, so it belongs to scripts/test --full.
# An ordinary run only checks that the guide's commands exist; setup.sh runs setup itself.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"

BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
GUIDE=$TOP/docs/operations.md
CACHE=${BALROG_CACHE:-$BUILD/cache}
V1=v$(<"$TOP/VERSION")
V2=${V1%.*}.$((${V1##*.} + 1))
WORK=$(mktemp -d)
ROOT=$WORK/root
INIT=
trap take_down EXIT

# The namespace of processes ends with its first one, and that of mounts with its last.
take_down() {
    if [[ -n $INIT ]]; then
        kill -KILL "$INIT" 2>/dev/null || true
        wait "$INIT" 2>/dev/null || true
    fi
    rm -rf --one-file-system -- "$WORK"
}

# ---- the guide ----

# Prints the commands of a section of the guide, one per line: the lines of its code blocks without a language.
guide() { # HEADING
    awk -v heading="## $1" '
        /^## / {
            inside = $0 == heading
        }
        /^```/ {
            code = $0 == "```" && !code
            next
        }
        inside && code' "$GUIDE"
}

# Each command of the guide is a script that is there, and its help knows the options that the guide uses.
test_guide() {
    local line word script=''
    while IFS= read -r line; do
        script=
        for word in $line; do
            case $word in
            scripts/* | /opt/balrog/current/admin/share/balrog/scripts/*)
                script=$TOP/scripts/${word##*scripts/}
                check "the guide's ${word##*/} is there" test -x "$script"
                ;;
            --) ;;
            --[a-z]*)
                [[ -z $script ]] || check "${script##*/} knows $word" grep -q -e "${word%%=*}" <("$script" --help)
                ;;
            '&&') script= ;;
            esac
        done
    done < <(grep -E '^[a-z/]+.*scripts/|^scripts/' "$GUIDE")
    check "the guide has at most 200 lines" test "$(wc -l <"$GUIDE")" -le 200
    check "it is set up by three commands" equal 3 "$(guide 'Set up a machine' | sed '/demo/d; /--ui/d' | wc -l)"
}

# ---- a Debian with nothing ----

# Prints the mirror that this machine uses.
mirror() {
    sed -nE 's/^URIs: *(http[^ ]*\/debian)\/? *$/\1/p; s/^deb +(\[[^]]*\] +)?(http[^ ]*\/debian)\/? .*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed -n 1p
}

# A system of today is kept for other runs of the test.
make_debian() {
    local kept
    kept=$CACHE/debian-12-$(date -u +%Y%m%d).tar
    mkdir -p -- "$CACHE/archives" "$ROOT"
    if [[ ! -e $kept ]]; then
        rm -f -- "$CACHE"/debian-12-*.tar
        debootstrap --variant=minbase bookworm "$WORK/new" "$(mirror)" >"$WORK/debootstrap.log" 2>&1 || {
            tail "$WORK/debootstrap.log" >&2
            return 1
        }
        tar --create --file "$kept.new" --directory "$WORK/new" .
        mv -- "$kept.new" "$kept"
        rm -rf --one-file-system -- "$WORK/new"
    fi
    tar --extract --file "$kept" --directory "$ROOT"
    cp -- /etc/resolv.conf "$ROOT/etc/"
    printf 'deb %s bookworm main\n' "$(mirror)" >"$ROOT/etc/apt/sources.list"
}

# Starts a shell in namespaces of its own, which runs what in_debian gives it. Its processes end with it.
start_debian() {
    mkfifo "$WORK/commands"
    # shellcheck disable=SC2016 # the inner shells expand them
    unshare --mount --pid --fork --kill-child -- /bin/bash -c '
        mount --make-rprivate / && mount --bind "$1" "$1" && cd "$1" &&
        mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount --rbind /dev dev && mount -t tmpfs tmpfs run &&
        mount --bind "$2" var/cache/apt/archives && mkdir -p srv/origin && mount --bind -o ro "$3" srv/origin &&
        exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            /bin/bash -c "while IFS= read -r line; do (eval \"\$line\") </dev/null >/last.out 2>&1; echo \$? >/last.new; mv /last.new /last; done"
        ' debian "$ROOT" "$CACHE/archives" "$WORK/origin" <"$WORK/commands" &
    INIT=$!
    exec {COMMANDS}>"$WORK/commands"
}

# Runs a command there. What it says is left in $SAID; returns its exit status.
in_debian() { # COMMAND
    rm -f -- "$ROOT/last"
    printf '%s\n' "$1" >&"$COMMANDS"
    until [[ -e $ROOT/last ]]; do
        kill -0 "$INIT" || return 1
        sleep 0.1
    done
    SAID=$(<"$ROOT/last.out")
    return "$(<"$ROOT/last")"
}

# The guide's commands of a section, with VERSION for vX.Y and our repository for the example's. Each must succeed, or have
# the exit status that WANTED gives for it.
follow() { # HEADING VERSION [PATTERN=STATUS]…
    local line status wanted pair heading=$1 version=$2
    shift 2
    while IFS= read -r line; do
        line=${line//vX.Y/$version}
        line=${line//https:\/\/git.example.org\/balrog.git//srv/origin/balrog}
        [[ $line != scripts/* && $line != mariadb* ]] || line="cd /usr/src/balrog && $line"
        wanted=0
        for pair; do
            [[ $line != *"${pair%=*}"* ]] || wanted=${pair##*=}
        done
        [[ $wanted != skip ]] || continue
        status=0
        echo "$(date +%T) $line"
        in_debian "$line" || status=$?
        check "$heading: $line" equal "$wanted" "$status" || true
        [[ $status == "$wanted" ]] || printf '%s\n' "$SAID" | tail -n 40 >&2
    done < <(guide "$heading")
}

# ---- what the operator has besides ----

# A repository with two signed versions of this tree, and the public key of the one who signed.
make_origin() {
    local key=(-c user.name=Maria -c user.email=maria@example.org -c user.signingkey=maria@example.org)
    export GNUPGHOME=$WORK/gnupg
    mkdir -m 700 "$GNUPGHOME"
    mkdir -p "$WORK/origin"
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Maria <maria@example.org>' ed25519 sign 1d 2>/dev/null
    gpg --armor --export >"$WORK/origin/maria.asc"
    git init --quiet -b main "$WORK/origin/balrog"
    # What is not committed yet is tested, too.
    git -C "$TOP" ls-files --cached --others --exclude-standard -z |
        tar --create --directory "$TOP" --null --files-from - | tar --extract --directory "$WORK/origin/balrog"
    git -C "$WORK/origin/balrog" add --all
    git -C "$WORK/origin/balrog" "${key[@]}" commit --quiet -m "The tree"
    git -C "$WORK/origin/balrog" "${key[@]}" tag --sign -m "$V1" "$V1"
}

tag_next() {
    local key=(-c user.name=Maria -c user.email=maria@example.org -c user.signingkey=maria@example.org)
    printf '%s\n' "${V2#v}" >"$WORK/origin/balrog/VERSION"
    git -C "$WORK/origin/balrog" "${key[@]}" commit --quiet -am "$V2"
    git -C "$WORK/origin/balrog" "${key[@]}" tag --sign -m "$V2" "$V2"
}

# What the guide tells the operator to edit: only the first part of the file, but for what makes the test quick, and for ports
# that are free on this machine, whose network the chroot shares.
edit_environment() {
    local file=$ROOT/etc/balrog/environments/production.conf pair
    for pair in public_url=https://balrog.example.net admin_url=https://balrog-admin.example.net first_admin=you@example.net \
        "public_listen=127.0.0.1:$PORT" "admin_listen=127.0.0.1:$((PORT + 1))" supervisor=multiwatch signers=/srv/origin/maria.asc \
        "version_urls=http://127.0.0.1:$PORT/__version__ http://127.0.0.1:$((PORT + 1))/__version__" \
        repository=/srv/origin/balrog require_confirmation=no canary_watch_s=1 canary_min_requests=50 canary_percent=50 \
        canary_latency_floor_ms=9999 "configure_options=${BALROG_BARE_OPTIONS-}"; do
        sed -i "/^#\?${pair%%=*} = /d" "$file"
        printf '%s = %s\n' "${pair%%=*}" "${pair#*=}" >>"$file"
    done
}

get_update() {
    curl -s --max-time 30 --noproxy '*' "http://127.0.0.1:$PORT/update/3/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/os/default/default/update.xml?force=1"
}

serves() {
    [[ $(get_update) == *'<patch '* ]]
}

serves_version() { # VERSION
    [[ $(curl -s --noproxy '*' "http://127.0.0.1:$PORT/__version__") == *"\"${1#v}\""* ]]
}

may_be_promoted() {
    local i
    for ((i = 0; i < 20; i++)); do
        get_update >/dev/null
    done
    in_debian "cd /usr/src/balrog && scripts/canary-status -e production"
}

# ---- the way ----

# The seconds of processors that the commands in the Debian have taken.
cpu_seconds() {
    local shell
    shell=$(pgrep -P "$INIT")
    awk -v hz="$(getconf CLK_TCK)" '{ printf "%d", ($16 + $17) / hz }' "/proc/$shell/stat"
}

test_setup() {
    local line number=0 began=$SECONDS
    while IFS= read -r line; do
        number=$((number + 1))
        line=${line//https:\/\/git.example.org\/balrog.git//srv/origin/balrog}
        echo "$(date +%T) $line"
        check "command $number of the guide" in_debian "git config --global --add safe.directory '*' 2>/dev/null; $line" ||
            printf '%s\n' "$SAID" | tail -n 40 >&2
        [[ $number != 1 ]] || in_debian "git config --global --add safe.directory '*'" # the origin belongs to another user
        [[ $number != 2 ]] || edit_environment
    done < <(guide 'Set up a machine' | head -n 3)
    echo "from nothing to the first version: $((SECONDS - began)) s, of which $(cpu_seconds) s of processors"
    if (($(cut -d . -f 1 /proc/loadavg) > 2 * $(nproc))); then
        echo "the machine is busy with other things: the time does not count"
    else
        check "in at most ten minutes" test $((SECONDS - began)) -le 600
    fi
    check "it says what is left" equal 1 "$(grep -c 'is set up. What is left' <<<"$SAID")"
    check "the demo's data" in_debian "cd /usr/src/balrog && $(guide 'Set up a machine' | grep demo.sql)"
    check "a client gets an update" until_true 60 serves
}

test_deploy() {
    tag_next
    check "the clone is brought up to date" in_debian "git -C /usr/src/balrog pull --quiet --ff-only"
    follow "Deploy it to production" "$V2"
    check "the new version gets its share, and may be promoted" until_true 120 may_be_promoted
    follow "Watch the canary and promote it" "$V2"
    check "it serves" serves_version "$V2"
    check "clients get updates" serves
}

# The guide says to look at the canary in between: that takes its queries.
test_rollback() {
    local line
    while IFS= read -r line; do
        line=${line//vX.Y/$V1}
        echo "$(date +%T) $line"
        if [[ $line == *canary-status* ]]; then
            check "$line" until_true 120 may_be_promoted
            continue
        fi
        check "$line" in_debian "cd /usr/src/balrog && $line" || printf '%s\n' "$SAID" | tail -n 30 >&2
    done < <(guide "Go back to the version before")
    check "the earlier version serves" serves_version "$V1"
    check "clients get updates" serves
}

test_backup() {
    follow "Back up" -
    follow "Restore" -
    check "the restored server has the rules" grep -qE '^[1-9][0-9]*$' "$ROOT/last.out"
}

test_guide
if [[ -z ${BALROG_TEST_FULL-} ]]; then
    echo "only the guide's words were checked: scripts/test --full follows it in a bare Debian"
elif ((EUID != 0)) || ! command -v debootstrap >/dev/null || [[ -z $(mirror) ]]; then
    echo "skipped: a bare Debian needs root, debootstrap and a Debian mirror"
else
    PORT=$(free_port)
    make_origin
    check "a bare Debian" make_debian
    start_debian
    test_setup
    follow "See whether all is well" -
    test_deploy
    test_rollback
    test_backup
    follow "See whether all is well" -
fi
summary
