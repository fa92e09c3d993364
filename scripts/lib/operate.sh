# shellcheck shell=bash
# What the operators' scripts have in common: the environment that they work on, logging, notifications, dry runs and
# the lock. A script that also uses connection.sh sources that first.

# Every key of an environment: its default, and the pattern that a value must match, empty or not. docs/operations.md
# explains them beside conf/environments/*.conf.
declare -A ENV=() # filled by env_load
ENV_KEYS=(
    'root|/opt/balrog|/[^ ]*'
    'config_dir|/etc/balrog|/[^ ]*'
    'hosts||[A-Za-z0-9 .@_-]*'
    'ssh_config||(/[^ ]+)?'
    'database|balrog|[A-Za-z0-9_$-]+'
    'database_defaults_file||(/[^ ]+)?'
    'public_url||(https?://[^ ]+)?'
    'admin_url||(https?://[^ ]+)?'
    'version_urls||(https?://[^ ]+( +https?://[^ ]+)*)?'
    'supervisor|systemd|systemd|multiwatch'
    'nginx_include|/etc/nginx/balrog-upstreams.conf|/[^ ]+'
    'nginx_test|nginx -t|.+'
    'nginx_reload|systemctl reload-or-restart nginx|.+'
    'nginx_log|/var/log/nginx/access.log|/[^ ]+'
    'hook||(/[^ ]+)?'
    'freeze_file||(/[^ ]+)?'
    'canary_percent|5|[1-9][0-9]?'
    'canary_watch_s|900|[0-9]{1,6}'
    'canary_compare_s|5|[1-9][0-9]{0,3}'
    'canary_min_requests|1000|[0-9]{1,9}'
    'canary_max_errors_percent|0.1|[0-9]{1,2}(\.[0-9]{1,3})?'
    'canary_max_empty_percent|5|[0-9]{1,2}(\.[0-9]{1,3})?'
    'canary_max_latency_factor|1.5|[1-9][0-9]?(\.[0-9]{1,3})?'
    'canary_latency_floor_ms|5|[0-9]{1,4}'
    'scheduled_within_s|3600|[0-9]{1,6}'
    'failed_within_s|3600|[0-9]{1,6}'
    'require_confirmation|no|yes|no'
    'confirmation_wait_s|1800|[0-9]{1,6}'
    'require_signed|yes|yes|no'
    'keyring||(/[^ ]+)?'
    'user|balrog|[a-z_][a-z0-9_-]*'
    'socket_group|www-data|[a-z_][a-z0-9_-]*'
    'build_user|nobody|[a-z_][a-z0-9_-]*'
    'configure_options||.*'
    'min_free_mb|1000|[0-9]{1,7}'
    'start_wait_s|120|[1-9][0-9]{0,3}'
    'backup_defaults_file||(/[^ ]+)?'
    'history_defaults_file||(/[^ ]+)?'
    'backup_dir|/var/backups/balrog|/[^ ]+'
    'backup_keep_days|30|[1-9][0-9]{0,3}'
    'repository||.*'
    'contacts||.*'
)
LOG_FILE=${LOG_FILE-}
DRY_RUN=${DRY_RUN-}

# A line with the time: to standard error, and to $LOG_FILE where that is set.
log() { # TEXT…
    local line
    line="$(date -u +%Y-%m-%dT%H:%M:%SZ) ${0##*/}: $*"
    printf '%s\n' "$line" >&2
    [[ -z $LOG_FILE ]] || printf '%s\n' "$line" >>"$LOG_FILE"
}

# Says what is wrong and ends with exit status STATUS.
die() { # STATUS TEXT…
    local status=$1
    shift
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    [[ -z $LOG_FILE ]] ||
        printf '%s %s: %s (exit status %s)\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$*" "$status" >>"$LOG_FILE"
    exit "$status"
}

# Runs the command; in a dry run only says what would be run.
run() { # COMMAND…
    if [[ -n $DRY_RUN ]]; then
        printf 'would run:'
        printf ' %q' "$@"
        printf '\n'
    else
        "$@"
    fi
}

# ---- the environment ----

# Where environments are described: $BALROG_ENVIRONMENTS; else what the machine's administrator keeps; else the tree's.
env_dir() {
    local own
    own=$(dirname -- "${BASH_SOURCE[0]}")/../../conf/environments
    if [[ -n ${BALROG_ENVIRONMENTS-} ]]; then
        printf '%s\n' "$BALROG_ENVIRONMENTS"
    elif [[ -d /etc/balrog/environments ]]; then
        printf '/etc/balrog/environments\n'
    else
        realpath -m -- "$own"
    fi
}

# Reads NAME.conf, lines "key = value", into ENV: every key, with its default where the file says nothing. ENV[name]
# and ENV[file] say which it was. Exit status 2 when anything is wrong with it.
env_load() { # NAME
    local dir file line number=0 key value row
    local -A seen=() ENV_PATTERN=()
    dir=$(env_dir)
    file=$dir/$1.conf
    [[ $1 =~ ^[a-z][a-z0-9_-]*$ ]] || die 2 "-e $1: the name of an environment is wanted (those of $dir/*.conf)"
    [[ -r $file ]] || die 2 "-e $1: cannot read $file; there are: $(env_names "$dir")"
    ENV=([name]=$1 [file]=$file)
    for row in "${ENV_KEYS[@]}"; do # key|default|pattern; a pattern may hold bars, a default does not
        key=${row%%|*} value=${row#*|}
        ENV[$key]=${value%%|*} ENV_PATTERN[$key]=${value#*|}
    done
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        [[ ! $line =~ ^[[:space:]]*(#.*)?$ ]] || continue
        [[ $line =~ ^[[:space:]]*([a-z_]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*$ ]] ||
            die 2 "$file:$number: 'key = value' is wanted, this is: $line"
        key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
        [[ -z ${seen[$key]-} ]] || die 2 "$file:$number: $key stands in line ${seen[$key]} already"
        seen[$key]=$number
        env_check "$file:$number" "$key" "$value"
        ENV[$key]=$value
    done <"$file"
}

# The environments of a directory, for messages.
env_names() { # DIR
    local file names=()
    for file in "$1"/*.conf; do
        [[ ! -e $file ]] || names+=("$(basename -- "$file" .conf)")
    done
    printf '%s\n' "${names[*]:-none in $1}"
}

env_check() { # WHERE KEY VALUE
    local pattern=${ENV_PATTERN[$2]-}
    [[ -n $pattern ]] || die 2 "$1: unknown key $2; there are: ${ENV_KEYS[*]%%|*}"
    [[ $3 =~ ^($pattern)$ ]] || die 2 "$1: $2 = $3: does not match $pattern"
}

# Lets the database tools of connection.sh use the environment's database, unless options said otherwise.
env_connection() {
    # shellcheck disable=SC2034 # connection.sh reads it
    DATABASE=${ENV[database]}
    if [[ -n ${ENV[database_defaults_file]} && -z ${CONNECTION[defaults-file]-} ]]; then
        CONNECTION[defaults-file]=${ENV[database_defaults_file]}
    fi
}

# ---- the world around ----

# Tells the environment's hook what happens: the arguments are EVENT and TEXT, and BALROG_EVENT, BALROG_TEXT,
# BALROG_ENVIRONMENT, BALROG_SCRIPT, BALROG_USER say the same and more. That it fails, or takes longer than 30 s, is
# logged and changes nothing.
notify() { # EVENT TEXT
    [[ -n ${ENV[hook]-} ]] || return 0
    if [[ -n $DRY_RUN ]]; then
        printf 'would tell %s: %s: %s\n' "${ENV[hook]}" "$1" "$2"
        return 0
    fi
    BALROG_EVENT=$1 BALROG_TEXT=$2 BALROG_ENVIRONMENT=${ENV[name]} BALROG_SCRIPT=${0##*/} \
        BALROG_USER=${SUDO_USER:-$(id -un)} timeout 30 "${ENV[hook]}" "$1" "$2" </dev/null >&2 ||
        log "the hook ${ENV[hook]} failed (exit status $?) on: $1: $2"
}

# Takes the environment's lock for as long as the script runs; exit status 4 when another holds it. Daemons that are
# started meanwhile must not inherit it: {LOCK_FD}>&-.
lock_environment() {
    local file=${ENV[root]}/state/lock holder
    [[ -z $DRY_RUN ]] || return 0
    mkdir -p -- "${ENV[root]}/state" 2>/dev/null || die 1 "cannot make ${ENV[root]}/state"
    exec {LOCK_FD}>>"$file" || die 1 "cannot write to $file"
    if ! flock -n "$LOCK_FD"; then
        holder=$(cat -- "$file" 2>/dev/null)
        die 4 "another script is running on ${ENV[name]}: ${holder:-unknown} (it holds $file)"
    fi
    printf '%s, process %s of %s, since %s\n' "${0##*/}" "$$" "${SUDO_USER:-$(id -un)}" \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$file"
}
