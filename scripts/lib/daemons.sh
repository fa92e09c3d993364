# shellcheck shell=bash
# Starting and stopping the daemons of one directory. The caller sets DIR (a real path), RUN (the directory of pid files and
# sockets) and STARTED=(), and defines say (prints a message) and give_up (prints a message and ends the script).
#
# Every daemon leads its own process group and works below DIR. Its pid is written before it is started, and a process
# counts as ours only if both its group and its working directory match. So the daemons that a killed script left are found,
# and another process that got an old pid is never killed.
: "${DIR=}" "${RUN=}"

ours() { # PID
    [[ "$(readlink -- "/proc/$1/cwd" 2>/dev/null)/" == "$DIR/"* ]]
}

leader() { # PART: prints the pid of its first process; returns false if that does not run or is not ours
    local pid
    pid=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && ours "$pid" && printf '%s\n' "$pid"
}

members() { # PART: prints the pids of its whole process group
    local group pid
    group=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 0
    [[ $group =~ ^[0-9]+$ ]] || return 0
    for pid in $(pgrep -g "$group" || true); do
        if ours "$pid"; then
            printf '%s\n' "$pid"
        fi
    done
}

workers() { # PART: prints the pids of its workers
    local first
    first=$(leader "$1") || return 0
    if [[ $1 == db || $1 == db[0-9] ]]; then
        printf '%s\n' "$first"
    else
        pgrep -P "$first" || true
    fi
}

launch() { # PART COMMAND…: starts a daemon; returns when the pid is in its file
    local part=$1 file="$RUN/$1.pid" child
    shift
    STARTED+=("$part")
    rm -f -- "$file"
    # The child keeps the script's lock (descriptor 9) until the pid is written, even if the script is killed meanwhile.
    # shellcheck disable=SC2016 # the inner shell expands them
    setsid -- /bin/bash -c 'cd "$1" && echo $$ >"$2" && shift 2 && exec "$@" 9>&-' launch \
        "$DIR" "$file" "$@" </dev/null >>"$DIR/log/$part.log" 2>&1 &
    child=$!
    while [[ ! -s $file ]] && kill -0 "$child" 2>/dev/null; do
        sleep 0.02
    done
}

failed() { # PART TEXT: prints the end of the part's log and ends the script
    say "--- the end of $DIR/log/$1.log:"
    tail -n 15 -- "$DIR/log/$1.log" >&2 || true
    give_up "$1 $2"
}

wait_gone() { # PART SECONDS: waits until no process of it is left; returns false after SECONDS
    local i
    for ((i = 0; i < $2 * 20; i++)); do
        [[ -n $(members "$1") ]] || return 0
        sleep 0.05
    done
    return 1
}

stop_part() { # PART
    local first pid
    if first=$(leader "$1"); then
        kill -TERM "$first" 2>/dev/null || true
    else
        # The leader was killed, and its children are left.
        for pid in $(members "$1"); do
            kill -TERM "$pid" 2>/dev/null || true
        done
    fi
    if ! wait_gone "$1" 60; then
        say "$1 did not end within 60 s after SIGTERM: killing it"
        for pid in $(members "$1"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        wait_gone "$1" 10 || give_up "cannot stop $1"
    fi
    rm -f -- "$RUN/$1.pid" "$RUN/$1.sock"
}
