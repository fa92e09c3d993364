# shellcheck shell=bash
# Comparing, promoting and aborting a canary of balrog-public. Uses deploy.sh.
: "${TOP=}"
declare -gA ENV STATE_OF

# Prints the figures of all hosts, in the format of canary.awk.
gather_figures() { # STABLE CANARY
    local host
    for host in $(hosts); do
        at "$host" figures "$1" "$2" </dev/null | sed "s/^/$host /"
    done
}

# Saves the figures from before the canary's first request.
gather_base() { # STABLE CANARY
    at_each canary-begin
    [[ -z $DRY_RUN ]] || return 0
    { echo "- - - 0" && gather_figures "$1" "$2"; } >"$CANARY.base.new"
    mv -- "$CANARY.base.new" "$CANARY.base"
}

# Compares the canary with the stable version. Sets TABLE (for people), VERDICT (see canary.awk) and REASONS.
compare_canary() {
    local now=$CANARY.now.$$ out
    gather_figures "${STATE_OF[stable]}" "${STATE_OF[version]}" >"$now"
    out=$(awk -v stable="${STATE_OF[stable]}" -v canary="${STATE_OF[version]}" \
        -v min_requests="${ENV[canary_min_requests]}" -v max_errors="${ENV[canary_max_errors_percent]}" \
        -v max_empty="${ENV[canary_max_empty_percent]}" -v max_latency="${ENV[canary_max_latency_factor]}" \
        -v latency_floor_ms="${ENV[canary_latency_floor_ms]}" -v max_restarts="${ENV[canary_max_restarts]}" -f "$TOP/scripts/lib/canary.awk" "$CANARY.base" "$now")
    rm -f -- "$now"
    # shellcheck disable=SC2034 # for canary-status and promote
    TABLE=$(grep -vE '^(verdict|reason) ' <<<"$out")
    VERDICT=$(sed -n 's/^verdict //p' <<<"$out")
    REASONS=$(sed -n 's/^reason //p' <<<"$out" | paste -sd ';')
    [[ $VERDICT != silent ]] || REASONS="it does not answer"
}

watched_s() {
    echo $(($(date +%s) - STATE_OF[started]))
}

# Prints why the canary must not be promoted, one line "CHECK TEXT" per reason, with the arguments of refuse(). Reads VERDICT
# and REASONS.
objections() {
    case $VERDICT in
    worse | silent) echo "worse ${STATE_OF[version]} is worse than ${STATE_OF[stable]}: $REASONS" ;;
    few) echo "few ${STATE_OF[version]} has answered too few requests to be judged (canary_min_requests is ${ENV[canary_min_requests]})" ;;
    esac
    (($(watched_s) >= ENV[canary_watch_s])) ||
        echo "early ${STATE_OF[version]} has been watched for $(watched_s) s, and canary_watch_s is ${ENV[canary_watch_s]}"
}

# ---- the answers themselves ----
#
# CANARY.answers holds the last comparison: a line "ASKED DIFFER", then text for people.

# Has all hosts compare at the same time. Writes CANARY.asked.HOST for each. Returns false if one fails.
ask_hosts() { # STABLE CANARY
    local host pid pids=() status=0
    for host in $(hosts); do
        at "$host" answers "$1" "$2" </dev/null >"$CANARY.asked.$host" &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || status=1
    done
    return "$status"
}

# Leaves the questions out of the figures by which both versions are judged: what their workers counted meanwhile is added to
# the figures from the canary's start.
leave_out_questions() { # BEFORE AFTER
    awk '
        FILENAME == ARGV[1] {
            before[$1 " " $2 " " $3] = $4
            next
        }
        FILENAME == ARGV[2] {
            after[$1 " " $2 " " $3] = $4
            next
        }
        FNR == 1 {
            print
            next
        }
        {
            base[$1 " " $2 " " $3] = $4
        }
        END {
            for (key in after) {
                split(key, part, " ")
                pid = part[1] " " part[2] " pid"
                if (part[3] ~ /^(nginx_|restarts$|pid$)/ || before[pid] != after[pid]) {
                    continue
                }
                # A worker that has been replaced since the canary began has counted from 0.
                base[key] = (base[pid] == after[pid] ? base[key] : 0) + after[key] - before[key]
                moved[pid] = after[pid]
            }
            for (pid in moved) {
                base[pid] = moved[pid]
            }
            for (key in base) {
                print key, base[key]
            }
        }' "$1" "$2" "$CANARY.base" >"$CANARY.base.new"
    mv -- "$CANARY.base.new" "$CANARY.base"
}

# Asks both versions the same queries on each host, and records how many answers differ. Returns false if that cannot be done.
compare_answers() { # STABLE CANARY
    local host failed='' counts text
    rm -f -- "$CANARY.answers" "$CANARY".asked.*
    ((ENV[canary_answers] > 0)) || return 0
    catch_signals
    gather_figures "$1" "$2" >"$CANARY.before"
    interruptible ask_hosts "$1" "$2" || failed=1
    if [[ -e $CANARY.base ]]; then
        gather_figures "$1" "$2" >"$CANARY.after"
        leave_out_questions "$CANARY.before" "$CANARY.after"
    fi
    for host in $(hosts); do
        sed "/^  \\//s|\$| ($host)|" "$CANARY.asked.$host"
    done >"$CANARY.asked"
    rm -f -- "$CANARY.before" "$CANARY.after" "$CANARY".asked.*
    [[ -z $failed ]] || { log "the answers of $2 and $1 could not be compared: see above" && return 1; }
    counts=$(awk '$1 == "asked" { asked += $2 } $1 == "differ" { differ += $2 } END { print asked + 0, differ + 0 }' "$CANARY.asked")
    text="${counts#* } of ${counts% *} answers of $2 differ from those of $1"
    { echo "$counts" && printf '%s, on %s\n' "$text" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" && sed -n '/^  /p' "$CANARY.asked"; } >"$CANARY.answers.new"
    mv -- "$CANARY.answers.new" "$CANARY.answers"
    log "$text"
    [[ $counts == *" 0" ]] || sed -n '/^  /p' "$CANARY.asked" | tee -a "${LOG_FILE:-/dev/null}" >&2
    record compared "public $2: $text"
}

# Prints why the canary must not be promoted, if too many answers differed when they were last compared: as objections() does.
answers_objection() {
    local asked differ
    [[ ${ENV[canary_answers]} != 0 && ${STATE_OF[kind]} != rollback ]] || return 0
    if ! read -r asked differ 2>/dev/null <"$CANARY.answers"; then
        echo "differences the answers of ${STATE_OF[version]} and ${STATE_OF[stable]} were not compared (promote does it again)"
    elif ((differ > ENV[canary_max_differences])); then
        echo "differences $differ of $asked answers of ${STATE_OF[version]} differ from those of ${STATE_OF[stable]} (canary_max_differences is ${ENV[canary_max_differences]}; canary-status shows the first ones)"
    fi
}

all_objections() {
    objections
    answers_objection
}

# ---- the watcher ----

# Starts scripts/canary-watch, which keeps running when this shell ends. If one runs already, the second one ends at once.
# If the environment lists hosts, this machine may have no systemd units, so it is then started without systemd.
start_watch() {
    [[ -z $DRY_RUN ]] || return 0
    if [[ ${ENV[supervisor]} == systemd && -z ${ENV[hosts]} ]]; then
        systemctl enable --quiet --now "${ENV[prefix]}-canary-watch@${ENV[name]}.service"
    else
        mkdir -p -- "${ENV[root]}/log"
        (
            [[ -z ${LOCK_FD-} ]] || exec {LOCK_FD}>&-
            exec setsid "$TOP/scripts/canary-watch" -e "${ENV[name]}" </dev/null \
                >>"${ENV[root]}/log/canary-watch.log" 2>&1
        ) &
        disown
    fi
}

watch_alive() {
    [[ -e $STATE/canary-watch.lock ]] && ! flock -n "$STATE/canary-watch.lock" true
}

# ---- the end of a canary ----

# Sends the canary's share of the requests to the stable version again, and stops the canary.
abort_canary() {
    local version=${STATE_OF[version]}
    canary_phase aborting
    at_each link public-canary "${STATE_OF[stable]}"
    at_each stop public "$version"
    canary_forget
}

# Sends all requests to the canary, and stops the version that ran before.
promote_canary() {
    local version=${STATE_OF[version]}
    canary_phase promoting
    at_each link public "$version"
    at_each link public-canary "$version"
    at_each current public "$version"
    at_each stop-others public "$version"
    canary_forget
}
