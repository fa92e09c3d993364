# shellcheck shell=bash
# Daemons of one directory, for the scripts that source this: they set DIR (a real path), RUN (where pid files and
# sockets are) and STARTED=(), and define say and give_up (which ends the script).
#
# Every daemon leads a process group of its own and works below DIR. Its pid is written before it is started, and a
# process counts as ours only when its group and its working directory agree: so what a killed script left is
# found, and no stranger that got an old pid is hit.
: "${DIR=}" "${RUN=}"

ours() { # PID
    [[ "$(readlink -- "/proc/$1/cwd" 2>/dev/null)/" == "$DIR/"* ]]
}

leader() { # PART: the pid of its first process, if that lives and is ours
    local pid
    pid=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && ours "$pid" && printf '%s\n' "$pid"
}

members() { # PART: the pids of its whole process group
    local group pid
    group=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 0
    [[ $group =~ ^[0-9]+$ ]] || return 0
    for pid in $(pgrep -g "$group" || true); do
        if ours "$pid"; then
            printf '%s\n' "$pid"
        fi
    done
}

workers() { # PART: the pids of those that do the work
    local first
    first=$(leader "$1") || return 0
    if [[ $1 == db ]]; then
        printf '%s\n' "$first"
    else
        pgrep -P "$first" || true
    fi
}

launch() { # PART COMMAND…: returns when the pid is in its file
    local part=$1 file="$RUN/$1.pid" child
    shift
    STARTED+=("$part")
    rm -f -- "$file"
    # A lock on 9 is held until the pid is written, even when the script is killed.
    # shellcheck disable=SC2016 # the inner shell expands them
    setsid -- /bin/bash -c 'cd "$1" && echo $$ >"$2" && shift 2 && exec "$@" 9>&-' launch \
        "$DIR" "$file" "$@" </dev/null >>"$DIR/log/$part.log" 2>&1 &
    child=$!
    while [[ ! -s $file ]] && kill -0 "$child" 2>/dev/null; do
        sleep 0.02
    done
}

failed() { # PART TEXT
    say "--- the end of $DIR/log/$1.log:"
    tail -n 15 -- "$DIR/log/$1.log" >&2 || true
    give_up "$1 $2"
}

wait_gone() { # PART SECONDS: true once nothing of it is left
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
        # What a killed leader left.
        for pid in $(members "$1"); do
            kill -TERM "$pid" 2>/dev/null || true
        done
    fi
    if ! wait_gone "$1" 60; then
        say "$1 ignored SIGTERM and is killed"
        for pid in $(members "$1"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        wait_gone "$1" 10 || give_up "cannot stop $1"
    fi
    rm -f -- "$RUN/$1.pid" "$RUN/$1.sock"
}
