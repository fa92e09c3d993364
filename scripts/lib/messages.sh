# shellcheck shell=bash
# Messages of the operators' scripts. $LOG_FILE, if it is set, gets every message, too.
LOG_FILE=${LOG_FILE-}

# Prints a line with the time to standard error.
log() { # TEXT…
    local line
    line="$(date -u +%Y-%m-%dT%H:%M:%SZ) ${0##*/}: $*"
    printf '%s\n' "$line" >&2
    [[ -z $LOG_FILE ]] || printf '%s\n' "$line" >>"$LOG_FILE"
}

# Prints an error to standard error and ends the script with exit status STATUS.
die() { # STATUS TEXT…
    local status=$1
    shift
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    [[ -z $LOG_FILE ]] ||
        printf '%s %s: %s (exit status %s)\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$*" "$status" >>"$LOG_FILE"
    exit "$status"
}
