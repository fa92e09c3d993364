# shellcheck shell=bash
# balrog-uptake: processor time for reading nginx's log, with a sample of its queries. Sourced by lib.sh.
: "${TOP:=}" "${DIR:=}" "${BUILD:=}"

# Prints the processor time in ms, and the memory in MB, that reading the log takes. It is read when no more time is used.
read_log() {
    local pid stat last=-1 same=0
    "$BUILD/balrog-uptake" --config "$DIR/uptake.conf" >"$DIR/uptake.log" 2>&1 &
    pid=$!
    STARTED+=("$pid")
    while ((same < 5)); do
        sleep 0.3 # a poll
        stat=$(<"/proc/$pid/stat") || die 1 "balrog-uptake ended: $(tail -n 1 "$DIR/uptake.log")"
        read -ra stat <<<"${stat##*) }"
        same=$((stat[11] + stat[12] == last ? same + 1 : 0))
        last=$((stat[11] + stat[12]))
    done
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" |
        awk -v ticks="$last" -v hz="$(getconf CLK_TCK)" '{ printf "%d %d\n", ticks * 1000 / hz, $1 / 1024 }'
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    unset 'STARTED[-1]'
}

bench_uptake() {
    local i lines distinct ms
    read -r lines distinct < <(by_mode '2000 300' '300000 43000' '1000000 150000')
    report_head 'balrog-uptake: reading the log' uptake
    python3 "$TOP/test/bench/uptake_log.py" "$lines" "$distinct" >"$DIR/access.log"
    printf '%s\n' '[uptake]' "socket = $DIR/uptake.sock" "log = $DIR/access.log" 'products = Firefox Thunderbird Widevine' \
        'channels = release beta nightly esr' 'state_dir =' '[log]' 'crash_dir =' >"$DIR/uptake.conf"
    for ((i = 0; i < $(by_mode 1 3 5); i++)); do
        read_log
    done >"$DIR/times"
    ms=$(column_median "$DIR/times" 1)
    printf '| lines | distinct queries | processor time, ms (median) | lines a second of one processor (goal: ≥ 170,000) | resident, MB |\n'
    printf '|--:|--:|--:|--:|--:|\n| %s | %s | %s | %s | %s |\n\n' "$(thousands "$lines")" "$(thousands "$distinct")" "$ms" \
        "$(thousands "$(awk -v n="$lines" -v ms="$ms" 'BEGIN { printf "%d\n", ms ? n * 1000 / ms : 0 }')")" \
        "$(column_median "$DIR/times" 2)"
}
