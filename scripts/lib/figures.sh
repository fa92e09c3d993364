# shellcheck shell=bash
# The figures of the stable version and its canary on this machine: the counters of both workers, and counts from nginx's
# log. Uses supervise.sh, for scripts/host.
#
# Each run reads the part of the log that was added since the run before. The counts so far are kept in
# ROOT/state/canary-log: a line "INODE OFFSET", then one line "WHO NAME VALUE" per figure.

log_counts_file() {
    printf '%s\n' "${ENV[root]}/state/canary-log"
}

# Prints a file's inode; 0 if it does not exist.
inode_of() { # FILE
    stat --format %i -- "$1" 2>/dev/null || echo 0
}

# Replaces the file of counts with standard input, atomically.
put_figures() {
    local file
    file=$(log_counts_file)
    cat >"$file.$$"
    mv -- "$file.$$" "$file"
}

# Starts counting at the present end of nginx's log.
log_begin() {
    local size=0
    if [[ -r ${ENV[nginx_log]} ]]; then
        size=$(stat --format %s -- "${ENV[nginx_log]}")
    else
        log "cannot read nginx's log ${ENV[nginx_log]} (nginx_log): requests that nginx saw fail are not counted"
    fi
    printf '%s %s\n' "$(inode_of "${ENV[nginx_log]}")" "$size" | put_figures
    rm -f -- "$(pids_file)"
}

# The worker of each version that was seen last: lines "WHO PID RESTARTS".
pids_file() {
    printf '%s\n' "${ENV[root]}/state/canary-pids"
}

# Prints "WHO restarts N": how often the worker has been another one than in the run before, since log_begin. So restarts
# between two runs count as one.
count_restarts() { # WHO PID
    local file pid restarts
    file=$(pids_file)
    read -r pid restarts < <(sed -n "s/^$1 //p" "$file" 2>/dev/null) || true
    [[ ${pid:-$2} == "$2" ]] || restarts=$((restarts + 1))
    { sed "/^$1 /d" "$file" 2>/dev/null || true; printf '%s %s %s\n' "$1" "$2" "${restarts:-0}"; } >"$file.$$"
    mv -- "$file.$$" "$file"
    printf '%s restarts %s\n' "$1" "${restarts:-0}"
}

# Prints the kept counts plus those of FILE, from the kept offset on. Answers from nginx's cache have no upstream_status and
# are not counted. An answer to an update query of less than 100 bytes brings no update. upstream_status separates upstreams by " : " and tries by ", ": the first upstream is counted, by its
# last try. "500 : 200" is a canary's 500, after which nginx asked the stable version; "502, 200" is a kept connection that
# had been closed, after which nginx sent the request again.
count_log() { # FILE
    local offset counts
    counts=$(log_counts_file)
    offset=$(head -n 1 -- "$counts" | cut -d ' ' -f 2)
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
            if (status == "" || backend !~ /_public(_canary)?$/) {
                next
            }
            sub(/ : .*/, "", status)
            sub(/.*, /, "", status)
            who = backend ~ /_canary$/ ? "canary" : "stable"
            sum[who " nginx_requests"]++
            sum[who " nginx_errors"] += status !~ /^[1-4]/
            if (status == 200 && value("request") ~ /^GET \/+update\//) {
                sum[who " nginx_answers"]++
                match($0, /"bytes":[0-9]+/)
                sum[who " nginx_empty"] += substr($0, RSTART + 8, RLENGTH - 8) + 0 < 100
            }
        }
        END {
            print inode, offset
            for (name in sum) {
                print name, sum[name]
            }
        }' "$counts" -
}

# Prints the counts from nginx's log since log_begin. A log that was rotated meanwhile is expected at its name with ".1".
log_figures() {
    local inode counts
    counts=$(log_counts_file)
    [[ -r $counts && -r ${ENV[nginx_log]} ]] || return 0
    inode=$(head -n 1 -- "$counts" | cut -d ' ' -f 1)
    if [[ $inode != "$(inode_of "${ENV[nginx_log]}")" ]]; then
        if [[ $inode == "$(inode_of "${ENV[nginx_log]}.1")" ]]; then
            count_log "${ENV[nginx_log]}.1" | put_figures
        fi
        { echo "$(inode_of "${ENV[nginx_log]}") 0" && tail --lines +2 -- "$counts"; } | put_figures
    fi
    count_log "${ENV[nginx_log]}" | put_figures
    tail --lines +2 -- "$counts"
}

# Prints a worker's figures: "WHO pid N", and "WHO SERIES VALUE" for each series that canary.awk compares; only
# "WHO silent 1" if it does not answer.
worker_figures() { # WHO VERSION
    { socket_get "$(socket_of public "$2")" /__metrics__ || echo silent; } | awk -v who="$1" '
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

# Prints all figures of this machine, in the format of canary.awk (without the host).
figures() { # STABLE CANARY
    local who version=$1 lines pid
    for who in stable canary; do
        lines=$(worker_figures "$who" "$version")
        printf '%s\n' "$lines"
        pid=$(sed -n "s/^$who pid //p" <<<"$lines")
        [[ -z $pid ]] || count_restarts "$who" "$pid"
        version=$2
    done
    log_figures
}
