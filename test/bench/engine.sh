# shellcheck shell=bash
# The engine alone, by test/bench/engine: time on this machine, and instructions counted by callgrind, which are the same on
# any machine with the same compiler. Sourced by lib.sh.
: "${DIR:=}" "${BENCH:=}"

declare -A NS=() AGAINST=() ALLOCATIONS=() COUNT=()

calls() { # FUNCTION: instructions of one of its 1,000 calls, its callees' with them
    awk -v name=":$1 " '
        index($0 " ", name) {
            gsub(",", "", $1)
            printf "%.0f\n", $1 / 1000
            found = 1
            exit
        }
        END { exit !found }' "$DIR/annotated" || die 1 "callgrind did not see $1"
}

count_instructions() { # RELEASES PLATFORMS LOCALES RULES KIND
    local out=$DIR/callgrind.out
    valgrind --tool=callgrind --collect-atstart=no --toggle-collect=bench_whole_query --toggle-collect=bench_only_match \
        --callgrind-out-file="$out" "$BENCH/engine" count "$@" >"$DIR/callgrind.log" 2>&1 ||
        die 1 "callgrind failed: $(tail -n 3 -- "$DIR/callgrind.log")"
    callgrind_annotate --inclusive=yes --threshold=100 "$out" >"$DIR/annotated"
    COUNT[query]=$(calls bench_whole_query)
    COUNT[match]=$(calls bench_only_match)
}

engine_row() { # RULES KIND: a line of the table
    local rules kind what ns against allocations
    while IFS=$'\t' read -r rules kind what ns against allocations; do
        if [[ "$rules $kind" == "$1 $2" ]]; then
            NS[$what]=$ns
            AGAINST[$what]=$against
            ALLOCATIONS[$what]=$allocations
        fi
    done <"$DIR/times"
    printf '| %s | %s | %s | %.2f | %s | %.2f | %s | %s |\n' "$(thousands "$1")" "$2" "${AGAINST[query]}" \
        "$(ratio "${NS[query]}" 1000)" "$(thousands "${COUNT[query]}")" "$(ratio "${NS[match]}" 1000)" \
        "$(thousands "${COUNT[match]}")" "${ALLOCATIONS[query]}"
}

bench_engine() {
    local rules kind sizes size
    read -ra sizes < <(by_mode 100 '100 1000 10000 100000' '100 1000 10000 100000')
    read -ra size < <(by_mode '5 2 4' '12 8 100' '12 8 100')
    report_head 'The engine: queries without I/O' engine
    printf '| rules | queries | time against %s rules (100,000: ≤ 3) | µs a query (1,000: ≤ 2) | instructions | ' "${sizes[0]}"
    printf 'µs of it to match | instructions | allocations (0) |\n|--:|---|--:|--:|--:|--:|--:|--:|\n'
    say 'engine: timing'
    "$BENCH/engine" time "${size[@]}" "${sizes[@]}" >"$DIR/times"
    for rules in "${sizes[@]}"; do
        say "engine: instructions with $rules rules"
        for kind in matched unmatched; do
            count_instructions "${size[@]}" "$rules" "$kind"
            engine_row "$rules" "$kind"
        done
    done
    printf '\n%s releases of %s platforms × %s locales. A query goes from its URL to the body; 1,000 different ones a line.\n\n' \
        "${size[@]}"
}
