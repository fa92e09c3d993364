# shellcheck shell=bash
# Before the destructive phase of an environment's schema, the same is asked as before a deploy: is now a good time, have the
# versions that still run afterwards served for long enough, and does another person confirm? Uses deploy.sh, checks.sh,
# confirmation.sh and schema.sh.

declare -gA ENV

# Prints since when every service has been at least VERSION without a break, in seconds since 1970, according to the
# record of deploys; nothing if that is not recorded.
newer_since() { # VERSION
    [[ -r $STATE/deploys ]] || return 0
    awk -F '\t' -v oldest="${1#v}" '
        BEGIN {
            split(oldest, least, ".")
        }
        $2 == "done" && $4 !~ /public/ || $2 == "promoted" || $2 == "rolled back" {
            if (match($4, /v[0-9]+[.][0-9]+/)) {
                split(substr($4, RSTART + 1, RLENGTH - 1), is, ".")
                if (is[1] + 0 < least[1] + 0 || is[1] + 0 == least[1] + 0 && is[2] + 0 < least[2] + 0) {
                    since = ""
                } else if ($4 ~ /public/ && since == "") {
                    since = $1
                }
            }
        }
        END {
            print since
        }' "$STATE/deploys"
}

# Refuses a destructive step soon after the version that no longer needs what it removes: until then, going back is easy.
check_long_enough() { # VERSION
    local since days
    since=$(newer_since "$1")
    days=$(awk -v s="${ENV[destructive_after_s]}" 'BEGIN { print s / 86400 }')
    if [[ -z $since ]]; then
        refuse early "the record of deploys does not say that public v${1#v} or later was promoted"
    elif (($(date +%s) - since < ENV[destructive_after_s])); then
        refuse early "no older version than v${1#v} has run since $(date -u -d "@$since" +%Y-%m-%dT%H:%M:%SZ) only, and destructive_after_s is $days days: afterwards there is no way back to one"
    fi
}

# Asks all of it for the steps in PENDING. Takes the environment's lock.
ask_before_destruction() { # SCHEMA VERSION
    local step newest=0.0 since log_file=$LOG_FILE
    # shellcheck disable=SC2034 # deploy_open reads it
    ENVIRONMENT=${ENV[name]}
    deploy_open
    LOG_FILE=$log_file # the schema's own
    mkdir -p -- "$STATE"
    lock_environment
    for step in "${PENDING[@]}"; do
        since=$(step_since "$1" "$step" destructive) || exit $?
        ! version_older "$newest" "$since" || newest=$since
    done
    check_good_time
    check_long_enough "$newest"
    await_confirmation "schema-v${2#v}" "the destructive phase of v${2#v}'s schema (${PENDING[*]}) on ${ENV[name]}" \
        check_good_time
    confirmation_used "schema-v${2#v}"
}
