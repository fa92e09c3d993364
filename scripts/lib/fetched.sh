# shellcheck shell=bash
# Brings a backup with its binary logs from the remote store to a directory, decrypted, so that it is a store as backup.sh
# describes it: for restore --from and backup-verify --from. Uses remote.sh and backup.sh; ship.sh describes what is there.

declare -gA ENV M THERE
declare -ga WHOLE

# Dies unless the file may hold private keys of age.
fetch_identity() { # FILE
    command -v age >/dev/null || die 1 "age is missing: install the package age"
    [[ -r $1 ]] || die 2 "--identity $1: cannot read it; it is the file with the private key that age-keygen has made"
}

fetch_decrypt() {
    age -d -i "$IDENTITY"
}

# Chooses the backup NAME; without it the newest from before TIME (microseconds; empty: now). Sets NAME, and FETCH to it and the
# backups that it is based on, the full one first. M is then the list of NAME.
fetch_choose() { # DIR TIME [NAME]
    local name
    mkdir -p -- "$1/download"
    remote_list ''
    remote_backups "$1/download"
    NAME=${3-}
    if [[ -z $NAME ]]; then
        for name in "${WHOLE[@]}"; do
            manifest_load "$1/download/$name/complete" "$name"
            if [[ -z $2 || ${M[finished_us]} -le $2 ]]; then
                NAME=$name
            fi
        done
        [[ -n $NAME ]] || die 3 "there is no complete backup of ${ENV[name]}${2:+ from before $(time_text "$2")} in $REMOTE"
    fi
    name=$NAME FETCH=()
    while :; do
        [[ " ${WHOLE[*]} " == *" $name "* ]] || die 3 "$NAME cannot be restored from $REMOTE: $name is not complete there"
        manifest_load "$1/download/$name/complete" "$name"
        FETCH=("$name" "${FETCH[@]}")
        [[ ${M[kind]} == incremental ]] || break
        name=${M[base]}
    done
    manifest_load "$1/download/$NAME/complete" "$NAME"
}

# Brings everything that a restore to TIME needs: DIR is a store afterwards. What is there of an interrupted run is used.
fetch_store() { # DIR TIME [NAME]
    local name
    fetch_choose "$@"
    log "fetching ${FETCH[*]} from $REMOTE"
    fetch_room "$1"
    for name in "${FETCH[@]}"; do
        fetch_backup "$1" "$name"
    done
    manifest_read "$NAME" || die 1 "$NAME in $REMOTE is not what its name says"
    fetch_logs "$1" "$2" "${M[series]}" "${M[binlog_file]}"
    : >>"$1/reading"
    rm -rf -- "$1/download"
}

fetch_room() { # DIR
    local path bytes=0
    for path in "${!THERE[@]}"; do
        [[ " ${FETCH[*]} " != *" ${path%%/*} "* && $path != binlogs/* ]] || bytes=$((bytes + 2 * THERE[$path]))
    done
    has_room "$1" "$bytes" || die 1 "too little space in $1: about $(size_text "$bytes") are needed for what comes from $REMOTE"
}

fetch_backup() { # DIR NAME
    local dir=$1/$2 from=$1/download/$2 i file bytes sum
    [[ ! -d $dir ]] || return 0
    manifest_load "$from/complete" "$2"
    for ((i = 0; i < M[files]; i++)); do
        read -r file _ <<<"${M[file_$i]}"
        printf '%s\n' "$2/$file"
    done | remote_get "$1/download"
    for ((i = 0; i < M[files]; i++)); do
        read -r file bytes sum <<<"${M[file_$i]}"
        [[ $(stat -c %s -- "$from/$file" 2>/dev/null) == "$bytes" && $(sha256sum <"$from/$file" | cut -d ' ' -f 1) == "$sum" ]] || {
            rm -f -- "$from/$file"
            die 1 "$2 in $REMOTE is damaged: the checksum of $file differs. Choose a time before it"
        }
    done
    rm -rf -- "$dir.unfinished"
    mkdir -- "$dir.unfinished"
    cat -- "$from"/data.* | fetch_decrypt >"$dir.unfinished/data.mbs.zst" || die 1 "$2 cannot be decrypted with $IDENTITY"
    for file in tables manifest; do
        fetch_decrypt <"$from/$file.age" >"$dir.unfinished/$file" || die 1 "$2 cannot be decrypted with $IDENTITY"
    done
    mv -- "$dir.unfinished" "$dir"
    rm -f -- "$from"/data.*
}

# ---- binary logs ----

# Prints the numbers and names of a series' logs in the remote store, in order.
fetch_log_names() { # SERIES
    remote_paths "binlogs/$1/" | cut -d / -f 3 | sort -uV
}

# Brings the logs of a series from LOG on; those that begin after TIME are left out, except the first of them.
fetch_logs() { # DIR TIME SERIES LOG
    local log path later='' closed wanted=() number=$((10#${4##*.}))
    for log in $(fetch_log_names "$3"); do
        [[ -z $later ]] || break
        ((10#${log##*.} >= 10#${4##*.})) || continue
        ((10#${log##*.} == number)) || die 1 "a binary log is missing in $REMOTE before $3/$log"
        number=$((number + 1))
        closed=$(remote_paths "binlogs/$3/$log/closed-" | tail -n 1)
        [[ ! $closed =~ closed-([0-9]+)\.age$ || -z $2 ]] || ((10#${BASH_REMATCH[1]} <= $2)) || later=1
        wanted+=("$log")
        rm -f -- "$1/download/binlogs/$3/$log/mark.age" # an interrupted run may have an older one
        remote_paths "binlogs/$3/$log/${closed:+closed-}"
    done >"$REMOTE_TMP/logs"
    remote_get "$1/download" <"$REMOTE_TMP/logs"
    mkdir -p -- "$1/binlogs/$3"
    mapfile -t wanted < <(cut -d / -f 3 "$REMOTE_TMP/logs" | uniq)
    for log in "${wanted[@]}"; do
        fetch_log "$1/download/binlogs/$3/$log" "$1/binlogs/$3" "$log"
    done
    [[ -n $2 ]] || fetch_only_series "$3"
}

# "latest" means the newest series. A restore of an older one would leave out what is newer without saying so.
fetch_only_series() { # SERIES
    local newest
    newest=$(remote_paths binlogs/ | cut -d / -f 2 | tail -n 1)
    [[ -z $newest || $newest == "$1" ]] ||
        die 3 "the server started new binary logs after the last backup in $REMOTE: give a time before that"
}

# Puts a log together in TO, from what was brought to FROM.
fetch_log() { # FROM TO LOG
    local file=$2/$3 part t0 t1 log from to have=0 last
    if compgen -G "$1/closed-*.age" >/dev/null; then
        fetch_decrypt <"$(printf '%s\n' "$1"/closed-*.age | tail -n 1)" | zstd -q -d | tar -C "$2" --wildcards -xf - -- "$3*" ||
            die 1 "the binary log $3 from $REMOTE cannot be decrypted with $IDENTITY, or is damaged"
        return
    fi
    : >"$file" && : >"$file.marks"
    last=$(printf '%s\n' "$1"/segment-*.age | tail -n 1)
    for part in "$1"/segment-*.age; do
        if ! fetch_decrypt <"$part" 2>"$REMOTE_TMP/said" | zstd -q -d >"$1/plain" 2>>"$REMOTE_TMP/said"; then
            [[ $part == "$last" && $have -gt 0 ]] || die 1 "${part##*/} of the binary log $3 cannot be decrypted with $IDENTITY: $(sed -n 1p "$REMOTE_TMP/said")"
            log "${part##*/} of the binary log $3 is not complete in $REMOTE: it is left out"
            break
        fi
        read -r t0 t1 log from to < <(sed -n '1{p;q}' "$1/plain")
        [[ $log == "$3" && $from == "$have" ]] || die 1 "a part of the binary log $3 is missing in $REMOTE: bytes $have to $from"
        tail -n +2 -- "$1/plain" >>"$file"
        have=$to
        [[ $(stat -c %s -- "$file") == "$have" ]] || die 1 "${part##*/} of the binary log $3 does not hold what it says"
        [[ $t0 == 0 ]] || printf '%s\n' "$t0 $t1 $3 $to ." >>"$file.marks"
    done
    rm -f -- "$1/plain"
    [[ ! -e $1/mark.age ]] || fetch_mark "$1/mark.age" "$file" "$have"
}

# The mark of a time in which nothing was written.
fetch_mark() { # FILE LOG HAVE
    local t0 t1 to
    read -r t0 t1 _ _ to < <(fetch_decrypt <"$1" 2>/dev/null) || return 0
    if [[ $to == "$3" ]] && ((t0 > $(awk '{ t = $1 } END { print t + 0 }' "$2.marks"))); then
        printf '%s\n' "$t0 $t1 ${2##*/} $to ." >>"$2.marks"
    fi
}
