# shellcheck shell=bash
# Asks both versions of balrog-public the same update queries, directly at their sockets, and prints which answers differ. Uses
# supervise.sh, for scripts/host.
#
# A rule with a backgroundRate answers at random. So each query is asked twice, with force=1 (as if every draw succeeded) and
# with force=-1 (as if every draw failed); a query that has a force of its own is asked as it is. One question is asked at a
# time, which limits the load; canary_answers_s limits the time.

declare -gA ENV

ANSWERS_SHOWN=5 # the number of differences that are printed in full

# ---- the queries ----

# Prints the paths of a sample (docs/uptake.md).
sample_paths() {
    sed -n 's/^{"count": [0-9]*, "path": "\([^"\\]*\)"}$/\1/p'
}

# Prints at most canary_answers paths that clients have asked in the last 24 hours; none if no balrog-uptake runs here.
paths_of_clients() {
    local socket
    socket=$(sed -n 's/^socket[ \t]*=[ \t]*//p' "${ENV[config_dir]}/uptake.conf" 2>/dev/null) || true
    { socket_get "${socket:-/run/balrog/uptake.sock}" "/__uptake__/sample?limit=${ENV[canary_answers]}" || true; } | sample_paths
}

# Prints at most canary_answers paths that match rules, or just do not, spread over all rules.
paths_of_rules() { # STABLE CANARY
    local program version
    for version in "$2" "$1"; do
        program=$(release_dir "$version")/sbin/balrog-uptake
        [[ ! -x $program ]] || break
    done
    [[ -x $program ]] || die 1 "there is no $program, which makes queries from rules"
    socket_get "$(socket_of public "$1")" /api/v1/rules >"$ASKED_DIR/rules" || die 1 "$1 does not list its rules (/api/v1/rules)"
    "$program" --sample-rules "$ASKED_DIR/rules" | sample_paths >"$ASKED_DIR/all"
    awk -v limit="${ENV[canary_answers]}" -v all="$(wc -l <"$ASKED_DIR/all")" '
        all <= limit || int(NR * limit / all) > int((NR - 1) * limit / all)' "$ASKED_DIR/all"
}

# Prints the questions: each path with both values of force.
with_force() {
    awk '
        /[?&]force=/ {
            print
            next
        }
        {
            mark = index($0, "?") ? "&" : "?"
            print $0 mark "force=1"
            print $0 mark "force=-1"
        }'
}

# ---- the answers ----

# Sets ANSWER to all of a version's answer. A dot at its end keeps the newlines before it.
ask_version() { # SOCKET URI
    ANSWER=$(REQUEST_URI=$2 timeout 10 cgi-fcgi -bind -connect "$1" </dev/null && printf .) || ANSWER="no answer within 10 s"
} 2>/dev/null

# Sets LASTING to an answer without what changes with the time: how long nginx may keep it, and the signature, which is
# another one each time, though not whether there is one and by which key.
lasting_parts() { # ANSWER
    local line
    LASTING=
    while IFS= read -r line; do
        case $line in
        X-Accel-Expires:* | Date:*) ;;
        Content-Signature:*) LASTING+=${line%%p384ecdsa=*}$'\n' ;;
        *) LASTING+=${line%$'\r'}$'\n' ;;
        esac
    done <<<"${1%%$'\r\n\r\n'*}"
    LASTING+=$'\n'${1#*$'\r\n\r\n'}
}

# Asks both. Returns false if the answers differ; OLD and NEW are then what to compare.
answers_agree() { # URI
    ask_version "$STABLE_SOCKET" "$1"
    OLD=$ANSWER
    ask_version "$CANARY_SOCKET" "$1"
    [[ $OLD != "$ANSWER" || $OLD == "no answer"* ]] || return 0
    lasting_parts "$ANSWER"
    NEW=$LASTING
    lasting_parts "$OLD"
    OLD=$LASTING
    [[ $OLD == "$NEW" && $NEW != "no answer"* ]]
}

# Prints the newest change of the database that a version has taken over.
data_position() { # SOCKET
    socket_get "$1" /__metrics__ | sed -n 's/^balrog_public_feed_cursor //p'
}

# Waits, for at most five seconds, until both versions have taken over the same changes of the database. If they did not once,
# it does not wait again.
same_data() {
    local stable canary end=$((SECONDS + 5))
    while [[ -n $SETTLES ]]; do
        stable=$(data_position "$STABLE_SOCKET") || true
        canary=$(data_position "$CANARY_SOCKET") || true
        [[ $stable != "$canary" ]] || return 0
        ((SECONDS < end)) || SETTLES=
        sleep 0.1
    done
}

# Prints what differs: for people.
show_difference() { # URI
    printf '  %s\n' "$1"
    { diff <(printf '%s\n' "${OLD%.}") <(printf '%s\n' "${NEW%.}") || true; } | sed -n '/^[<>]/s/^\(.\{1,300\}\).*/      \1/p' | sed -n 1,20p
}

# Asks the questions in a file until the time is over. Prints the first differences, and "asked N", "again N" (so many were asked
# once more) and "differ N".
ask_all() { # FILE
    local uri asked=0 again=0 differ=0 all end=$((SECONDS + ENV[canary_answers_s])) told=$SECONDS
    all=$(wc -l <"$1")
    while ((SECONDS < end)) && IFS= read -r uri; do
        asked=$((asked + 1))
        if ! answers_agree "$uri"; then
            # A change that one version has taken over, and the other has not yet, is not a difference.
            again=$((again + 1))
            same_data
            if ! answers_agree "$uri"; then
                differ=$((differ + 1))
                ((differ > ANSWERS_SHOWN)) || show_difference "$uri"
            fi
        fi
        if ((SECONDS - told >= 10)); then
            told=$SECONDS
            log "$(uname -n): asked both versions $asked of $all questions, $differ answers differ"
        fi
    done <"$1"
    ((asked == all)) || log "$(uname -n): after ${ENV[canary_answers_s]} s (canary_answers_s) $asked of $all questions were asked"
    log "$(uname -n): asked $asked questions, $again of them twice; $differ answers differ"
    printf 'asked %s\nagain %s\ndiffer %s\n' "$asked" "$again" "$differ"
}

# Compares both versions' answers. Prints what ask_all() prints.
answers() { # STABLE CANARY
    local name from=clients
    ASKED_DIR=$(mktemp -d)
    trap 'rm -rf -- "$ASKED_DIR"' EXIT
    STABLE_SOCKET=$(socket_of public "$1") CANARY_SOCKET=$(socket_of public "$2")
    SETTLES=1
    paths_of_clients >"$ASKED_DIR/paths"
    if [[ ! -s $ASKED_DIR/paths ]]; then
        from=rules
        paths_of_rules "$1" "$2" >"$ASKED_DIR/paths"
    fi
    with_force <"$ASKED_DIR/paths" >"$ASKED_DIR/questions"
    log "$(uname -n): asking both versions $(wc -l <"$ASKED_DIR/questions") questions, made from $(wc -l <"$ASKED_DIR/paths") queries of $from"
    # cgi-fcgi sends all variables of its environment.
    for name in $(compgen -e); do
        [[ $name == PATH ]] || export -n "${name?}"
    done
    export REQUEST_METHOD=GET REMOTE_ADDR=127.0.0.1 REQUEST_ID=compare
    ask_all "$ASKED_DIR/questions"
}
