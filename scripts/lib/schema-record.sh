# shellcheck shell=bash
# The table balrog_schema: which steps were applied to a database, and how far. Uses schema.sh, and the session of
# connection.sh. A row is one phase of one step. If applied_at is NULL, the phase was begun and not finished.
#
# Rows that v0.1 wrote have neither the chain nor the columns for progress; the first run adds them.

declare -gA RECORD # keys: PHASE:NUMBER:FIELD

RECORD_COLUMNS=(
    "min_version VARCHAR(30) COMMENT 'of a destructive step, from its begin on: the oldest version that may run, as 0.2'"
    "chain CHAR(64) COMMENT 'SHA-256 over the chain of the step before, the names and the files of this one'"
    "statements INT NOT NULL DEFAULT 0 COMMENT 'how many of the file were run'"
    "statements_sum VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'SHA-256 over each of them and what came before'"
    "begun_at BIGINT COMMENT 'ms'"
)
NOW_MS="CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

# Prints the names of the columns of balrog_schema; nothing if there is no such table.
record_columns() {
    session_run "SELECT column_name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'balrog_schema'"
    printf '%s' "$ROWS"
}

# Makes balrog_schema, or adds the columns that v0.1's lacks.
record_table() {
    local columns column
    columns=$(record_columns)
    if [[ -z $columns ]]; then
        session_run "CREATE TABLE IF NOT EXISTS balrog_schema (
            version INT NOT NULL,
            name VARCHAR(100) NOT NULL,
            phase VARCHAR(20) NOT NULL,
            checksum CHAR(64) NOT NULL COMMENT 'SHA-256 of the file',
            applied_at BIGINT COMMENT 'ms; NULL: begun and not finished',
            balrog_version VARCHAR(50) NOT NULL,
            $(printf '%s, ' "${RECORD_COLUMNS[@]}")
            PRIMARY KEY (version, phase)
        ) ENGINE=InnoDB CHARSET=utf8mb4"
    fi
    for column in "${RECORD_COLUMNS[@]}"; do
        [[ -z $columns || $'\n'$columns$'\n' == *$'\n'"${column%% *}"$'\n'* ]] ||
            statement_run "balrog_schema" "ALTER TABLE balrog_schema ADD COLUMN $column, ALGORITHM=INSTANT"
    done
}

# Reads all rows into RECORD.
records_read() {
    local columns column list=() number phase field rest
    local fields=(name checksum applied_at chain statements statements_sum min_version begun_at balrog_version)
    RECORD=()
    columns=$(record_columns)
    [[ -n $columns ]] || return 0
    for column in "${fields[@]}"; do
        if [[ $'\n'$columns$'\n' == *$'\n'"$column"$'\n'* ]]; then
            # An empty field becomes "-", because read would skip it between two tabs.
            list+=("IF(COALESCE($column, '') = '', '-', $column)")
        else
            list+=("'-'")
        fi
    done
    session_run "SELECT version, phase$(printf ', %s' "${list[@]}") FROM balrog_schema ORDER BY version"
    while IFS=$'\t' read -r number phase rest; do
        [[ -n $number ]] || continue
        for field in "${fields[@]}"; do
            RECORD[$phase:$number:$field]=${rest%%$'\t'*}
            rest=${rest#*$'\t'}
        done
    done <<<"$ROWS"
}

recorded() { # PHASE NUMBER FIELD: prints the value, "-" if it is NULL or empty, nothing if there is no row
    printf '%s' "${RECORD[$1:$2:$3]-}"
}

# Compares the rows of PHASE with the files of DIR. Sets PENDING to the steps that have to be run, in order, and CHAIN[STEP]
# to their checksums. Ends the script with status 3 if rows and files do not match.
phase_plan() { # DIR PHASE
    local dir=$1 phase=$2 step number chain='' key known=' '
    PENDING=() CHAIN=()
    for step in "${STEPS[@]}"; do
        [[ -f $dir/$step/$phase.sql ]] || continue
        number=$(step_number "$step")
        known+="$number "
        chain=$(chain_next "$chain" "$dir" "$step" "$phase")
        CHAIN["$step"]=$chain
        if [[ -z $(recorded "$phase" "$number" name) ]]; then
            PENDING+=("$step")
            continue
        fi
        ((${#PENDING[@]} == 0)) ||
            die 3 "the database has the $phase step $step, but not all of those before it: ${PENDING[0]} is missing"
        record_check "$dir" "$phase" "$step" "$chain"
    done
    for key in "${!RECORD[@]}"; do
        [[ $key == "$phase":*:name ]] || continue
        number=${key#*:}
        [[ $known == *" ${number%:*} "* ]] ||
            die 3 "the database has step ${number%:*} (${RECORD[$key]}), which this version does not know"
    done
}

# Compares one row with its files. An unfinished step is added to PENDING instead: its file may have been corrected since.
record_check() { # DIR PHASE STEP CHAIN
    local number file=$1/$3/$2.sql there
    number=$(step_number "$3")
    if [[ $(recorded "$2" "$number" applied_at) == - ]]; then
        PENDING+=("$3")
        return
    fi
    [[ $(recorded "$2" "$number" checksum) == "$(file_sum "$file")" && $(recorded "$2" "$number" name) == "${3:5}" ]] ||
        die 3 "$file differs from the file that was applied to the database: an applied step must not change"
    there=$(recorded "$2" "$number" chain)
    [[ $there == - || $there == "$4" ]] ||
        die 3 "$3 ($2): the chain of checksums is broken: a backfill.sh, or the records of the database, were changed"
}

# Adds the chain's checksums to rows of v0.1, which lack them.
record_chains() { # DIR PHASE
    local step number
    for step in "${STEPS[@]}"; do
        number=$(step_number "$step")
        [[ $(recorded "$2" "$number" chain) == - && $(recorded "$2" "$number" applied_at) != - ]] || continue
        session_run "UPDATE balrog_schema SET chain = '${CHAIN[$step]}' WHERE version = $number AND phase = '$2'"
    done
}

# Prints how many of STATEMENTS were run already, so that the step continues after them; 0 if one of those was changed since:
# the step is then run from its beginning, as every statement can be repeated.
resume_at() { # PHASE NUMBER
    local ran sum
    ran=$(recorded "$1" "$2" statements)
    sum=$(recorded "$1" "$2" statements_sum)
    if [[ ! $ran =~ ^[1-9][0-9]*$ ]] || ((ran > ${#STATEMENTS[@]})) ||
        [[ $(statements_sum "${STATEMENTS[@]:0:ran}") != "$sum" ]]; then
        ran=0
    fi
    printf '%s\n' "$ran"
}

# Records that a phase begins. From now on programs older than min_version refuse to start, and an interruption is noticed.
record_begin() { # DIR PHASE STEP FROM
    local number since=NULL restart=
    number=$(step_number "$3")
    [[ $2 != destructive ]] || since=$(sql_string "$(step_since "$1" "$3" "$2")")
    (($4 > 0)) || restart="statements = 0, statements_sum = '',"
    session_run "INSERT INTO balrog_schema (version, name, phase, checksum, balrog_version, min_version, chain, begun_at)
        VALUES ($number, $(sql_string "${3:5}"), '$2', '$(file_sum "$1/$3/$2.sql")', $(sql_string "$BALROG_VERSION"),
            $since, '${CHAIN[$3]}', $NOW_MS)
        ON DUPLICATE KEY UPDATE name = VALUES(name), checksum = VALUES(checksum), $restart
            balrog_version = VALUES(balrog_version), min_version = VALUES(min_version), chain = VALUES(chain),
            begun_at = COALESCE(begun_at, VALUES(begun_at))"
}

# Prints the SQL that records that the statement with that number, from 1, was run.
record_sql() { # PHASE STEP NUMBER STATEMENT
    local text=${4//\\/\\\\}
    printf '%s' "UPDATE balrog_schema SET statements = $3,
            statements_sum = SHA2(CONCAT(statements_sum, '${text//\'/\'\'}'), 256)
        WHERE version = $((10#${2:0:4})) AND phase = '$1' AND statements = $3 - 1"
}

record_done() { # PHASE STEP
    session_run "UPDATE balrog_schema SET applied_at = $NOW_MS WHERE version = $(step_number "$2") AND phase = '$1'"
}

record_forget() { # PHASE STEP
    session_run "DELETE FROM balrog_schema WHERE version = $(step_number "$2") AND phase = '$1'"
}
