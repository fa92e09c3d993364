# shellcheck shell=bash
# The checks before a deploy. A check that fails ends the script with exit status 3; the message names the option that
# overrides it, if there is one. An override is logged and recorded. Uses connection.sh, deploy.sh and releases.sh.

declare -gA ENV DESPITE # DESPITE: which checks are overridden

# Handles an option --despite-CHECK for one of the checks in OVERRIDES. Returns false for other options.
despite_option() { # OPTION
    local name
    for name in "${OVERRIDES[@]}"; do
        [[ $1 == "--despite-$name" ]] || continue
        DESPITE[$name]=1
        return 0
    done
    return 1
}

# Ends the script, unless the check is overridden.
refuse() { # CHECK TEXT
    [[ -n ${DESPITE[$1]-} ]] || die 3 "$2 (to continue anyway: --despite-$1, which is recorded)"
    log "overridden with --despite-$1 by $(who): $2"
    record overridden "$1: $2"
}

# Prints the rows of a statement, run by an administrator's account. Exit status 5 if the database cannot be reached.
query() ( # SQL
    env_connection
    session_open 5
    session "$1" || die 1 "$(session_error)"
    printf '%s' "${ROWS-}"
)

# ---- is now a good time? ----

# Prints the last deploy that ended, if it failed within failed_within_s. One that was interrupted did not fail: the same
# command continues it.
recent_failure() {
    [[ -r $STATE/deploys ]] || return 0
    awk -F '\t' -v since="$(($(date +%s) - ENV[failed_within_s]))" '
        $2 == "failed" {
            text = $1 >= since ? $4 " (" $3 ")" : ""
        }
        $2 == "done" || $2 == "promoted" || $2 == "rolled back" {
            text = ""
        }
        END {
            if (text != "") {
                print text
            }
        }' "$STATE/deploys"
}

# Prints "TABLE SC_ID, at TIME" for each scheduled change that is due within scheduled_within_s, or was due within the last
# five minutes.
scheduled_soon() {
    scheduled_where "BETWEEN (UNIX_TIMESTAMP() - 300) * 1000 AND (UNIX_TIMESTAMP() + ${ENV[scheduled_within_s]}) * 1000"
}

# Prints the same for those that should have been enacted more than five minutes ago: they lack sign-offs, or the agent cannot enact
# them. The moment they get what they lack, they are enacted.
scheduled_overdue() {
    scheduled_where "< (UNIX_TIMESTAMP() - 300) * 1000"
}

scheduled_where() { # CONDITION for the time
    local tables table sql=''
    tables=$(query "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_name LIKE '%\\_scheduled\\_changes'") || exit $?
    for table in $tables; do
        sql+="${sql:+ UNION ALL }SELECT CONCAT('$table ', s.sc_id, ', at ', FROM_UNIXTIME(c.\`when\` / 1000))
            FROM $table s JOIN ${table}_conditions c USING (sc_id)
            WHERE s.complete = 0 AND c.\`when\` $1"
    done
    [[ -z $sql ]] || query "$sql"
}

# Prints the products and channels that get no updates, by a stop of all or of a part of their clients that was made or changed within
# stop_within_s. One that is older is no emergency any more.
stops_in_force() {
    local tables table sql='' since="(UNIX_TIMESTAMP() - ${ENV[stop_within_s]}) * 1000"
    tables=$(query "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_name IN ('emergency_shutoffs', 'balrog_partial_stops')") || exit $?
    for table in $tables; do
        case $table in
        emergency_shutoffs)
            sql+="${sql:+ UNION ALL }SELECT CONCAT(s.product, ' ', s.channel) FROM $table s WHERE EXISTS (SELECT 1 FROM ${table}_history h
                WHERE h.product = s.product AND h.channel = s.channel AND h.timestamp > $since)"
            ;;
        *)
            sql+="${sql:+ UNION ALL }SELECT CONCAT('a part of ', s.product, ' ', s.channel) FROM $table s WHERE EXISTS (SELECT 1 FROM ${table}_history h
                WHERE h.stop_id = s.stop_id AND h.timestamp > $since)"
            ;;
        esac
    done
    [[ -z $sql ]] || query "$sql"
}

# Prints the minute of the week that "Fri 12:00" is.
minute_of_week() { # DAY HH:MM
    local day=0 days='Mon Tue Wed Thu Fri Sat Sun' name
    for name in $days; do
        [[ $name != "$1" ]] || break
        day=$((day + 1))
    done
    printf '%s\n' "$((day * 1440 + 10#${2%:*} * 60 + 10#${2#*:}))"
}

# Prints the time of no_deploy that it is now, if it is one.
closed_now() {
    local spans span day time from to now zone=${ENV[time_zone]}
    [[ -n ${ENV[no_deploy]} ]] || return 0
    [[ -f /usr/share/zoneinfo/$zone ]] || die 2 "time_zone = $zone in ${ENV[file]}: there is no such time zone; see /usr/share/zoneinfo"
    read -r day time < <(LC_ALL=C TZ=$zone date '+%a %H:%M')
    now=$(minute_of_week "$day" "$time")
    IFS=, read -ra spans <<<"${ENV[no_deploy]}"
    for span in "${spans[@]}"; do
        read -r day time <<<"${span% - *}"
        from=$(minute_of_week "$day" "$time")
        read -r day time <<<"${span#* - }"
        to=$(minute_of_week "$day" "$time")
        # One that ends before it begins goes on past the end of the week.
        if ((from <= to ? now >= from && now < to : now >= from || now < to)); then
            read -r span <<<"$span"
            printf '%s (%s)\n' "$span" "$zone"
            return
        fi
    done
}

# Prints the names of the alerts of Prometheus that fire and would wake somebody: "replicas", those of the database's replicas; "others",
# the rest. Nothing if there is no Prometheus.
firing() { # replicas|others
    local answer
    [[ -n ${ENV[prometheus_url]} ]] || return 0
    answer=$(curl -fsS --noproxy '*' --max-time 4 --get --data-urlencode 'match[]=ALERTS{alertstate="firing"}' -- "${ENV[prometheus_url]}/federate" 2>&1) || {
        [[ $1 != others ]] || log "the alerts are not known: Prometheus at ${ENV[prometheus_url]}: $answer"
        return 0
    }
    awk -v replicas="$1" '/^ALERTS\{/ && $NF ~ /^[0-9]+$/ {
            match($0, /alertname="[^"]*"/)
            name = substr($0, RSTART + 11, RLENGTH - 12)
            lag = name == "BalrogReplicationStopped"
            if (lag ? replicas == "replicas" : replicas != "replicas" && /severity="page"/) {
                print name
            }
        }' <<<"$answer" | sort -u | paste -s -d ' '
}

check_good_time() {
    local text
    if [[ -n ${ENV[freeze_file]} && -e ${ENV[freeze_file]} ]]; then
        text=$(head -c 200 -- "${ENV[freeze_file]}" | tr -c '[:print:]' ' ')
        refuse freeze "there is a freeze: ${ENV[freeze_file]}${text:+ says: $text}"
    fi
    text=$(closed_now) || exit $?
    [[ -z $text ]] || refuse calendar "no deploys at this time, by no_deploy: $text"
    text=$(recent_failure)
    [[ -z $text ]] || refuse failure "the last deploy failed: $text; see $STATE/deploy.log"
    text=$(scheduled_soon) || exit $?
    [[ -z $text ]] || refuse scheduled "scheduled changes are due soon: ${text//$'\n'/; }"
    text=$(scheduled_overdue) || exit $?
    [[ -z $text ]] || refuse overdue "scheduled changes are overdue, because they lack sign-offs or the agent cannot enact them: ${text//$'\n'/; }"
    text=$(stops_in_force) || exit $?
    [[ -z $text ]] || refuse stop "updates are stopped for: ${text//$'\n'/; }. Somebody is busy with that, and a canary would be judged by empty answers"
    text=$(firing replicas)
    [[ -z $text ]] || refuse replica "a replica of the database is behind: $text fires"
    text=$(firing others)
    [[ -z $text ]] || refuse outage "something is broken: these alerts fire: $text (docs/runbook.md)"
}

# ---- does the schema fit? ----

# Prints the rows of a statement about balrog_schema; none if that table is missing or lacks COLUMN.
query_steps() { # COLUMN SQL
    query "SET @sql = IF(EXISTS(SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE()
        AND table_name = 'balrog_schema' AND column_name = '$1'), $(sql_string "$2"), 'DO 0');
        PREPARE wanted FROM @sql; EXECUTE wanted"
}

# Dies if a destructive step has removed something that this version uses.
check_not_taken_away() { # VERSION
    local step name oldest rows
    rows=$(query_steps min_version "SELECT version, name, min_version FROM balrog_schema WHERE phase = 'destructive'
        ORDER BY version") || exit $?
    while IFS=$'\t' read -r step name oldest; do
        [[ -n $step ]] || continue
        ! older "$1" "$oldest" ||
            die 3 "the schema does not fit $1 any more: its destructive step $step ($name) leaves only v${oldest#v} and later able to run"
    done <<<"$rows"
}

# Dies if an additive step that this version needs has not been applied.
check_added() { # VERSION [FROM]
    local step rows
    rows=$(query_steps version "SELECT LPAD(version, 4, '0') FROM balrog_schema WHERE phase = 'additive'
        AND applied_at IS NOT NULL") || exit $?
    for step in $(steps_of "$@"); do
        [[ $'\n'$rows$'\n' == *$'\n'"$step"$'\n'* ]] ||
            die 3 "the schema lacks the additive step $step that $1 needs: run 'deploy -e ${ENV[name]} admin $1' first, which applies it"
    done
}
