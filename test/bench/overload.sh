# shellcheck shell=bash
# Overload: three times as many queries as can be answered, each on a connection of its own; many idle and half-sent
# connections; a flood of /api/v1. The servers have half of the processors and the clients the other half, so that both get
# their share whatever the other does. Sourced by lib.sh.
: "${TOP:=}" "${DIR:=}" "${BENCH:=}" "${PUBLIC_URL:=}"

# Each query is another one, by its system's version, so nginx has no answer of before.
QUERY='/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0.#/ISET:SSE4_2,MEM:8192'
QUERY+='/default/default/update.xml?force=1'
CLIENTS_CPUS=

# Gives the servers, which this shell starts, the first half of the processors.
share_processors() {
    local cpus half
    read -ra cpus < <(taskset -cp $BASHPID | sed 's/.*: //' | tr ',' '\n' | awk -F - '{ for (i = $1; i <= $NF; i++) printf "%d ", i } END { print "" }')
    half=$((${#cpus[@]} / 2))
    CLIENTS_CPUS=$(IFS=, && printf '%s\n' "${cpus[*]:half}")
    ((half == 0)) || taskset -cp "$(IFS=, && printf '%s\n' "${cpus[*]:0:half}")" $BASHPID >/dev/null
}

# clients MODE AMOUNT SECONDS: sets GOT[OUTCOME …] to the lines of its table.
declare -A GOT=()
clients() {
    local name rest
    taskset -c "$CLIENTS_CPUS" "$BENCH/clients" "$1" "${PUBLIC_URL##*:}" "$QUERY" "$2" "$3" >"$DIR/clients.log" ||
        die 1 "clients failed: $(tail -n 1 "$DIR/clients.log")"
    GOT=()
    while IFS=$'\t' read -r name rest; do
        GOT[$name]=$rest
    done <"$DIR/clients.log"
}

got() { # OUTCOME COLUMN: 1 how many, 2 and 3 µs at 50 and 99 %
    cut -f "$2" <<<"${GOT[$1]}"
}

ms() { # µs
    awk -v us="$1" 'BEGIN { printf "%.1f\n", us / 1000 }'
}

per_second() { # COUNT SECONDS
    awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f\n", n / s }'
}

# How many queries a second are answered to clients that wait for each other.
find_capacity() {
    local i
    for ((i = 0; i < $(by_mode 1 5 9); i++)); do
        clients closed 64 "$(by_mode 1 2 3)"
        per_second "$(got update 1)" "$(by_mode 1 2 3)"
    done >"$DIR/capacity"
    sort -n "$DIR/capacity" | tail -n 1
}

bench_rates() { # CAPACITY
    local factor seconds
    seconds=$(by_mode 1 5 20)
    printf '| queries a second, of what can be answered | begun a second | answered | refused | failed or late | p50 ms, answered | p99 ms, answered (≤ 50) | p50 ms, refused | p99 ms, refused |\n'
    printf '|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n'
    for factor in 0.5 1 3; do
        clients open "$(awk -v n="$1" -v by="$factor" 'BEGIN { printf "%.0f\n", n * by }')" "$seconds"
        printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$factor" "$(thousands "$(got started 2)")" \
            "$(thousands "$(per_second "$(got update 1)" "$seconds")")" "$(thousands "$(per_second "$(got empty 1)" "$seconds")")" \
            "$(($(got other 1) + $(got 503 1) + $(got failed 1) + $(got late 1)))" "$(ms "$(got update 2)")" \
            "$(ms "$(got update 3)")" "$(ms "$(got empty 2)")" "$(ms "$(got empty 3)")"
    done
    printf '\n'
}

# bench_beside WHAT RATE COMMAND…: queries at a moderate rate, in turn with the command and without it.
bench_beside() {
    local what=$1 rate=$2 i pid side
    shift 2
    : >"$DIR/alone" && : >"$DIR/beside"
    for ((i = 0; i < $(by_mode 1 5 15); i++)); do
        for side in alone beside; do
            pid=
            if [[ $side == beside ]]; then
                taskset -c "$CLIENTS_CPUS" "$@" >"$DIR/beside.log" 2>&1 &
                pid=$!
                STARTED+=("$pid")
                sleep 1 # until it has made its connections
            fi
            clients open "$rate" "$(by_mode 1 2 4)"
            printf '%s %s %s %s\n' "$(got update 2)" "$(got update 3)" "$(got update 1)" \
                "$(($(got started 1) - $(got update 1)))" >>"$DIR/$side"
            if [[ -n $pid ]]; then
                kill -INT "$pid" 2>/dev/null || true
                wait "$pid" 2>/dev/null || true
                unset 'STARTED[-1]'
            fi
        done
    done
    printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$what" "$(ms "$(column_median "$DIR/alone" 1)")" \
        "$(ms "$(column_median "$DIR/beside" 1)")" "$(ratio_of_rounds "$DIR/beside" "$DIR/alone" 1)" \
        "$(ms "$(column_median "$DIR/alone" 2)")" "$(ms "$(column_median "$DIR/beside" 2)")" \
        "$(ratio_of_rounds "$DIR/beside" "$DIR/alone" 2)" "$(awk '{ n += $4 } END { print n }' "$DIR/beside")"
}

bench_overload() {
    local capacity rate
    report_head 'Overload: connections that come and go' overload
    share_processors
    sandbox_up --load "$TOP/conf/demo.sql"
    say 'overload: what can be answered'
    capacity=$(find_capacity)
    printf 'At most %s queries a second can be answered, each on a connection of its own (the best of %s rounds of 64 clients that wait for their answers).\n\n' \
        "$(thousands "$capacity")" "$(wc -l <"$DIR/capacity")"
    say 'overload: three times that'
    bench_rates "$capacity"
    rate=$((capacity / 4 + 1))
    printf '| beside %s queries a second | p50 ms: alone | beside it | ratio | p99 ms: alone | beside it | ratio | not answered |\n|---|--:|--:|--:|--:|--:|--:|--:|\n' "$(thousands "$rate")"
    say 'overload: idle connections'
    bench_beside "$(thousands "$(by_mode 1000 10000 10000)") connections, half of them idle, the rest half-sent" "$rate" \
        "$BENCH/clients" hold "${PUBLIC_URL##*:}" "$QUERY" "$(by_mode 1000 10000 10000)" 3600
    sed -n 's/^all\t/overload: held /p' "$DIR/beside.log" >&2
    say 'overload: /api/v1'
    bench_beside '64 clients that ask /api/v1/rules without a pause' "$rate" \
        wrk --threads 1 --connections 64 --duration 1h --timeout 30 "$PUBLIC_URL/api/v1/rules"
    printf '\n'
}
