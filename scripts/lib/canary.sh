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
