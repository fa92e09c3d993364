# shellcheck shell=bash
# For a step's backfill.sh, which schema-upgrade runs after the step's additive statements:
#     . "$BALROG_LIB/backfill.sh"
#     backfill_batches "UPDATE t SET new = f(old) WHERE new IS NULL LIMIT 1000"
# The connection is the upgrade's: BALROG_DEFAULTS_FILE, BALROG_DATABASE.

backfill_sql() { # SQL
    mariadb --defaults-file="$BALROG_DEFAULTS_FILE" --batch --skip-column-names "$BALROG_DATABASE" -e "$1"
}

# Runs the statement, which changes so many rows at most, until it changes none. Each batch commits by itself, so that
# an interrupted backfill goes on where it was; after each comes a pause as long as it took, for others who write.
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
