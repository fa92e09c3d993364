# shellcheck shell=bash
# Snapshots of many big releases: how long until the first answer, how much memory, what a changed release costs. One
# worker, a real database. Sourced by lib.sh.
: "${DIR:=}" "${BENCH:=}" "${BUILD:=}" "${PUBLIC_URL:=}"

SIZE=()  # rules, releases, platforms, locales
CHANGES=90000000 # counts them, from there
CHANGED= # the release that is changed, one locale of it …
ASSET=
QUERY= # … and who asks for it

# ---- cold start ----

# When the process PID was started, in seconds since the machine was.
started_at() {
    local stat
    stat=$(<"/proc/$1/stat")
    read -ra stat <<<"${stat##*) }"
    awk -v ticks="${stat[19]}" -v hz="$(getconf CLK_TCK)" 'BEGIN { print ticks / hz }'
}

uptime_s() {
    cut -d ' ' -f 1 /proc/uptime
}

# Seconds from the start of a new worker to its first answer. The old one is killed; multiwatch keeps the socket, where the
# request waits.
cold_start() {
    local old new answered
    old=$(sandbox pids public)
    kill -KILL "$old"
    tail --pid="$old" -f /dev/null
    fetch "$PUBLIC_URL$QUERY" >/dev/null
    answered=$(uptime_s)
    new=$(sandbox pids public)
    [[ $new != "$old" ]] || die 1 "the worker was not replaced"
    awk -v a="$answered" -v b="$(started_at "$new")" 'BEGIN { printf "%.2f\n", a - b }'
}

# ROUNDS, one a line. With file, the worker starts from its snapshot file; otherwise from the database; with db, that is
# started anew before each, its caches empty.
cold_starts() { # ROUNDS [file|db]
    local i kept=$DIR/sandbox/kept
    for ((i = 0; i < $1; i++)); do
        [[ ${2-} != db ]] || sandbox restart db
        if [[ ${2-} != file ]]; then
            rm -f -- "$kept"/snapshot-*
        fi
        while [[ ${2-} == file ]] && ! compgen -G "$kept/snapshot-*[0-9]" >/dev/null; do
            sleep 0.1 # the worker collects it
        done
        cold_start
    done
}

# ---- memory ----

memory() { # FIELD: of smaps_rollup, MB
    local pid
    pid=$(sandbox pids public)
    awk -v field="^$1:" '$1 ~ field { sum += $2 } END { printf "%.0f\n", sum / 1024 }' "/proc/$pid/smaps_rollup"
}

json_mb() {
    sandbox sql -N -B -e "SELECT ROUND(((SELECT SUM(LENGTH(data)) FROM release_assets)
        + (SELECT SUM(LENGTH(data)) FROM releases_json) + (SELECT SUM(LENGTH(data)) FROM releases)) / 1048576)"
}

# ---- changes ----

# A change of one locale, as the API makes it: its complete's size becomes N, which no other has. Of the whole: of the
# base, too.
change_sql() { # locale|whole N
    local base=
    [[ $1 == locale ]] || base="UPDATE releases_json SET data = JSON_SET(data, '$.changed', $2),
        data_version = data_version + 1 WHERE name = '$CHANGED';"
    printf "BEGIN; %s UPDATE release_assets SET data = JSON_REPLACE(data, '$.completes[0].filesize', %d),
        data_version = data_version + 1 WHERE name = '%s' AND path = '%s'; COMMIT;\n" "$base" "$2" "$CHANGED" "$ASSET"
}

# Changes ROUNDS times; prints ms from the commit until it is visible, and ms of the build, a line each.
apply_changes() { # locale|whole ROUNDS
    local i from to waiting socket=$DIR/sandbox/run/public.sock
    coproc SESSION { sandbox sql -N -B --unbuffered; }
    for ((i = 1; i <= $2; i++)); do
        CHANGES=$((CHANGES + 1))
        "$BUILD/test/integration/fcgi_probe" "$socket" 1 await 60000 "size=\"$CHANGES\"" "$QUERY" >/dev/null &
        waiting=$!
        change_sql "$1" "$CHANGES" >&"${SESSION[1]}"
        printf 'SELECT 1;\n' >&"${SESSION[1]}"
        read -r _ <&"${SESSION[0]}"
        from=$EPOCHREALTIME
        wait "$waiting" || die 1 "a change was not visible within a minute"
        to=$EPOCHREALTIME
        awk -v a="$from" -v b="$to" -v build="$(metric balrog_public_snapshot_build_seconds)" \
            'BEGIN { printf "%.1f %.1f\n", (b - a) * 1000, build * 1000 }'
    done
    eval "exec ${SESSION[1]}>&-"
    wait "$SESSION_PID"
}

# Until it is killed: ten changes a second, by one session.
keep_changing() { # locale|whole
    local i
    for ((i = 0; ; i++)); do
        change_sql "$1" $((91000000 + i % 1000000))
        sleep 0.1 # the pace
    done | sandbox sql
}

# What is on machines of its own in life stands back here: the database, and who changes it. Where the kernel shares the
# processors out by session, sessions have a priority of their own.
stand_back() { # PID
    renice -n 10 -g "$1" >/dev/null
    [[ ! -e /proc/$1/autogroup || $(ps -o sid= -p "$1") -ne $1 ]] || echo 10 >"/proc/$1/autogroup"
}

built() {
    metric balrog_public_snapshot_generation
}

# A round of load, with changes of KIND meanwhile unless it is quiet: appends RATE P50 P99 to KIND.NAME.
load_round() { # quiet|locale|whole NAME SECONDS [PAUSE-MS]
    local before changer=
    before=$(built)
    if [[ $1 != quiet ]]; then
        set -m
        keep_changing "$1" &
        changer=$!
        STARTED+=("-$changer")
        set +m
        stand_back "$changer"
        while (($(built) == before)); do
            kill -0 "$changer" 2>/dev/null || die 1 "nobody changes anything"
        done
        before=$(built)
    fi
    load "$PUBLIC_URL" "$DIR/urls" 16 "$3" ${4:+"$4"}
    printf '%s\n' "${RESULT[*]}" >>"$DIR/$1.$2"
    if [[ -n $changer ]]; then
        BUILDS=$(awk -v a="$(built)" -v b="$before" -v s="$3" 'BEGIN { printf "%.1f\n", (a - b) / s }')
        kill -- "-$changer"
        unset 'STARTED[-1]'
        wait "$changer" 2>/dev/null || true
        [[ $BUILDS != 0.0 ]] || die 1 "the changes built no snapshot"
    fi
}

# Rounds of load, quiet and with both kinds of changes in turn, forwards and backwards.
alternate() { # NAME ROUNDS SECONDS [PAUSE-MS]
    local i kind
    for ((i = 0; i < $2; i++)); do
        for kind in $( ((i % 2)) && echo whole locale quiet || echo quiet locale whole); do
            load_round "$kind" "$1" "${@:3}"
        done
    done
}

# ---- the tables ----

column_max() { # FILE COLUMN
    cut -d ' ' -f "$2" "$1" | sort -g | tail -n 1
}

start_and_memory() {
    local rounds json pss
    rounds=$(by_mode 1 3 9)
    printf '| what | measured | goal |\n|---|--:|--:|\n'
    printf '| process start to first answer, from the snapshot file (median of %s) | %s s | 0.3 s |\n' "$rounds" \
        "$(cold_starts "$rounds" file | median)"
    printf '| the same without a snapshot file, database warm | %s s | 3 s |\n' "$(cold_starts "$rounds" | median)"
    printf '| the same, database just started | %s s | 3 s |\n' "$(cold_starts "$rounds" db | median)"
    json=$(json_mb)
    pss=$(memory Pss)
    printf "| the reachable releases' JSON (KB each) | %s MB (%s) | – |\n" "$json" $((json * 1024 / SIZE[1]))
    printf '| resident memory after the start, all workers (PSS) | %s MB | %s MB |\n' "$pss" $((json + 50))
    printf '| … against JSON + 50 MB | %s | 1.00 |\n' "$(ratio "$pss" $((json + 50)))"
    printf '| … of it private (RSS) | %s MB (%s MB) | – |\n' "$(memory '(Private_Clean|Private_Dirty)')" "$(memory Rss)"
}

change_rows() {
    local kind
    for kind in locale whole; do
        apply_changes "$kind" "$(by_mode 2 20 50)" >"$DIR/changes"
        printf '| one release changed, %s: from the poll that sees it to the swap, median (longest) | %s ms (%s ms) | 50 ms |\n' \
            "$(kind_text "$kind")" "$(column_median "$DIR/changes" 2)" "$(column_max "$DIR/changes" 2)"
        printf '| … from its commit until visible, polling every 250 ms | %s ms (%s ms) | 300 ms |\n' \
            "$(column_median "$DIR/changes" 1)" "$(column_max "$DIR/changes" 1)"
    done
}

kind_text() {
    [[ $1 == locale ]] && echo 'a locale' || echo 'its base'
}

load_rows() { # NAME
    local kind
    for kind in locale whole; do
        printf '| %s load, %s changes | %.0f | %.0f | %s µs | %s µs | %s µs | %s µs | %s | %s |\n' "$1" "$(kind_text "$kind")" \
            "$(column_median "$DIR/quiet.$1" 1)" "$(column_median "$DIR/$kind.$1" 1)" \
            "$(column_median "$DIR/quiet.$1" 2)" "$(column_median "$DIR/$kind.$1" 2)" \
            "$(column_median "$DIR/quiet.$1" 3)" "$(column_median "$DIR/$kind.$1" 3)" \
            "$(ratio_of_rounds "$DIR/$kind.$1" "$DIR/quiet.$1" 3)" 1.20
    done
}

load_table() {
    local seconds rounds
    seconds=$(by_mode 1 2 2)
    rounds=$(by_mode 1 5 30)
    "$BENCH/populate" urls "${SIZE[@]}" "$(by_mode 100 10000 10000)" >"$DIR/urls"
    load "$PUBLIC_URL" "$DIR/urls" 16 1
    stand_back "$(sandbox pids db)"
    alternate moderate "$rounds" "$seconds" 16
    alternate full "$rounds" "$seconds"
    printf '\n| queries while a release changes ten times a second | requests/s: quiet | changing | p50: quiet | changing | p99: quiet | changing | ratio of p99 | goal |\n'
    printf '|---|--:|--:|--:|--:|--:|--:|--:|--:|\n'
    load_rows moderate
    load_rows full
    printf '\n%s rounds of %s s, quiet and changing in turn, medians, and of the ratios the median of those of each round; 16 connections; %s snapshots a second were built in the last; the database and who changes it at nice 10. ' "$rounds" \
        "$seconds" "$BUILDS"
    printf 'Resident memory afterwards (PSS): %s MB.\n\n' "$(memory Pss)"
}

bench_snapshot() {
    local version
    read -ra SIZE < <(by_mode '100 10 2 4' '2000 300 8 100' '2000 300 8 100')
    report_head 'Snapshots: start, memory, changes' snapshot
    printf '%s rules, %s releases of %s platforms × %s locales in the v2 tables; one worker.\n\n' "${SIZE[@]}"
    QUERY=$("$BENCH/populate" cases "${SIZE[@]}" | sed -n 's/^update //p')
    say 'snapshot: making the releases'
    "$BENCH/populate" sql "${SIZE[@]}" >"$DIR/population.sql"
    sandbox_up --load "$DIR/population.sql"
    rm -- "$DIR/population.sql"
    # What the answer to QUERY comes from.
    version=$(fetch "$PUBLIC_URL$QUERY" | sed -n 's/.*appVersion="\([^"]*\)".*/\1/p')
    CHANGED=Firefox-$version-build1
    IFS=/ read -r _ _ _ _ _ _ platform locale _ <<<"$QUERY"
    ASSET=.platforms.${platform%-x64}.locales.$locale
    say 'snapshot: starting cold'
    start_and_memory
    say 'snapshot: changing'
    change_rows
    load_table
}
