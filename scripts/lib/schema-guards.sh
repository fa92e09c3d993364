# shellcheck shell=bash
# Whether something may be removed from the schema: not while a program runs that needs it. Running programs are found in
# app_instances. A program that is cut off from the database still serves, so every host is also asked for its version. Uses
# schema-record.sh. HOSTS holds the /__version__ URLs, EXCEPT_HOSTS those that are not asked; WITHOUT_HOSTS is not empty if
# no host is asked.
: "${WITHOUT_HOSTS=}"
HOSTS=()
EXCEPT_HOSTS=()

# Prints an SQL condition: the column `version` is older than VERSION, or cannot be read as a version.
sql_older() { # VERSION
    printf '%s' "(version NOT REGEXP '^v?[0-9]+[.][0-9]+\$'
        OR CAST(SUBSTRING_INDEX(TRIM(LEADING 'v' FROM version), '.', 1) AS UNSIGNED) < ${1%%.*}
        OR CAST(SUBSTRING_INDEX(TRIM(LEADING 'v' FROM version), '.', 1) AS UNSIGNED) = ${1%%.*}
            AND CAST(SUBSTRING_INDEX(version, '.', -1) AS UNSIGNED) < ${1#*.})"
}

# Prints the programs that run and satisfy the SQL condition, one per line.
instances_where() { # CONDITION
    session_run "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'app_instances'"
    [[ $ROWS == 1* ]] || return 0
    session_run "SELECT CONCAT(program, ' v', TRIM(LEADING 'v' FROM version), ' runs on ', host, ' (process ', pid, ', seen ',
            ($NOW_MS - seen_at) DIV 1000, ' s ago)')
        FROM app_instances WHERE seen_at > $NOW_MS - 120000 AND $1 ORDER BY program, host, pid"
    printf '%s' "$ROWS"
}

# Prints the version of the program behind a /__version__ URL. If there is none, prints the reason and returns false.
host_version() { # URL
    local answer version
    answer=$(curl -gfsS --max-time 5 -- "$1" 2>&1) || {
        printf '%s\n' "${answer:-no answer}"
        return 1
    }
    version=$(tr -d '\n' <<<"$answer" | sed -n 's/.*"version" *: *"\([^"]*\)".*/\1/p')
    version_plain "$version" || {
        printf 'the answer holds no version: %.60s\n' "$answer"
        return 1
    }
}

# Prints the programs because of which nothing may be removed that versions older than SINCE use (with "newer": that SINCE
# and newer versions use), one per line.
reasons_against() { # SINCE older|newer
    local url version condition
    condition=$(sql_older "$1")
    [[ $2 == older ]] || condition="NOT $condition"
    instances_where "$condition"
    for url in "${HOSTS[@]}"; do
        [[ " ${EXCEPT_HOSTS[*]} " != *" $url "* ]] || continue
        if ! version=$(host_version "$url"); then
            printf '%s does not report its version: %s\n' "$url" "$version"
        elif version_older "$version" "$1"; then
            [[ $2 == newer ]] || printf '%s runs v%s\n' "$url" "$version"
        else
            [[ $2 == older ]] || printf '%s runs v%s\n' "$url" "$version"
        fi
    done
}

# Dies unless the caller was told where the programs run.
hosts_known() {
    local url
    ((${#HOSTS[@]} > 0)) || [[ -n $WITHOUT_HOSTS ]] ||
        die 2 "it is not known where programs run: give the environment (-e), their /__version__ URLs (--version-url), or --without-hosts"
    for url in "${EXCEPT_HOSTS[@]}"; do
        [[ " ${HOSTS[*]} " == *" $url "* ]] || die 2 "--without-host $url: this is not one of: ${HOSTS[*]}"
    done
}
