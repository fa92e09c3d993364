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
    local tables table sql='' within=${ENV[scheduled_within_s]}
    tables=$(query "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_name LIKE '%\\_scheduled\\_changes'") || exit $?
    for table in $tables; do
        sql+="${sql:+ UNION ALL }SELECT CONCAT('$table ', s.sc_id, ', at ', FROM_UNIXTIME(c.\`when\` / 1000))
            FROM $table s JOIN ${table}_conditions c USING (sc_id)
            WHERE s.complete = 0 AND c.\`when\` BETWEEN (UNIX_TIMESTAMP() - 300) * 1000
                AND (UNIX_TIMESTAMP() + $within) * 1000"
    done
    [[ -z $sql ]] || query "$sql"
}

check_good_time() {
    local text
    if [[ -n ${ENV[freeze_file]} && -e ${ENV[freeze_file]} ]]; then
        text=$(head -c 200 -- "${ENV[freeze_file]}" | tr -c '[:print:]' ' ')
        refuse freeze "there is a freeze: ${ENV[freeze_file]}${text:+ says: $text}"
    fi
    text=$(recent_failure)
    [[ -z $text ]] || refuse failure "the last deploy failed: $text; see $STATE/deploy.log"
    text=$(scheduled_soon) || exit $?
    [[ -z $text ]] || refuse scheduled "scheduled changes are due soon: ${text//$'\n'/; }"
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
