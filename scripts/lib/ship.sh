# shellcheck shell=bash
# Copies backups and binary logs to the remote store, encrypted with age. Uses remote.sh, backup.sh and binlogs.sh.
#
#   NAME/data.00000 …              data.mbs.zst of the backup NAME, encrypted as a whole, in parts of backup_part_mb
#   NAME/tables.age, manifest.age
#   NAME/complete                  written last: the names, sizes and checksums of these files. Without it, nothing reads the backup
#   binlogs/SERIES/LOG/segment-FROM-TO.age   those bytes of a log that is still written, after a line "T0 T1 LOG FROM TO": a mark as
#                                  in binlogs.sh; without times if more of the same pass follows
#   binlogs/SERIES/LOG/mark.age    the newest mark, while nothing is written
#   binlogs/SERIES/LOG/closed-T0.age   a closed log with its marks and checksum, which takes the place of its segments. T0: its first mark
#
# The private keys are not needed for this, and not on this machine. age notices a file that was cut off or changed.

: "${STORE=}"
declare -gA ENV M THERE SENT
declare -ga WHOLE
SHIP_MARK_EVERY_US=30000000

# Dies unless what leaves the machine can be encrypted.
ship_recipients() {
    local file=${ENV[backup_recipients]}
    [[ -n $file ]] || die 2 "backup_recipients is not set in ${ENV[file]}: backups leave this machine only encrypted (docs/backups.md)"
    command -v age >/dev/null || die 1 "age is missing: install the package age"
    [[ -r $file ]] || die 1 "cannot read $file (key backup_recipients)"
    ! grep -i 'AGE-SECRET-KEY-\|PRIVATE KEY' "$file" >/dev/null ||
        die 3 "$file holds a private key. It belongs on the machine where you restore, not here; here belongs the public one (age1…)"
    age -R "$file" </dev/null >/dev/null 2>"$REMOTE_TMP/said" || die 1 "age cannot use $file: $(sed -n 1p "$REMOTE_TMP/said")"
}

ship_encrypt() {
    age -R "${ENV[backup_recipients]}"
}

# ---- backups ----

# Makes $OUT/NAME, with what is to be copied of the backup NAME: encrypted once, so that an interrupted copy can go on.
ship_prepare() { # NAME
    local name=$1 dir=$OUT/$1 file bytes i=0
    [[ ! -d $dir ]] || return 0
    backup_check "$name" || die 1 "$name is damaged: it is not copied to $REMOTE"
    has_room "$OUT" "$((M[size] + M[size] / 50 + 1000000))" ||
        die 1 "too little space in $OUT: $(size_text "${M[size]}") are needed for the encrypted copy of $name"
    rm -rf -- "$dir.unfinished"
    mkdir -p -- "$dir.unfinished/files"
    ship_encrypt <"$STORE/$name/data.mbs.zst" |
        split -b "${ENV[backup_part_mb]}M" -d -a 5 - "$dir.unfinished/files/data." || die 1 "$name cannot be encrypted"
    for file in tables manifest; do
        ship_encrypt <"$STORE/$name/$file" >"$dir.unfinished/files/$file.age" || die 1 "$name cannot be encrypted"
    done
    manifest_read "$name"
    {
        for file in name kind base full finished_us finished series binlog_file data_bytes; do
            printf '%s = %s\n' "$file" "${M[$file]}"
        done
        printf 'format = 1\n'
        for file in "$dir.unfinished/files"/*; do
            bytes=$(stat -c %s -- "$file")
            printf 'file_%d = %s %s %s\n' "$i" "${file##*/}" "$bytes" "$(sha256sum <"$file" | cut -d ' ' -f 1)"
            i=$((i + 1))
        done
        printf 'files = %d\n' "$i"
    } | manifest_write "$dir.unfinished" complete
    mv -- "$dir.unfinished" "$dir"
}

# Copies the backups that the remote store lacks, oldest first.
ship_backups() {
    local name path
    remote_backups "$LISTS"
    for name in $(backups); do
        [[ " ${WHOLE[*]} " != *" $name "* ]] || { rm -rf -- "${OUT:?}/$name" && continue; }
        log "copying $name to $REMOTE"
        # What an earlier attempt has left of another encryption must not be taken for a part of this one.
        if [[ ! -d $OUT/$name ]]; then
            remote_delete < <(remote_paths "$name/")
            rm -rf -- "${LISTS:?}/$name"
        fi
        ship_prepare "$name"
        remote_put_files "$OUT/$name/files" "$name"
        remote_list ''
        manifest_load "$OUT/$name/complete" "$name" || die 1 "$OUT/$name is damaged: remove it"
        remote_whole || die 5 "$REMOTE: not all files of $name are there with their sizes after copying"
        remote_put "$OUT/$name/complete" "$name/complete"
        THERE[$name/complete]=$(stat -c %s -- "$OUT/$name/complete")
        mkdir -p -- "$LISTS/$name"
        mv -- "$OUT/$name/complete" "$LISTS/$name/complete"
        WHOLE+=("$name")
        rm -rf -- "${OUT:?}/$name"
        log "$name is at $REMOTE"
    done
    for path in "$OUT"/[0-9]*Z-*; do # of backups that prune has removed meanwhile
        [[ ! -d $path || -d $STORE/$(basename -- "${path%.unfinished}") ]] || rm -rf -- "$path"
    done
    mapfile -t WHOLE < <(((${#WHOLE[@]} == 0)) || printf '%s\n' "${WHOLE[@]}" | sort)
    ((${#WHOLE[@]} == 0)) || ship_note newest "$(manifest_load "$LISTS/${WHOLE[-1]}/complete" "${WHOLE[-1]}" && echo "${M[finished_us]}")"
}

# Writes a figure that host-metrics and backup status read.
ship_note() { # FILE VALUE
    printf '%s\n' "$2" >"$STORE/remote/$1.new"
    mv -- "$STORE/remote/$1.new" "$STORE/remote/$1"
}

# ---- binary logs ----

# Sets SENT[SERIES/LOG] to the bytes of each log that the remote store has, and to "closed" for those that it has as a whole.
ship_index() {
    local path log to
    SENT=()
    while read -r path; do # in order, so that the last segment of a log comes last
        if [[ $path =~ ^binlogs/([^/]+/[^/]+)/segment-[0-9]+-([0-9]+)\.age$ ]]; then
            log=${BASH_REMATCH[1]} to=$((10#${BASH_REMATCH[2]}))
            [[ ${SENT[$log]-} == closed ]] || SENT[$log]=$to
        elif [[ $path =~ ^binlogs/([^/]+/[^/]+)/closed-[0-9]+\.age$ ]]; then
            log=${BASH_REMATCH[1]}
            SENT[$log]=closed
        fi
    done < <(remote_paths binlogs/)
}

# Copies what was added to the archive of the binary logs since the last time.
ship_logs() {
    local series log newest
    newest=$(series_newest)
    for series in "$STORE"/binlogs/[0-9]*Z; do
        [[ -d $series ]] || continue
        series=$(basename -- "$series")
        for log in $(series_logs "$series"); do
            if [[ ${SENT[$series/$log]-} == closed ]]; then
                continue
            elif [[ -f $STORE/binlogs/$series/$log.sha256 ]]; then
                ship_closed "$series" "$log"
            else
                ship_open "$series" "$log"
            fi
        done
    done
    [[ -z $SHIPPED_T0 || $SHIPPED_SERIES != "$newest" ]] || ship_note position "$SHIPPED_T0"
}

ship_closed() { # SERIES LOG
    local dir=$STORE/binlogs/$1 file=$OUT/$1-$2 path t0 parts=("$2" "$2.sha256")
    t0=$(awk 'NF == 5 && $5 == "." { print $1; exit }' "$dir/$2.marks" 2>/dev/null || true)
    path=binlogs/$1/$2/closed-$(printf %017d "${t0:-0}").age
    if [[ ! -s $file ]]; then
        [[ ! -f $dir/$2.marks ]] || parts+=("$2.marks")
        tar -C "$dir" -cf - -- "${parts[@]}" | zstd -q -3 | ship_encrypt >"$file.unfinished" ||
            die 1 "$dir/$2 cannot be encrypted"
        mv -- "$file.unfinished" "$file"
    fi
    remote_put "$file" "$path"
    THERE[$path]=$(stat -c %s -- "$file")
    rm -f -- "$file"
    SENT[$1/$2]=closed
    remote_delete < <(remote_paths "binlogs/$1/$2/" | grep -v '/closed-')
}

# The log that is being written: the bytes up to its newest mark; or the mark itself, if nothing was written for a while.
ship_open() { # SERIES LOG
    local file=$STORE/binlogs/$1/$2 t0 t1 size from to most=$((ENV[backup_part_mb] * 1048576)) mark
    read -r t0 t1 _ size _ < <(tail -n 20 -- "$file.marks" 2>/dev/null | awk 'NF == 5 && $5 == "."' | tail -n 1) || return 0
    from=${SENT[$1/$2]:-0}
    if ((size <= from)); then
        if ((size == from && t0 >= ${SHIPPED_T0:-0} + SHIP_MARK_EVERY_US)); then
            printf '%s %s %s %s %s\n' "$t0" "$t1" "$2" "$size" "$size" | ship_encrypt >"$OUT/mark"
            remote_put "$OUT/mark" "binlogs/$1/$2/mark.age"
            rm -f -- "$OUT/mark"
            SHIPPED_T0=$t0 SHIPPED_SERIES=$1
        fi
        return
    fi
    while ((from < size)); do
        to=$((from + most < size ? from + most : size)) mark="$t0 $t1"
        ((to == size)) || mark='0 0'
        {
            printf '%s %s %s %s\n' "$mark" "$2" "$from" "$to"
            dd if="$file" bs=1M iflag=skip_bytes,count_bytes skip="$from" count=$((to - from)) status=none
        } | zstd -q -3 | ship_encrypt >"$OUT/segment" || die 1 "$file cannot be encrypted"
        printf -v mark 'binlogs/%s/%s/segment-%012d-%012d.age' "$1" "$2" "$from" "$to"
        remote_put "$OUT/segment" "$mark"
        rm -f -- "$OUT/segment"
        THERE[$mark]=1 SENT[$1/$2]=$to from=$to
    done
    SHIPPED_T0=$t0 SHIPPED_SERIES=$1
}

# ---- retention ----

# Removes from the remote store what backup prune would remove: backups that are older than backup_keep_days and not needed, and
# binary logs from before the oldest that is kept. The last complete full backup stays, however old. Returns false, and removes
# nothing, if one that must be kept is not complete there.
ship_prune() {
    local name limit oldest='' newest='' removed=()
    limit=$((($(date +%s) - ENV[backup_keep_days] * 86400) * 1000000))
    for name in "${WHOLE[@]}"; do
        if [[ $name == *-full ]] && manifest_load "$LISTS/$name/complete" "$name"; then
            newest=$name
            [[ -n $oldest && ${M[finished_us]} -gt $limit ]] || oldest=$name
        fi
    done
    [[ -n $oldest ]] || return 0
    while read -r name; do # newest first: an incremental backup goes before the backup that it is based on
        if [[ $name < $oldest ]]; then
            removed+=("$name")
        elif [[ -n ${THERE[$name/complete]-} && " ${WHOLE[*]} " != *" $name "* ]]; then
            log "$REMOTE: files of $name, which must be kept, are missing: nothing is removed"
            notify backup-bad "backup-push of ${ENV[name]}: files of $name are missing in $REMOTE"
            return 1
        fi
    done < <(printf '%s\n' "${!THERE[@]}" | sed -n 's|^\([0-9][^/]*Z-[a-z]*\)/.*|\1|p' | sort -ru)
    for name in "${removed[@]}"; do
        ship_remove "$name"
    done
    manifest_load "$LISTS/$oldest/complete" "$oldest"
    ship_prune_logs "${M[series]}" "${M[binlog_file]}"
    ((${#removed[@]} == 0)) || log "$REMOTE: kept from $oldest on; the newest full backup is $newest"
}

ship_remove() { # NAME
    local parts
    parts=$(remote_paths "$1/" | sed '/\/complete$/d')
    [[ -z ${THERE[$1/complete]-} ]] || remote_delete <<<"$1/complete"
    [[ -z $parts ]] || remote_delete <<<"$parts"
    rm -rf -- "${LISTS:?}/$1"
    log "$REMOTE: removed $1"
}

ship_prune_logs() { # SERIES LOG: of the oldest backup that is kept
    local path series log old=()
    for path in "${!THERE[@]}"; do
        [[ $path =~ ^binlogs/([^/]+)/([^/]+\.[0-9]+)/ ]] || continue
        series=${BASH_REMATCH[1]} log=${BASH_REMATCH[2]}
        if [[ $series < $1 ]] || { [[ $series == "$1" ]] && ((10#${log##*.} < 10#${2##*.})); }; then
            old+=("$path")
        fi
    done
    ((${#old[@]} == 0)) || remote_delete < <(printf '%s\n' "${old[@]}" | sort)
}
