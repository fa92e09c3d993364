# shellcheck shell=bash
# Starts and stops one version of one program on this machine, with systemd or with spawn-fcgi and multiwatch, depending on
# the environment's supervisor. Uses operate.sh. The caller loads the environment and calls supervise_open.
#
# Every version has its own socket, ROOT/run/SERVICE-vX.Y.sock, so that two versions can run side by side. nginx connects to
# a symbolic link beside them: see link_socket.
declare -gA ENV

# shellcheck source=scripts/lib/daemons.sh
. "${BASH_SOURCE[0]%/*}/daemons.sh"

# Sets DIR and RUN to the environment's directories, for this file, figures.sh and daemons.sh.
supervise_open() {
    DIR=${ENV[root]}
    RUN=$DIR/run
    STARTED=()
}

# daemons.sh calls these two.
say() {
    log "$@"
}

give_up() {
    die 1 "$@"
}

# Sets PROGRAM to the command line of a version of a service.
program() { # SERVICE VERSION
    local conf=balrog.conf
    [[ $1 == public ]] || conf=$1.conf
    PROGRAM=("$(release_dir "$2")/sbin/balrog-$1" --config "${ENV[config_dir]}/$conf")
}

# Whether the service listens on a socket; the agent does not.
has_socket() { # SERVICE
    [[ $1 != agent ]]
}

socket_of() { # SERVICE VERSION
    printf '%s/%s-%s.sock\n' "$RUN" "$1" "$2"
}

by_systemd() {
    [[ ${ENV[supervisor]} == systemd ]]
}

# Sets UNITS to the units of a version of a service.
units() { # SERVICE VERSION
    UNITS=("${ENV[prefix]}-$1@$2.service")
    ! has_socket "$1" || UNITS=("${ENV[prefix]}-$1@$2.socket" "${UNITS[@]}")
}

# The name of a unit of conf/systemd in this environment.
unit_name() { # FILE
    local name=${1##*/}
    printf '%s\n' "${ENV[prefix]}${name#balrog}"
}

# Prints a unit of conf/systemd with this environment's names, directories and accounts.
unit_text() { # FILE
    sed -e "s|/opt/balrog|$DIR|g" -e "s|/etc/balrog|${ENV[config_dir]}|g" -e "s|/var/backups/balrog|${ENV[backup_dir]}|g" \
        -e "s/balrog-\([a-z-]*\)@/${ENV[prefix]}-\1@/g" \
        -e "s/^\(StateDirectory\|RuntimeDirectory\)=balrog$/\1=${ENV[prefix]}/" -e "s|/var/lib/balrog|/var/lib/${ENV[prefix]}|g" \
        -e "s/^\(User\|Group\|SocketUser\)=balrog$/\1=${ENV[user]}/" \
        -e "s/^SocketGroup=.*/SocketGroup=${ENV[socket_group]}/" "$1"
}

# Gives the names in an nginx configuration, which begin with "balrog_", this environment's prefix: two environments can be
# in one nginx.
nginx_names() {
    sed "s/balrog_/$(name_prefix)_/g"
}

running() { # SERVICE VERSION
    if by_systemd; then
        systemctl is-active --quiet "${ENV[prefix]}-$1@$2.service"
    else
        leader "$1-$2" >/dev/null
    fi
}

# Prints the process id of the worker; nothing while there is none.
worker_pid() { # SERVICE VERSION
    local pid
    if by_systemd; then
        pid=$(systemctl show --property MainPID --value "${ENV[prefix]}-$1@$2.service")
        [[ $pid == 0 ]] || printf '%s\n' "$pid"
    else
        workers "$1-$2" | sed -n 1p
    fi
}

# Prints the versions of a service that run, one per line.
versions_running() { # SERVICE
    local file version
    if by_systemd; then
        systemctl list-units --plain --no-legend --state=active "${ENV[prefix]}-$1@*.service" |
            sed -n "s/^${ENV[prefix]}-$1@\(v[0-9.]*\)\.service .*/\1/p"
        return
    fi
    for file in "$RUN/$1"-v*.pid; do
        version=${file##*/"$1"-}
        version=${version%.pid}
        [[ ! -e $file ]] || ! running "$1" "$version" || printf '%s\n' "$version"
    done
}

# Starts one worker. One is enough: its threads share one snapshot, and its counters are those of the whole version.
# multiwatch keeps the socket open, so that connections wait in its queue while a worker that died is replaced.
start_by_multiwatch() { # SERVICE VERSION
    local user=${ENV[user]} as=() watch
    program "$1" "$2"
    watch=(/usr/bin/multiwatch -f 1 -s TERM -r 20 -t 200 -- "${PROGRAM[@]}")
    mkdir -p -- "$DIR/log"
    if has_socket "$1"; then
        ((EUID != 0)) || [[ $user == root ]] || as=(-u "$user" -U "$user" -G "${ENV[socket_group]}")
        launch "$1-$2" spawn-fcgi -n -s "$(socket_of "$1" "$2")" -M 0660 -b 4096 "${as[@]}" -- "${watch[@]}"
    else
        ((EUID != 0)) || [[ $user == root ]] ||
            as=(setpriv --reuid "$user" --regid "$(id -g -- "$user")" --init-groups --)
        launch "$1-$2" "${as[@]}" "${watch[@]}"
    fi
}

# Starts the version unless it runs. After a restart of the machine systemd starts it again.
start_version() { # SERVICE VERSION
    ! running "$1" "$2" || return 0
    log "starting $1 $2"
    if by_systemd; then
        units "$1" "$2"
        systemctl enable --quiet --now "${UNITS[@]}"
    else
        start_by_multiwatch "$1" "$2"
    fi
}

# Stops the version once it has answered the requests that it already has. Connections are accepted in order. So, once it
# has answered one more request, no connection from before its link was moved is waiting.
stop_version() { # SERVICE VERSION
    local link
    for link in "$1" "$1-canary"; do
        [[ $(linked "$link") != "$2" ]] || die 1 "nginx's link $RUN/$link.sock leads to $1 $2: it must not be stopped"
    done
    if running "$1" "$2"; then
        ! has_socket "$1" || socket_get "$(socket_of "$1" "$2")" /__lbheartbeat__ >/dev/null ||
            log "$1 $2 does not answer any more"
        log "stopping $1 $2"
    fi
    if by_systemd; then
        units "$1" "$2"
        systemctl disable --quiet --now "${UNITS[@]}"
    else
        stop_part "$1-$2"
    fi
}

# ---- sockets ----

# Sends a GET directly to a worker's socket, without nginx, and prints the body of the answer. Returns false if there is no
# answer with status 200.
socket_get() { # SOCKET PATH
    local answer
    answer=$(env -i PATH="$PATH" REQUEST_METHOD=GET REQUEST_URI="$2" REMOTE_ADDR=127.0.0.1 REQUEST_ID=operate \
        timeout 10 cgi-fcgi -bind -connect "$1" 2>/dev/null | tr -d '\000\r') || return 1
    [[ $answer == "Status: 200 "* ]] || return 1
    printf '%s\n' "${answer#*$'\n\n'}"
}

# Moves nginx's link (public, public-canary or admin) to a version's socket, atomically.
link_socket() { # NAME VERSION
    local new=$RUN/.$1.$$
    ln -sfn -- "${1%-canary}-$2.sock" "$new"
    mv -T -- "$new" "$RUN/$1.sock"
}

# Prints the version that a link leads to; nothing if there is no link.
linked() { # NAME
    local target
    target=$(readlink -- "$RUN/$1.sock" 2>/dev/null) || return 0
    target=${target##*/}
    target=${target#"${1%-canary}"-}
    printf '%s\n' "${target%.sock}"
}

# ---- health ----

# Runs a command as the user that the programs run as, if this script runs as root.
as_user() { # COMMAND…
    if ((EUID == 0)) && [[ ${ENV[user]} != root ]]; then
        setpriv --reuid "${ENV[user]}" --regid "$(id -g -- "${ENV[user]}")" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Whether the admin has taken a report of this agent. The admin shows that at /__metrics__. On a machine without an admin this is
# not known, and true.
agent_is_known() { # PID
    [[ -e $RUN/admin.sock ]] || return 0
    socket_get "$RUN/admin.sock" /__metrics__ |
        grep "^balrog_instance_started_timestamp_seconds{program=\"balrog-agent\",host=\"$(uname -n)\",pid=\"$1\"," >/dev/null
}

# Whether the version could take requests: it answers and reaches the database. For the agent: it reaches the admin, can list
# everything that is scheduled, and the admin takes its reports.
healthy() { # SERVICE VERSION
    local socket pid
    running "$1" "$2" || return 1
    if has_socket "$1"; then
        socket=$(socket_of "$1" "$2")
        socket_get "$socket" /__lbheartbeat__ >/dev/null && socket_get "$socket" /__heartbeat__ >/dev/null
    else
        program "$1" "$2"
        pid=$(worker_pid "$1" "$2")
        [[ -n $pid ]] && agent_is_known "$pid" && as_user timeout 60 "${PROGRAM[@]}" --dry-run </dev/null >/dev/null 2>&1
    fi
}

# Waits until the version is healthy. Returns false if it dies or takes longer than start_wait_s, and then logs the end of
# its log.
wait_healthy() { # SERVICE VERSION
    local end=$((SECONDS + ENV[start_wait_s])) why="did not become healthy within ${ENV[start_wait_s]} s"
    while ((SECONDS < end)); do
        if healthy "$1" "$2"; then
            log "$1 $2 is healthy"
            return 0
        elif ! running "$1" "$2"; then
            why="died while it started"
            break
        fi
        sleep 0.1
    done
    log "$1 $2 $why; the end of its log:"
    if by_systemd; then
        journalctl --unit "${ENV[prefix]}-$1@$2.service" --lines 15 --no-pager >&2 || true
    else
        tail -n 15 -- "$DIR/log/$1-$2.log" >&2 || true
    fi
    return 1
}
