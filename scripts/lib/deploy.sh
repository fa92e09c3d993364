# shellcheck shell=bash
# What scripts/deploy, rollback, promote, abort and the others share: options, hosts, the record of deploys, the canary's
# state. Uses operate.sh. The caller sets TOP, the top of the tree, and calls deploy_open.
: "${TOP=}"
declare -gA ENV STATE_OF

ENVIRONMENT=
ACTING=    # what the script is doing, once it is past the checks; recorded if it fails
WAITS_FOR= # the process group of the command that interruptible() waits for

# Handles an option that all of these scripts know, and sets TAKEN to the number of its words. Returns false for others.
deploy_option() { # OPTION [VALUE]
    # shellcheck disable=SC2034 # for the scripts' loops
    TAKEN=1
    case $1 in
    -h | --help)
        usage
        exit 0
        ;;
    --dry-run) DRY_RUN=1 ;;
    -e | --environment)
        (($# >= 2)) || die 2 "$1 needs the name of an environment"
        ENVIRONMENT=$2
        # shellcheck disable=SC2034
        TAKEN=2
        ;;
    *) return 1 ;;
    esac
}

# Loads the environment. Sets STATE, CANARY and LOG_FILE to its paths.
deploy_open() {
    [[ -n $ENVIRONMENT ]] || die 2 "-e stage or -e production is needed; see --help"
    env_load "$ENVIRONMENT"
    ENV[root]=$(realpath -m -- "${ENV[root]}")
    STATE=${ENV[root]}/state
    CANARY=$STATE/canary
    [[ -n $DRY_RUN || ! -d $STATE ]] || LOG_FILE=$STATE/deploy.log
}

# The same, for a command that deploys: it also makes the directories and takes the lock.
deploy_begin() {
    deploy_open
    if [[ -z $DRY_RUN ]]; then
        at_each prepare
        mkdir -p -- "$STATE"
        LOG_FILE=$STATE/deploy.log
        lock_environment
    fi
}

is_version() { # TEXT
    [[ $1 =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]]
}

need_version() { # TEXT
    is_version "$1" || die 2 "$1: a two-part version is expected, like v1.2"
}

older() { # VERSION VERSION: whether the first one is older, with or without a v before them
    [[ ${1#v} != "${2#v}" && $(printf '%s\n' "${1#v}" "${2#v}" | sort --version-sort | sed -n 1p) == "${1#v}" ]]
}

# ---- hosts ----

# Prints the environment's machines; "here" if it lists none.
hosts() {
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' ${ENV[hosts]:-here}
}

# Runs a command by ssh. ssh never asks for input (BatchMode), and gives up if the host stops answering.
ssh_to() { # HOST COMMAND…
    local host=$1 options=(-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15)
    shift
    [[ -z ${ENV[ssh_config]} ]] || options+=(-F "${ENV[ssh_config]}")
    ssh "${options[@]}" -- "$host" "$(printf '%q ' "$@")"
}

# Runs a command that does not inherit the environment's lock.
without_lock() { # COMMAND…
    if [[ -n ${LOCK_FD-} ]]; then
        "$@" {LOCK_FD}>&-
    else
        "$@"
    fi
}

# Runs scripts/host on one machine.
at() { # HOST COMMAND…
    local host=$1
    shift
    if [[ $host == here ]]; then
        LOG_FILE=$LOG_FILE without_lock "$TOP/scripts/host" -e "${ENV[name]}" "$@"
    else
        send_scripts "$host"
        without_lock ssh_to "$host" env BALROG_ENVIRONMENTS="${ENV[root]}/operate/$SCRIPTS_ID/environments" \
            "${ENV[root]}/operate/$SCRIPTS_ID/scripts/host" -e "${ENV[name]}" "$@"
    fi
}

# Runs scripts/host on each machine in turn. Stops at the first one that fails and returns its exit status.
at_each() { # COMMAND…
    local host status
    for host in $(hosts); do
        if [[ -n $DRY_RUN ]]; then
            echo "would run on $host: host $*"
            continue
        fi
        status=0
        if may_wait "$1"; then
            [[ $host == here ]] || send_scripts "$host"
            interruptible at "$host" "$@" </dev/null || status=$?
        else
            at "$host" "$@" </dev/null || status=$?
        fi
        if ((status)); then
            [[ $host == here ]] || log "$host: failed: host $*"
            return "$status"
        fi
    done
}

# Whether a command of scripts/host may wait for long, so that a signal must end it. The others take a moment, and some must
# not end halfway.
may_wait() { # COMMAND
    [[ $1 == ready || $1 == stop || $1 == stop-others ]]
}

# The same for a command that changes nothing: it runs in a dry run, too.
ask_each() { # COMMAND…
    DRY_RUN='' at_each "$@"
}

# Every host runs our version of the scripts, from ROOT/operate/ID. ID is a checksum of them, so a directory never changes
# while somebody uses it. Directories that were not used for a week are removed.
declare -A SENT=()
SCRIPTS_ID=
pack_scripts() {
    tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --directory "$TOP" \
        scripts conf/cron conf/logrotate conf/nginx conf/systemd \
        --directory "$(dirname -- "${ENV[file]}")" --transform "s|^${ENV[name]}.conf\$|environments/${ENV[name]}.conf|" \
        "${ENV[name]}.conf"
}

# Sends the scripts to a host, once. Sets SCRIPTS_ID.
# shellcheck disable=SC2016 # the shell there expands them
send_scripts() { # HOST
    [[ -z ${SENT[$1]-} ]] || return 0
    SCRIPTS_ID=${SCRIPTS_ID:-$(pack_scripts | sha256sum | cut -c 1-16)}
    # This must be one line: the shell there may not understand how bash quotes a newline.
    local unpack='set -e; mkdir -p "$1"; new=$(mktemp -d "$1/new.XXXXXX"); chmod 755 "$new"; '
    unpack+='tar --extract --no-same-owner --touch --directory "$new"; '
    unpack+='[ ! -d "$1/$2" ] && mv -T "$new" "$1/$2" 2>/dev/null || { rm -rf "$new"; touch "$1/$2"; }; '
    unpack+='find "$1" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +'
    pack_scripts | ssh_to "$1" sh -c "$unpack" receive "${ENV[root]}/operate" "$SCRIPTS_ID" ||
        die 1 "$1: cannot send the scripts there: see the message above"
    SENT[$1]=1
}

# Sends the release to every host that lacks it.
send_release() { # VERSION
    local host
    for host in $(hosts); do
        [[ $host != here ]] || continue
        if [[ -n $DRY_RUN ]]; then
            echo "would send $1 to $host unless it is there"
        elif ! at "$host" has "$1" </dev/null; then
            log "sending $1 to $host"
            tar --create --directory "$(release_dir "$1")" . | at "$host" receive "$1"
        fi
    done
}

# Prints the version of a service that is current on the first host; nothing if there is none.
current_version() { # SERVICE
    at "$(hosts | sed -n 1p)" current "$1" </dev/null
}

# ---- the record ----

# Appends to the record of deploys: time, outcome, user, text.
record() { # OUTCOME TEXT
    [[ -z $DRY_RUN ]] || return 0
    printf '%s\t%s\t%s\t%s\n' "$(date +%s)" "$1" "$(who)" "$2" >>"$STATE/deploys"
}

# For the trap on EXIT: records, logs and notifies that what had begun has failed, or was interrupted by a signal.
note_failure() {
    local status=$?
    [[ -n $ACTING && $status -ne 0 ]] || return 0
    if ((status == 130 || status == 143)); then
        record interrupted "$ACTING"
        log "interrupted: $ACTING; the same command continues"
        notify interrupted "$ACTING was interrupted on ${ENV[name]}; the same command continues"
        return 0
    fi
    record failed "$ACTING"
    log "failed: $ACTING$(call_text)"
    notify failed "$ACTING failed on ${ENV[name]} (exit status $status); see $LOG_FILE$(call_text)"
}

# Ends the script because of a signal, and first what it waits for in interruptible(), at most a second later.
end_by_signal() { # STATUS
    local tries
    trap : INT TERM HUP # not '', which the hook would inherit
    if [[ -n $WAITS_FOR ]]; then
        kill -TERM -- "-$WAITS_FOR" 2>/dev/null || true
        for ((tries = 0; tries < 20; tries++)); do
            kill -0 -- "-$WAITS_FOR" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL -- "-$WAITS_FOR" 2>/dev/null || true
        wait "$WAITS_FOR" 2>/dev/null || true
    fi
    exit "$1"
}

catch_signals() {
    trap 'end_by_signal 130' INT
    trap 'end_by_signal 143' TERM HUP
}

# Runs a command that may take long. bash runs a trap only after the command that it waits for, except in "wait": so the
# command runs beside the script, as a process group that end_by_signal() ends.
interruptible() { # COMMAND…
    local status=0
    set -m
    "$@" &
    WAITS_FOR=$!
    set +m
    wait "$WAITS_FOR" || status=$?
    WAITS_FOR=
    return "$status"
}

begin() { # TEXT
    ACTING=$1
    trap note_failure EXIT
    catch_signals
    record begun "$1"
}

finished() { # OUTCOME
    [[ -z $DRY_RUN ]] || { ACTING= && return; }
    record "$1" "$ACTING"
    log "$ACTING: $1"
    ACTING=
}

# ---- the canary's state: lines "key = value" in ROOT/state/canary ----

# Fills STATE_OF. Returns false if there is no canary.
canary_load() {
    local key value
    STATE_OF=()
    [[ -r $CANARY ]] || return 1
    while IFS='=' read -r key value; do
        STATE_OF[${key% }]=${value# }
    done <"$CANARY"
    [[ -n ${STATE_OF[version]-} ]]
}

canary_save() {
    local key
    [[ -z $DRY_RUN ]] || return 0
    for key in "${!STATE_OF[@]}"; do
        printf '%s = %s\n' "$key" "${STATE_OF[$key]}"
    done | sort >"$CANARY.new"
    mv -- "$CANARY.new" "$CANARY"
}

canary_new() { # VERSION STABLE KIND
    STATE_OF=([version]=$1 [stable]=$2 [kind]=$3 [who]=$(who))
    canary_phase starting
}

# Saves the phase: starting, watching, promoting or aborting. A command that was interrupted continues by it.
canary_phase() { # PHASE
    [[ $1 != starting && $1 != watching ]] || STATE_OF[started]=$(date +%s)
    STATE_OF[phase]=$1
    canary_save
}

canary_forget() {
    [[ -z $DRY_RUN ]] || return 0
    rm -f -- "$CANARY" "$CANARY.base" "$CANARY.now" "$CANARY.answers" "$CANARY.asked"
}

need_canary() {
    canary_load || die 3 "there is no canary on ${ENV[name]}"
}
