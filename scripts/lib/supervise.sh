# shellcheck shell=bash
# Starts and stops one version of one program on this machine, by systemd or by spawn-fcgi and multiwatch, as the
# environment says. Sourced after operate.sh, with an environment loaded and TOP set.
#
# Every version has a socket of its own, ROOT/run/SERVICE-vX.Y.sock, so that two can run side by side. nginx connects
# to a symbolic link beside them: see link_socket.
: "${TOP=}"
declare -gA ENV

DIR=${ENV[root]}
RUN=$DIR/run
STARTED=()

say() {
    log "$@"
}

give_up() {
    die 1 "$@"
}

# shellcheck source=scripts/lib/daemons.sh
. "$TOP/scripts/lib/daemons.sh"

release_dir() { # VERSION
    printf '%s/releases/%s\n' "$DIR" "$1"
}

# Sets PROGRAM to the command line of a version of a service.
program() { # SERVICE VERSION
    local conf=balrog.conf
    [[ $1 == public ]] || conf=$1.conf
    PROGRAM=("$(release_dir "$2")/sbin/balrog-$1" --config "${ENV[config_dir]}/$conf")
}

# The agent listens to nobody.
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
    UNITS=("balrog-$1@$2.service")
    ! has_socket "$1" || UNITS=("balrog-$1@$2.socket" "${UNITS[@]}")
}

running() { # SERVICE VERSION
    if by_systemd; then
        systemctl is-active --quiet "balrog-$1@$2.service"
    else
        leader "$1-$2" >/dev/null
    fi
}

# The pid of the process that does the work; nothing while there is none.
worker_pid() { # SERVICE VERSION
    local pid
    if by_systemd; then
        pid=$(systemctl show --property MainPID --value "balrog-$1@$2.service")
        [[ $pid == 0 ]] || printf '%s\n' "$pid"
    else
        workers "$1-$2" | head -n 1
    fi
}

# The versions of a service that run, a line each.
versions_running() { # SERVICE
    local file version
    if by_systemd; then
        systemctl list-units --plain --no-legend --state=active "balrog-$1@*.service" |
            sed -n "s/^balrog-$1@\(v[0-9.]*\)\.service .*/\1/p"
        return
    fi
    for file in "$RUN/$1"-v*.pid; do
        version=${file##*/"$1"-}
        version=${version%.pid}
        [[ ! -e $file ]] || ! running "$1" "$version" || printf '%s\n' "$version"
    done
}

# One worker a version: its threads share one snapshot, and what it counts is all there is. multiwatch holds the
# socket, so that connections wait in its queue while a worker that died is replaced.
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

# Starts it unless it runs. After a restart of the machine systemd starts it again.
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

# Ends it when what it was sent is answered. Connections are taken in the order in which they came: once it has answered
# one more, none of those that reached it before its link was moved is waiting.
stop_version() { # SERVICE VERSION
    local link
    for link in "$1" "$1-canary"; do
        [[ $(linked "$link") != "$2" ]] || die 1 "$1 $2 is what $RUN/$link.sock leads to: it must not be stopped"
    done
    if running "$1" "$2"; then
        ! has_socket "$1" || ask "$(socket_of "$1" "$2")" /__lbheartbeat__ >/dev/null ||
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

# The body of the answer to a GET, asked without nginx. Fails when it is none, or not a 200.
ask() { # SOCKET PATH
    local answer
    answer=$(env -i PATH="$PATH" REQUEST_METHOD=GET REQUEST_URI="$2" REMOTE_ADDR=127.0.0.1 REQUEST_ID=operate \
        timeout 10 cgi-fcgi -bind -connect "$1" 2>/dev/null | tr -d '\000\r') || return 1
    [[ $answer == "Status: 200 "* ]] || return 1
    printf '%s\n' "${answer#*$'\n\n'}"
}

# Lets the socket's name that nginx knows (public, public-canary, admin) lead to a version, from one moment to the next.
link_socket() { # NAME VERSION
    local new=$RUN/.$1.$$
    ln -sfn -- "${1%-canary}-$2.sock" "$new"
    mv -T -- "$new" "$RUN/$1.sock"
}

# The version that a socket's name leads to; nothing when it leads nowhere.
linked() { # NAME
    local target
    target=$(readlink -- "$RUN/$1.sock" 2>/dev/null) || return 0
    target=${target##*/}
    target=${target#"${1%-canary}"-}
    printf '%s\n' "${target%.sock}"
}

# ---- health ----

# Runs a command as the user that the programs run as, where we are root.
as_user() { # COMMAND…
    if ((EUID == 0)) && [[ ${ENV[user]} != root ]]; then
        setpriv --reuid "${ENV[user]}" --regid "$(id -g -- "${ENV[user]}")" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Whether it could take requests: it answers, and it reaches the database. The agent: it reaches the admin, and may see
# all that is scheduled.
healthy() { # SERVICE VERSION
    local socket
    running "$1" "$2" || return 1
    if has_socket "$1"; then
        socket=$(socket_of "$1" "$2")
        ask "$socket" /__lbheartbeat__ >/dev/null && ask "$socket" /__heartbeat__ >/dev/null
    else
        program "$1" "$2"
        [[ -n $(worker_pid "$1" "$2") ]] && as_user timeout 60 "${PROGRAM[@]}" --dry-run </dev/null >/dev/null 2>&1
    fi
}

# Waits until it is healthy; fails when it dies or takes too long, and then shows the end of its log.
wait_healthy() { # SERVICE VERSION
    local end=$((SECONDS + ENV[start_wait_s])) why="did not become healthy within ${ENV[start_wait_s]} s"
    until healthy "$1" "$2"; do
        if ! running "$1" "$2"; then
            why="died at its start"
            break
        fi
        ((SECONDS < end)) || break
        sleep 0.1
    done
    if healthy "$1" "$2"; then
        log "$1 $2 is healthy"
        return 0
    fi
    log "$1 $2 $why; the end of its log:"
    if by_systemd; then
        journalctl --unit "balrog-$1@$2.service" --lines 15 --no-pager >&2 || true
    else
        tail -n 15 -- "$DIR/log/$1-$2.log" >&2 || true
    fi
    return 1
}
