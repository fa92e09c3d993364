# shellcheck shell=bash
# What the benchmarks share: the directory they work in, reports, medians. Sourced by scripts/bench, which sets TOP, BUILD,
# MODE (smoke, quick or full) and DIR; each part is a file beside this one that defines bench_WHAT.
: "${TOP:=}" "${BUILD:=}" "${MODE:=}" "${DIR:=}"

# Where the programs of the parts are.
# shellcheck disable=SC2034
BENCH=$BUILD/test/bench

say() {
    printf '%s\n' "$*" >&2
}

die() { # STATUS TEXT
    say "bench: $2"
    exit "$1"
}

# The value for this run's mode.
by_mode() { # SMOKE QUICK FULL
    case $MODE in
    smoke) printf '%s\n' "$1" ;;
    quick) printf '%s\n' "$2" ;;
    full) printf '%s\n' "$3" ;;
    esac
}

# ---- the directory ----

bench_open() {
    local program
    for program in balrog-public test/bench/engine; do
        [[ -x $BUILD/$program ]] || die 1 "$BUILD/$program is missing: make bench-programs, or set BALROG_BUILD"
    done
    mkdir -p -- "$BUILD/bench"
    if [[ -z $DIR ]]; then
        DIR=$(mktemp -d -- "${TMPDIR:-/tmp}/balrog-bench.XXXXXX")
    else
        [[ ! -e $DIR ]] || die 1 "$DIR exists: name a directory that is to be made"
        mkdir -p -- "$DIR"
        DIR=$(realpath -- "$DIR")
    fi
    trap 'rm -rf -- "$DIR"' EXIT
}

# What the part has started besides its sandbox: processes, or groups of them as -PID.
STARTED=()

bench_close() {
    local pid
    for pid in "${STARTED[@]}"; do
        kill -- "$pid" 2>/dev/null || true
    done
    [[ ! -e $DIR/sandbox ]] || "$TOP/scripts/sandbox" down "$DIR/sandbox" || true
    rm -rf -- "$DIR"
}

bench_part() { # WHAT
    # shellcheck source=/dev/null # one of this directory
    . "$TOP/test/bench/$1.sh"
    DIR=$DIR/$1
    mkdir -- "$DIR"
    trap bench_close EXIT
    trap 'exit 130' INT TERM HUP
    read_times
    "bench_$1" >"$DIR/report.md"
    # shellcheck disable=SC2016 # Markdown
    printf 'The host took %s of the processors from this machine meanwhile (`steal`).\n\n' "$(stolen)" >>"$DIR/report.md"
    ! grep '|  *|' "$DIR/report.md" >&2 || die 1 "$1: a figure is missing"
    mv -- "$DIR/report.md" "$BUILD/bench/$1.md"
    cat -- "$BUILD/bench/$1.md"
}

# ---- reports ----

commit() {
    local id
    id=$(git -C "$TOP" rev-parse --short HEAD 2>/dev/null) || id="unknown, version $(<"$TOP/VERSION")"
    [[ -z $(git -C "$TOP" status --porcelain 2>/dev/null) ]] || id+=' and changes'
    printf '%s\n' "$id"
}

# The lines above a table: where, when, what and by which command.
report_head() { # TITLE WHAT
    local cpu option=
    [[ $MODE == quick ]] || option=" --$MODE"
    cpu=$(sed -n 's/^model name[ \t]*: //p' /proc/cpuinfo | sed -n 1p)
    printf '### %s\n\n' "$1"
    # shellcheck disable=SC2016 # Markdown
    printf '%s × %s, %s MB, Linux %s; %s; commit %s; load %s when it began; `scripts/bench%s %s`\n\n' "$(nproc)" \
        "${cpu:-$(uname -m)}" "$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))" "$(uname -r)" \
        "$(date -u '+%F %H:%M UTC')" "$(commit)" "$(cut -d ' ' -f 1 /proc/loadavg)" "$option" "$2"
    [[ $MODE != smoke ]] || printf 'A smoke run: these numbers mean nothing.\n\n'
}

# What /proc/stat has of processors' time: all of it, and what the machine below gave to others.
read_times() {
    TIMES=$(awk '$1 == "cpu" { for (i = 2; i <= 9; i++) all += $i; print all, $9 }' /proc/stat)
}

# The share that was taken since read_times.
stolen() {
    local before=$TIMES
    read_times
    awk -v before="$before" -v now="$TIMES" 'BEGIN {
        split(before, b); split(now, n)
        printf "%.1f %%\n", 100 * (n[2] - b[2]) / (n[1] - b[1])
    }'
}

# ---- numbers ----

# Of the numbers on the standard input, one a line.
median() {
    sort -g | awk '
        { v[NR] = $1 }
        END {
            if (!NR) exit 1
            print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
        }'
}

# Of results, a round a line.
column_median() { # FILE COLUMN
    cut -d ' ' -f "$2" "$1" | median
}

# The median of the ratios of each round: what the machine does to one round, it does to its neighbour.
ratio_of_rounds() { # FILE OTHER COLUMN
    paste -d ' ' <(cut -d ' ' -f "$3" "$1") <(cut -d ' ' -f "$3" "$2") | awk '{ print $1 / $2 }' | median |
        xargs printf '%.2f\n'
}

ratio() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0) printf "%.2f\n", a / b; else print "–" }'
}

# 1234567 as 1,234,567.
thousands() {
    sed -E ':more; s/^([0-9]+)([0-9]{3})/\1,\2/; t more' <<<"$1"
}

# ---- servers and load ----

sandbox() { # COMMAND [ARG…]: scripts/sandbox, of this part's sandbox
    local command=$1
    shift
    "$TOP/scripts/sandbox" "$command" "$DIR/sandbox" "$@" 2>>"$DIR/sandbox.log" ||
        die 1 "scripts/sandbox $command failed: $(tail -n 3 -- "$DIR/sandbox.log")"
}

# One worker and a database that has room; PUBLIC_URL, ADMIN_URL and DB_SOCKET are set.
sandbox_up() { # [OPTION…]
    local variables
    variables=$(sandbox up --workers 1 --set mariadb.innodb-buffer-pool-size=512M \
        --set mariadb.innodb-log-file-size=256M --set mariadb.max-connections=200 "$@")
    eval "$variables"
}

fetch() { # URL
    curl -sS -f --noproxy '*' --max-time 60 "$1"
}

metric() { # NAME: of balrog-public, its only worker
    fetch "$PUBLIC_URL/__metrics__" | awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' ||
        die 1 "balrog-public has no metric $1"
}

# Loads URL with the paths of FILE; RESULT is requests a second, µs at 50 % and at 99 %. Any failed request is fatal.
load() { # URL FILE CONNECTIONS SECONDS [PAUSE-MS]
    local failures
    wrk --threads 1 --connections "$3" --duration "$4" --timeout 20 --latency --script "$TOP/test/bench/urls.lua" "$1" \
        -- "$2" ${5:+"$5"} >"$DIR/wrk.log" 2>&1 || die 1 "wrk failed: $(tail -n 3 -- "$DIR/wrk.log")"
    IFS=$'\t' read -r _ "RESULT[0]" "RESULT[1]" "RESULT[2]" failures < <(grep ^result "$DIR/wrk.log") ||
        die 1 "wrk said nothing: $(tail -n 3 -- "$DIR/wrk.log")"
    ((failures == 0)) || die 1 "$failures requests to $1 failed"
}
