# shellcheck shell=bash
# Functions for a step's backfill.sh, which schema-upgrade runs after the step's additive statements:
#     . "$BALROG_LIB/backfill.sh"
#     backfill_batches "UPDATE t SET new = f(old) WHERE new IS NULL LIMIT 1000"
# schema-upgrade sets BALROG_DEFAULTS_FILE and BALROG_DATABASE to its own connection.

backfill_sql() { # SQL
    mariadb --defaults-file="$BALROG_DEFAULTS_FILE" --batch --skip-column-names "$BALROG_DATABASE" -e "$1"
}

# Runs a statement with a LIMIT again and again until it changes no more rows. Each batch is a transaction, so an interrupted
# backfill continues where it was. After each batch it pauses as long as the batch took, so that others can write.
backfill_batches() { # SQL
    local rows total=0 from told=$SECONDS
    while :; do
        from=${EPOCHREALTIME/./}
        rows=$(backfill_sql "$1; SELECT ROW_COUNT()" | tail -n 1)
        [[ $rows =~ ^[0-9]+$ ]] || return 1
        ((rows > 0)) || break
        total=$((total + rows))
        if ((SECONDS - told >= 5)); then
            echo "$total rows" >&2
            told=$SECONDS
        fi
        printf -v rows '%07d' $((${EPOCHREALTIME/./} - from))
        sleep "${rows:0:-6}.${rows: -6}"
    done
    echo "$total rows" >&2
}
