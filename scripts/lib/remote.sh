# shellcheck shell=bash
# The remote store of backups: a directory of another machine (rsync over ssh), or a store that rclone knows, such as one that
# speaks S3. Paths are relative to the environment's part of it. Uses operate.sh.
#
#   ssh:HOST:/DIRECTORY       rclone:NAME:PATH       (the key backup_remote; --from of restore and backup-verify)
#
# Over ssh everything goes through rsync, so an account is enough that may only run rrsync in that directory.

declare -gA ENV THERE # THERE: path => bytes, as remote_list has found them
REMOTE=               # as it is named in messages
REMOTE_KIND=
REMOTE_BASE=          # what rsync or rclone call it
REMOTE_SSH=()
REMOTE_RCLONE=()
REMOTE_TMP=

# Sets the remote store, and connects to it. The directory TMP must exist; its path must be short, for ssh's socket.
remote_open() { # ssh:…|rclone:… TMP
    local host path
    [[ $1 =~ ^(ssh|rclone):([A-Za-z0-9._@-]+):([A-Za-z0-9._/-]+)$ ]] ||
        die 2 "$1: a remote store is named ssh:HOST:/DIRECTORY or rclone:NAME:PATH"
    REMOTE=$1 REMOTE_KIND=${BASH_REMATCH[1]} REMOTE_TMP=$2
    host=${BASH_REMATCH[2]} path=${BASH_REMATCH[3]%/}/${ENV[name]}
    REMOTE_BASE=$host:$path
    if [[ $REMOTE_KIND == rclone ]]; then
        command -v rclone >/dev/null || die 1 "rclone is missing: install the package rclone"
        [[ -r ${ENV[backup_rclone_config]} ]] ||
            die 1 "cannot read ${ENV[backup_rclone_config]} (key backup_rclone_config), where rclone finds its store $host"
        REMOTE_RCLONE=(rclone --config "${ENV[backup_rclone_config]}" --quiet --retries 2 --low-level-retries 3 --contimeout 10s
            --timeout 60s)
        return
    fi
    [[ $path == /* ]] || die 2 "$1: the directory must begin with /"
    command -v rsync >/dev/null || die 1 "rsync is missing: install the package rsync"
    REMOTE_SSH=(ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3
        -o ControlPath="$REMOTE_TMP/s" ${ENV[ssh_config]:+-F "${ENV[ssh_config]}"})
    # One connection, which ends with us. It must not keep our standard error open.
    "${REMOTE_SSH[@]}" -o ControlMaster=yes -o ControlPersist=300 -N -f -- "$host" </dev/null >/dev/null 2>"$REMOTE_TMP/said" ||
        die 5 "$REMOTE cannot be reached: $(tail -n 1 -- "$REMOTE_TMP/said")"
}

remote_close() {
    [[ $REMOTE_KIND != ssh ]] || "${REMOTE_SSH[@]}" -O exit -- "${REMOTE_BASE%%:*}" >/dev/null 2>&1 || true
}

# Runs rsync or rclone; dies with what it said if it fails.
remote_run() { # COMMAND…
    "$@" 2>"$REMOTE_TMP/said" || die 5 "$REMOTE: ${1##*/} failed (exit status $?): $(grep -v '^$' -- "$REMOTE_TMP/said" | tail -n 2 | tr '\n' ' ')"
}

remote_rsync() {
    remote_run rsync --recursive --links --times --timeout=60 --rsh="${REMOTE_SSH[*]}" "$@"
}

remote_rclone() {
    remote_run "${REMOTE_RCLONE[@]}" "$@"
}

# Fills THERE with what is below PATH; without it, with everything.
remote_list() { # [PATH]
    local prefix=${1:+$1/} bytes path status=0
    THERE=()
    if [[ $REMOTE_KIND == rclone ]]; then
        "${REMOTE_RCLONE[@]}" lsf --recursive --files-only --format sp --separator ' ' "$REMOTE_BASE/$prefix" \
            >"$REMOTE_TMP/list" 2>"$REMOTE_TMP/said" || status=$?
        ((status == 0 || status == 3)) || # 3: there is no such directory
            die 5 "$REMOTE cannot be listed: $(tail -n 1 -- "$REMOTE_TMP/said")"
    else
        rsync --recursive --list-only --no-human-readable --timeout=60 --rsh="${REMOTE_SSH[*]}" "$REMOTE_BASE/$prefix" \
            >"$REMOTE_TMP/answer" 2>"$REMOTE_TMP/said" || status=$?
        ((status == 0)) || grep 'No such file or directory' "$REMOTE_TMP/said" >/dev/null ||
            die 5 "$REMOTE cannot be listed: $(tail -n 1 -- "$REMOTE_TMP/said")"
        awk '/^-/ { print $2, $5 }' "$REMOTE_TMP/answer" >"$REMOTE_TMP/list"
    fi
    while read -r bytes path; do
        # Files and directories whose names begin with a dot are uploads that have not ended.
        [[ /$path == */.* ]] || THERE[$prefix$path]=$bytes
    done <"$REMOTE_TMP/list"
}

# Copies a file. It gets its name when it is complete. An interrupted copy goes on where it stopped.
remote_put() { # FILE PATH
    if [[ $REMOTE_KIND == rclone ]]; then
        remote_rclone copyto --ignore-times -- "$1" "$REMOTE_BASE/$2"
    else
        # By the name that it gets: rrsync cannot replace a file that is named as the target.
        rm -rf -- "$REMOTE_TMP/put" && mkdir -- "$REMOTE_TMP/put" && ln -s -- "$(realpath -- "$1")" "$REMOTE_TMP/put/${2##*/}"
        remote_rsync --copy-links --ignore-times --fsync --mkpath --partial-dir=.partial -- "$REMOTE_TMP/put/${2##*/}" "$REMOTE_BASE/${2%/*}/"
    fi
}

# Copies the files of a directory, except those that are there already.
remote_put_files() { # DIR PATH
    if [[ $REMOTE_KIND == rclone ]]; then
        remote_rclone copy -- "$1" "$REMOTE_BASE/$2"
    else
        remote_rsync --fsync --mkpath --partial-dir=.partial -- "$1/" "$REMOTE_BASE/$2/"
    fi
}

# Copies the files whose paths are on standard input to below DIR, except those that are there already.
remote_get() { # DIR
    cat >"$REMOTE_TMP/paths"
    [[ -s $REMOTE_TMP/paths ]] || return 0
    if [[ $REMOTE_KIND == rclone ]]; then
        remote_rclone copy --files-from-raw "$REMOTE_TMP/paths" -- "$REMOTE_BASE" "$1"
    else
        remote_rsync --partial-dir=.partial --files-from="$REMOTE_TMP/paths" -- "$REMOTE_BASE/" "$1/"
    fi
}

# Prints the paths that begin with PREFIX, of those that remote_list has found.
remote_paths() { # PREFIX
    printf '%s\n' "${!THERE[@]}" | awk -v prefix="$1" 'index($0, prefix) == 1' | sort
}

# Removes the files whose paths are on standard input.
remote_delete() {
    local path
    cat >"$REMOTE_TMP/paths"
    [[ -s $REMOTE_TMP/paths ]] || return 0
    if [[ $REMOTE_KIND == rclone ]]; then
        remote_rclone delete --files-from-raw "$REMOTE_TMP/paths" -- "$REMOTE_BASE"
    else
        # rsync removes files that are missing here, in directories that are not.
        sed "s|/[^/]*$||; s|^|$REMOTE_TMP/nothing/|" "$REMOTE_TMP/paths" | sort -u | xargs mkdir -p --
        remote_rsync --delete-missing-args --files-from="$REMOTE_TMP/paths" -- "$REMOTE_TMP/nothing/" "$REMOTE_BASE/"
    fi
    while read -r path; do
        unset "THERE[$path]"
    done <"$REMOTE_TMP/paths"
}

# ---- what is complete ----

# Whether all files of the backup whose list M holds are there, with their sizes.
remote_whole() {
    local i path bytes
    for ((i = 0; i < ${M[files]:-0}; i++)); do
        read -r path bytes _ <<<"${M[file_$i]-}"
        [[ ${THERE[${M[name]}/$path]-} == "$bytes" ]] || return 1
    done
    ((i > 0))
}

# Copies the lists of files of all backups to DIR/NAME/complete. Sets WHOLE to the names of the backups that are complete, oldest
# first. The list is the last file of a backup that is written, and the first one that is removed.
remote_backups() { # DIR
    local path name
    WHOLE=()
    for path in "${!THERE[@]}"; do
        [[ $path != [0-9]*Z-@(full|incremental)/complete || -s $1/$path ]] || printf '%s\n' "$path"
    done | remote_get "$1"
    for name in $(printf '%s\n' "${!THERE[@]}" | sed -n 's|/complete$||p' | sort); do
        if manifest_load "$1/$name/complete" "$name" && remote_whole; then
            WHOLE+=("$name")
        fi
    done
}
