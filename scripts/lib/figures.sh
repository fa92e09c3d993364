# shellcheck shell=bash
# What a machine knows of the stable version and its canary: the counters of both workers, and what nginx's log says
# of them. Sourced by scripts/host after supervise.sh.
#
# The log is read on from where it was read last; what was counted so far is kept in ROOT/state/canary-log: a line
# "INODE OFFSET", then a line "WHO NAME VALUE" a figure.

LOG_FIGURES=$DIR/state/canary-log

inode_of() { # FILE
    stat --format %i -- "$1" 2>/dev/null || echo 0
}

# Puts standard input into the file, whole.
put_figures() {
    cat >"$LOG_FIGURES.$$"
    mv -- "$LOG_FIGURES.$$" "$LOG_FIGURES"
}

# Counts nginx's log from here on.
log_begin() {
    local size=0
    if [[ -r ${ENV[nginx_log]} ]]; then
        size=$(stat --format %s -- "${ENV[nginx_log]}")
    else
        log "cannot read nginx's log ${ENV[nginx_log]}: what nginx sees of the canary stays unknown"
    fi
    printf '%s %s\n' "$(inode_of "${ENV[nginx_log]}")" "$size" | put_figures
}

# The kept figures with those of FILE, from the kept offset on, added to them. Answers from nginx's cache have no
# upstream_status and do not count. Of the upstreams of a request the first group counts, and of its tries the last:
# "500 : 200" is a canary's 500, which the stable version answered again; "502, 200" a kept connection that had been
# closed, and the request sent again.
count_log() { # FILE
    local offset
    offset=$(head -n 1 -- "$LOG_FIGURES" | cut -d ' ' -f 2)
    tail --bytes "+$((offset + 1))" -- "$1" 2>/dev/null | LC_ALL=C awk '
        function value(name, at, rest) {
            at = index($0, "\"" name "\":\"")
            rest = substr($0, at + length(name) + 4)
            return at == 0 ? "" : substr(rest, 1, index(rest, "\"") - 1)
        }
        FNR == NR && FNR == 1 {
            inode = $1
            offset = $2
            next
        }
        FNR == NR {
            sum[$1 " " $2] = $3
            next
        }
        !/}$/ { # the last line, half written
            next
        }
        {
            offset += length($0) + 1
            backend = value("backend")
            status = value("upstream_status")
            if (status == "" || backend !~ /^balrog_public(_canary)?$/) {
                next
            }
            sub(/ : .*/, "", status)
            sub(/.*, /, "", status)
            who = backend == "balrog_public" ? "stable" : "canary"
            sum[who " nginx_requests"]++
            sum[who " nginx_errors"] += status !~ /^[1-4]/
        }
        END {
            print inode, offset
            for (name in sum) {
                print name, sum[name]
            }
        }' "$LOG_FIGURES" -
}

# What nginx has logged since log_begin. A log that was rotated meanwhile has a 1 at its name.
log_figures() {
    local inode
    [[ -r $LOG_FIGURES && -r ${ENV[nginx_log]} ]] || return 0
    inode=$(head -n 1 -- "$LOG_FIGURES" | cut -d ' ' -f 1)
    if [[ $inode != "$(inode_of "${ENV[nginx_log]}")" ]]; then
        if [[ $inode == "$(inode_of "${ENV[nginx_log]}.1")" ]]; then
            count_log "${ENV[nginx_log]}.1" | put_figures
        fi
        { echo "$(inode_of "${ENV[nginx_log]}") 0" && tail --lines +2 -- "$LOG_FIGURES"; } | put_figures
    fi
    count_log "${ENV[nginx_log]}" | put_figures
    tail --lines +2 -- "$LOG_FIGURES"
}

# Of a worker: "WHO pid N" and "WHO SERIES VALUE" for what canary.awk compares; "WHO silent 1" when it does not answer.
worker_figures() { # WHO VERSION
    { ask "$(socket_of public "$2")" /__metrics__ || echo silent; } | awk -v who="$1" '
        $1 == "silent" {
            print who, "silent", 1
        }
        /^balrog_public_info[{]/ {
            match($0, /pid="[0-9]+"/)
            print who, "pid", substr($0, RSTART + 5, RLENGTH - 6)
        }
        /^balrog_public_((answers|responses)_total[{]|request_seconds_bucket[{]endpoint="(update|json)")/ {
            print who, $1, $2
        }'
}

# Everything of this machine, as canary.awk reads it.
figures() { # STABLE CANARY
    worker_figures stable "$1"
    worker_figures canary "$2"
    log_figures
}
