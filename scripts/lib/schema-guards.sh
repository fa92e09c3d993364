# shellcheck shell=bash
# May something be taken away from the schema? Not while a program lives that needs it: the programs report to
# app_instances, and, since one that is cut off from the database still serves, every host is asked for its version,
# too. Sourced after schema-record.sh. HOSTS are the /__version__ URLs, EXCEPT_HOSTS those that are not asked;
# WITHOUT_HOSTS is set when none is to be.
: "${WITHOUT_HOSTS=}"
HOSTS=()
EXCEPT_HOSTS=()

# SQL: `version` is older than VERSION; what is no version counts as older.
sql_older() { # VERSION
    printf '%s' "(version NOT REGEXP '^v?[0-9]+[.][0-9]+\$'
        OR CAST(SUBSTRING_INDEX(TRIM(LEADING 'v' FROM version), '.', 1) AS UNSIGNED) < ${1%%.*}
        OR CAST(SUBSTRING_INDEX(TRIM(LEADING 'v' FROM version), '.', 1) AS UNSIGNED) = ${1%%.*}
            AND CAST(SUBSTRING_INDEX(version, '.', -1) AS UNSIGNED) < ${1#*.})"
}

# The living instances for which the SQL condition is true, a line each.
instances_where() { # CONDITION
    ask "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'app_instances'"
    [[ $ROWS == 1* ]] || return 0
    ask "SELECT CONCAT(program, ' v', TRIM(LEADING 'v' FROM version), ' lives on ', host, ' (process ', pid, ', seen ',
            ($NOW_MS - seen_at) DIV 1000, ' s ago)')
        FROM app_instances WHERE seen_at > $NOW_MS - 120000 AND $1 ORDER BY program, host, pid"
    printf '%s' "$ROWS"
}

# The version that the program behind a /__version__ URL says it has; fails where there is no such answer.
host_version() { # URL
    local answer version
    answer=$(curl -gfsS --max-time 5 -- "$1" 2>&1) || {
        printf '%s\n' "${answer:-no answer}"
        return 1
    }
    version=$(tr -d '\n' <<<"$answer" | sed -n 's/.*"version" *: *"\([^"]*\)".*/\1/p')
    version_plain "$version" || {
        printf 'it answers no version that is known: %.60s\n' "$answer"
        return 1
    }
}

# Why nothing may be taken away that versions older than SINCE use (or, with "newer": that SINCE and newer ones use), a
# line each; nothing where it may.
reasons_against() { # SINCE older|newer
    local url version condition
    condition=$(sql_older "$1")
    [[ $2 == older ]] || condition="NOT $condition"
    instances_where "$condition"
    for url in "${HOSTS[@]}"; do
        [[ " ${EXCEPT_HOSTS[*]} " != *" $url "* ]] || continue
        if ! version=$(host_version "$url"); then
            printf '%s does not say its version: %s\n' "$url" "$version"
        elif version_older "$version" "$1"; then
            [[ $2 == newer ]] || printf '%s runs v%s\n' "$url" "$version"
        else
            [[ $2 == older ]] || printf '%s runs v%s\n' "$url" "$version"
        fi
    done
}

# Somebody has to have said where the programs run.
hosts_known() {
    local url
    ((${#HOSTS[@]} > 0)) || [[ -n $WITHOUT_HOSTS ]] ||
        die 2 "which programs may run? Name the environment (-e), their /__version__ (--version-url), or --without-hosts"
    for url in "${EXCEPT_HOSTS[@]}"; do
        [[ " ${HOSTS[*]} " == *" $url "* ]] || die 2 "--without-host $url: is none of: ${HOSTS[*]}"
    done
}
