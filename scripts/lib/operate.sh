# shellcheck shell=bash
# What the operators' scripts have in common: the environment that they work on, notifications, dry runs and the lock.

# shellcheck source=scripts/lib/messages.sh
. "${BASH_SOURCE[0]%/*}/messages.sh"

# Every key of an environment, its default, and the pattern that its whole value must match.
# conf/environments/production.conf explains the keys.
declare -gA ENV # filled by env_load
ENV_KEYS=(
    'root|/opt/balrog|/[^ ]*'
    'config_dir|/etc/balrog|/[^ ]*'
    'prefix|balrog|[a-z][a-z0-9-]{0,18}'
    'hosts||[A-Za-z0-9 .@_-]*'
    'ssh_config||(/[^ ]+)?'
    'database|balrog|[A-Za-z0-9_$-]+'
    'database_defaults_file||(/[^ ]+)?'
    'database_host||[A-Za-z0-9.:-]*'
    'database_port|3306|[1-9][0-9]{0,4}'
    'database_socket|/run/mysqld/mysqld.sock|/[^ ]+'
    'public_url||(https?://[^ ]+)?'
    'admin_url||(https?://[^ ]+)?'
    'prometheus_url|http://127.0.0.1:9090|(https?://[^ ]+)?'
    'metrics_dir|/var/lib/prometheus/node-exporter|/[^ ]+'
    'version_urls||(https?://[^ ]+( +https?://[^ ]+)*)?'
    'supervisor|systemd|systemd|multiwatch'
    'nginx_include|/etc/nginx/balrog-upstreams.conf|/[^ ]+'
    'nginx_test|nginx -t|.+'
    'nginx_reload|systemctl reload-or-restart nginx|.+'
    'nginx_log|/var/log/nginx/access.log|/[^ ]+'
    'nginx_sites|/etc/nginx/conf.d|/[^ ]+'
    'public_listen|80 127.0.0.1:8080|[0-9A-Za-z.:*]+( +[0-9A-Za-z.:*]+)*'
    'admin_listen|127.0.0.1:8081|[0-9A-Za-z.:*]+( +[0-9A-Za-z.:*]+)*'
    'tls_certificate||(/[^ ]+)?'
    'tls_key||(/[^ ]+)?'
    'login|passwords|passwords|tokens'
    'first_admin||([!-?A-~]+@[!-?A-~]+)?'
    'token_issuer||(https://[^ ]+)?'
    'token_audience||[^ ]*'
    'token_jwks_url||(https://[^ ]+)?'
    'token_client_id||[^ ]*'
    'agent_token_url||(https://[^ ]+)?'
    'agent_client_id||[^ ]*'
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
    'canary_max_restarts|2|[0-9]{1,3}'
    'canary_answers|2000|[0-9]{1,5}'
    'canary_answers_s|60|[1-9][0-9]{0,3}'
    'canary_max_differences|0|[0-9]{1,6}'
    'scheduled_within_s|3600|[0-9]{1,6}'
    'failed_within_s|3600|[0-9]{1,6}'
    'stop_within_s|604800|[0-9]{1,8}'
    'no_deploy||((Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):[0-5][0-9] - (Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):[0-5][0-9](, *|$))*'
    'time_zone|UTC|[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*'
    'destructive_after_s|604800|[0-9]{1,8}'
    'require_confirmation|no|yes|no'
    'confirmation_wait_s|1800|[0-9]{1,6}'
    'confirmers||[A-Za-z0-9@._-]+(=[0-9A-F]{40})?( +[A-Za-z0-9@._-]+(=[0-9A-F]{40})?)*|'
    'require_signed|yes|yes|no'
    'keyring||(/[^ ]+)?'
    'signers||(/[^ ]+( +/[^ ]+)*)?'
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
    'backup_remote||((ssh:[A-Za-z0-9._@-]+:/[A-Za-z0-9._/-]*|rclone:[A-Za-z0-9._-]+:[A-Za-z0-9._/-]+))?'
    'backup_recipients||(/[^ ]+)?'
    'backup_rclone_config|/etc/balrog/rclone.conf|/[^ ]+'
    'backup_part_mb|64|[1-9][0-9]{0,3}'
    'repository||.*'
    'contacts||.*'
    'escalation||([^, ][^,]* after [0-9]{1,4}(, *|$))*'
)
DRY_RUN=${DRY_RUN-}

# Runs the command; in a dry run it only prints what would be run.
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

# Prints the directory of the environments' files: $BALROG_ENVIRONMENTS; else /etc/balrog/environments; else the tree's.
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

# Fills ENV from NAME.conf, which holds lines "key = value": all keys, with defaults for those that the file lacks.
# ENV[name] and ENV[file] are the name and the path. Ends the script with exit status 2 if the file has an error.
env_load() { # NAME
    local dir file line number=0 key value row
    local -A seen=() ENV_PATTERN=()
    dir=$(env_dir)
    file=$dir/$1.conf
    [[ $1 =~ ^[a-z][a-z0-9_-]*$ ]] || die 2 "-e $1: the name of an environment is expected (a file $dir/NAME.conf)"
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
            die 2 "$file:$number: 'key = value' is expected, but the line is: $line"
        key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
        [[ -z ${seen[$key]-} ]] || die 2 "$file:$number: $key stands in line ${seen[$key]} already"
        seen[$key]=$number
        env_check "$file:$number" "$key" "$value"
        ENV[$key]=$value
    done <"$file"
    [[ -n ${seen[nginx_reload]-} || ${ENV[supervisor]} == systemd ]] ||
        ENV[nginx_reload]='nginx -s reload 2>/dev/null || nginx'
}

# Prints the names of the environments of a directory, for messages.
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

# Sets connection.sh's DATABASE and CONNECTION to the environment's database, except what options have set already.
env_connection() {
    # shellcheck disable=SC2034 # connection.sh reads it
    DATABASE=${ENV[database]}
    if [[ -n ${ENV[database_defaults_file]} && -z ${CONNECTION[defaults-file]-} ]]; then
        CONNECTION[defaults-file]=${ENV[database_defaults_file]}
    fi
}

# Prints the beginning of names that allow no "-": those of nginx's upstreams and of database accounts.
name_prefix() {
    printf '%s\n' "${ENV[prefix]//-/_}"
}

# The directory of a release.
release_dir() { # VERSION
    printf '%s/releases/%s\n' "${ENV[root]}" "$1"
}

# Prints the person who runs the script: whoever called sudo, or the user. Only root's word for the former counts.
who() {
    local name
    name=$(id -un)
    ((EUID != 0)) || name=${SUDO_USER:-$name}
    printf '%s\n' "$name"
}

# ---- people ----

# Prints whom to call, a line each: contacts, then the levels of escalation, soonest first. Nothing if neither is set.
whom_to_call() {
    local levels level
    [[ -z ${ENV[contacts]} ]] || printf '%s\n' "${ENV[contacts]}"
    IFS=, read -ra levels <<<"${ENV[escalation]}"
    for level in "${levels[@]}"; do
        read -r level <<<"$level"
        printf '%s\t%s\n' "${level##* after }" "${level% after *}"
    done | sort -s -n -k 1,1 | while IFS=$'\t' read -r level who; do
        if ((10#$level == 0)); then
            printf 'at once: %s\n' "$who"
        else
            printf 'after %d minutes: %s\n' "$((10#$level))" "$who"
        fi
    done
}

# Prints the same in one line, as the end of a message; nothing if nobody is set.
call_text() {
    local lines
    lines=$(whom_to_call)
    [[ -z $lines ]] || printf '. Whom to call: %s' "${lines//$'\n'/; }"
}

# ---- notifications, and the lock ----

# Calls the environment's hook with the arguments EVENT and TEXT, and with BALROG_EVENT, BALROG_TEXT, BALROG_ENVIRONMENT,
# BALROG_SCRIPT and BALROG_USER in its environment. If the hook fails or takes longer than 30 s, that is only logged.
notify() { # EVENT TEXT
    [[ -n ${ENV[hook]-} ]] || return 0
    if [[ -n $DRY_RUN ]]; then
        printf 'would call %s: %s: %s\n' "${ENV[hook]}" "$1" "$2"
        return 0
    fi
    BALROG_EVENT=$1 BALROG_TEXT=$2 BALROG_ENVIRONMENT=${ENV[name]} BALROG_SCRIPT=${0##*/} \
        BALROG_USER=$(who) timeout 30 "${ENV[hook]}" "$1" "$2" </dev/null >&2 ||
        log "the hook ${ENV[hook]} failed (exit status $?) on: $1: $2"
}

# Takes the environment's lock until the script ends. Ends the script with exit status 4 if another script holds it. Sets
# LOCK_FD. Daemons must not inherit the lock: start them with {LOCK_FD}>&-.
lock_environment() {
    local file=${ENV[root]}/state/lock holder
    [[ -z $DRY_RUN ]] || return 0
    mkdir -p -- "${ENV[root]}/state" 2>/dev/null || die 1 "cannot make ${ENV[root]}/state"
    exec {LOCK_FD}>>"$file" || die 1 "cannot write to $file"
    if ! flock -n "$LOCK_FD"; then
        holder=$(cat -- "$file" 2>/dev/null)
        die 4 "another script is running on ${ENV[name]}: ${holder:-unknown} (it holds the lock $file)"
    fi
    printf '%s, process %s of %s, since %s\n' "${0##*/}" "$$" "$(who)" \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$file"
}

unlock_environment() {
    exec {LOCK_FD}>&-
    unset LOCK_FD
}
