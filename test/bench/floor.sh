# shellcheck shell=bash
# balrog-public against a program that does nothing, behind one nginx, in turn: what is the program's own cost over that of
# HTTP, FastCGI and the kernel? nginx alone, answering a constant, is the ceiling. Sourced by lib.sh.
: "${TOP:=}" "${DIR:=}" "${BENCH:=}" "${BUILD:=}" "${MODE:=}"

THREADS=32     # of either program; nginx never keeps more connections than that to one, see CONNECTIONS
CONNECTIONS=16 # of wrk: at most as many of each of the two nginx workers
CASES=(update none json gmp mix)
declare -A TITLE=(
    [update]='(a) update, with a partial' [none]='(b) no update' [json]='(c) JSON' [gmp]='(d) GMP superblob'
    [mix]='(e) 10,000 different URLs' [hot]='(a), the micro-cache on'
)
declare -A PORT=()
SECONDS_EACH=
ROUNDS=

# ---- nginx ----
# nginx and either program are sessions of their own, as what the sandbox starts: the kernel shares the processors out by
# session (autogroups), and would treat a floor that belonged to wrk's otherwise.

# A copy of the public site with names of its own, without an access log: NAME asks SOCKET, and caches or does not.
site() { # NAME SOCKET on|off
    local cache=()
    [[ $3 == on ]] || cache=(-e 's|fastcgi_cache [a-z_]*;|fastcgi_cache off;|')
    sed -e "s|balrog_|$1_|g" -e 's|access_log .*;|access_log off;|' "${cache[@]}" -e "s|@LISTEN@|127.0.0.1:${PORT[$1]}|" \
        -e 's|@SERVER_NAME@|localhost|' -e "s|@SOCKET@|$2|" -e "s|@LOG_DIR@|$DIR|" -e "s|@CACHE_DIR@|$DIR/cache-$1|" \
        "$TOP/conf/nginx/backends.conf.in" "$TOP/conf/nginx/public.conf.in"
}

# The response in FILE as one that nginx gives itself.
constant() { # FILE
    local line body
    body=$(sed '1,/^\r$/d' "$1")
    [[ $body != *[\'\\\$]* ]] || die 1 "a body has characters that nginx would not take as they are"
    sed 's/\r$//; /^$/q' "$1" | while IFS= read -r line; do
        case $line in
        '' | Status:* | Content-Length:* | X-Accel-*) ;;
        Content-Type:*) printf 'default_type "%s";\n' "${line#*: }" ;;
        *) printf 'add_header %s "%s";\n' "${line%%:*}" "${line#*: }" ;;
        esac
    done
    printf "return 200 '%s';\n" "$body"
}

# Asked for /CASE?…, with the same server settings as the public site.
constant_site() {
    local case
    sed -n '/^server {/,/^    add_header/p' "$TOP/conf/nginx/public.conf.in" | sed -e '/^    add_header/d' \
        -e "s|@LISTEN@|127.0.0.1:${PORT[constant]}|" -e 's|@SERVER_NAME@|localhost|' -e 's|access_log .*;|access_log off;|'
    for case in "${CASES[@]}" hot; do
        printf 'location = /%s {\n' "$case"
        constant "$DIR/$case.response"
        printf '}\n'
    done
    printf '}\n'
}

write_nginx_conf() {
    # The sandbox's own head: processes, limits, where temporary files go.
    sed -n '1,/^http {/p; /^    [a-z]*_temp_path /p' "$DIR/sandbox/nginx.conf" |
        sed -e "s|^pid .*|pid $DIR/nginx.pid;|" -e "s|^error_log .*|error_log $DIR/nginx-error.log warn;|"
    site public "$DIR/sandbox/run/public.sock" off
    site floor "$DIR/floor.sock" off
    site hot "$DIR/sandbox/run/public.sock" on
    constant_site
    printf '}\n'
}

port_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

choose_ports() {
    local name port
    for name in public floor hot constant; do
        for ((;;)); do
            port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
            [[ " ${PORT[*]} " == *" $port "* ]] || port_taken "$port" || break
        done
        PORT[$name]=$port
    done
}

start_nginx() {
    local tries pid
    for ((tries = 0; tries < 10; tries++)); do
        choose_ports
        write_nginx_conf >"$DIR/nginx.conf"
        setsid nginx -e "$DIR/nginx-error.log" -p "$DIR/" -c "$DIR/nginx.conf" >"$DIR/nginx.log" 2>&1 &
        pid=$!
        STARTED+=("$pid")
        # Its pid is written once the ports are bound.
        until [[ -s $DIR/nginx.pid ]]; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.02
        done
        [[ ! -s $DIR/nginx.pid ]] || return 0
        grep -q 'bind() to .* failed' "$DIR/nginx.log" || break
    done
    die 1 "nginx did not start: $(tail -n 3 -- "$DIR/nginx.log")"
}

# ---- the cases ----

# The response of balrog-public to URL as it is on its socket, without nginx.
capture() { # CASE URL
    "$BUILD/test/integration/fcgi_probe" "$DIR/sandbox/run/public.sock" 1 each "$2" | tail -n +2 | head -c -1 \
        >"$DIR/$1.response"
    grep -q '^Content-Length: [1-9]' "$DIR/$1.response" || die 1 "$1: no answer with a body"
    printf '%s\n' "$2" >"$DIR/$1.urls"
}

# Of many URLs the floor answers with the one body that is the nearest to the mean length.
capture_mix() { # URL-OF-THE-SITE COUNT SIZE…
    local url count=$2
    "$BENCH/populate" urls "${@:3}" "$count" >"$DIR/all.urls"
    while read -r url; do
        printf 'url = "%s"\noutput = /dev/null\n' "$1$url"
    done <"$DIR/all.urls" >"$DIR/curl.conf"
    curl -sS -f -g --noproxy '*' -w '%{size_download}\n' -K "$DIR/curl.conf" >"$DIR/sizes" ||
        die 1 "some URL of the mix was not answered"
    url=$(paste -d ' ' "$DIR/sizes" "$DIR/all.urls" | awk '
        { size[NR] = $1; url[NR] = $2; sum += $1 }
        END {
            for (i = 1; i <= NR; i++) {
                d = size[i] - sum / NR
                d = d < 0 ? -d : d
                if (i == 1 || d < best) {
                    best = d
                    nearest = url[i]
                }
            }
            print nearest
        }')
    capture mix "$url"
    mv -- "$DIR/all.urls" "$DIR/mix.urls"
}

capture_all() {
    local size case url
    read -ra size < <(by_mode '100 10 2 4' '1000 40 8 100' '1000 40 8 100')
    "$BENCH/populate" sql "${size[@]}" >"$DIR/population.sql"
    sandbox_up --set public.threads="$THREADS" --load "$DIR/population.sql"
    while read -r case url; do
        capture "$case" "$url"
    done < <("$BENCH/populate" cases "${size[@]}")
    capture_mix "$PUBLIC_URL" "$(by_mode 100 10000 10000)" "${size[@]}"
    cp -- "$DIR/update.response" "$DIR/hot.response"
    cp -- "$DIR/update.urls" "$DIR/hot.urls"
    for case in "${CASES[@]}" hot; do
        sed "s|^|/$case?|" "$DIR/$case.urls" >"$DIR/$case.constant-urls"
    done
    printf '%s rules, %s releases of %s platforms × %s locales in the v2 tables. ' "${size[@]}"
}

# ---- measuring ----

start_floor() { # CASE
    rm -f -- "$DIR/floor.sock"
    setsid spawn-fcgi -n -s "$DIR/floor.sock" -M 0600 -b 4096 -- "$BENCH/floor" "$DIR/$1.response" "$THREADS" \
        >"$DIR/floor.log" 2>&1 &
    STARTED+=("$!")
    until [[ -S $DIR/floor.sock ]]; do
        kill -0 "${STARTED[-1]}" 2>/dev/null || die 1 "floor did not start: $(tail -n 3 -- "$DIR/floor.log")"
        sleep 0.02
    done
}

stop_floor() {
    kill "${STARTED[-1]}"
    wait "${STARTED[-1]}" 2>/dev/null || true
    unset 'STARTED[-1]'
}

# What a client sees of SITE, headers and body, but for what changes with time.
seen() { # SITE URL
    curl -sS -i --noproxy '*' --max-time 30 "http://127.0.0.1:${PORT[$1]}$2" | grep -v '^Date: '
}

# A comparison of different answers would be none.
check_same() { # CASE
    local url
    [[ $1 != mix ]] || return 0
    url=$(<"$DIR/$1.urls")
    diff <(seen public "$url") <(seen floor "$url") >&2 ||
        die 1 "$1: balrog-public and the floor answer differently"
}

# SITE under the load of CASE: RESULT is set.
ask() { # SITE CASE SECONDS
    local urls=$DIR/$2.urls
    [[ $1 != constant ]] || urls=$DIR/$2.constant-urls
    load "http://127.0.0.1:${PORT[$1]}" "$urls" "$CONNECTIONS" "$3"
}

# Each site in turn, now forwards, now backwards: whatever the machine does meanwhile, it does to all. Each measurement is
# appended to SITE.CASE: REQUESTS/S P50 P99.
rounds() { # CASE SITE…
    local i site order
    for site in "${@:2}"; do
        [[ $MODE == smoke ]] || ask "$site" "$1" 1 # warms up
    done
    for ((i = 0; i < ROUNDS; i++)); do
        order=$(printf '%s\n' "${@:2}" | if ((i % 2)); then tac; else cat; fi)
        for site in $order; do
            ask "$site" "$1" "$SECONDS_EACH"
            printf '%s\n' "${RESULT[*]}" >>"$DIR/$site.$1"
        done
    done
}

# ---- the table ----

# Of the rounds: the median of a figure, and that of the ratio of two sites in the same round.
figure() { # SITE CASE COLUMN
    column_median "$DIR/$1.$2" "$3"
}

ratio_of_sites() { # SITE OTHER CASE COLUMN
    ratio_of_rounds "$DIR/$1.$3" "$DIR/$2.$3" "$4"
}

row() { # CASE
    printf '| %s | %s | %.0f | %.0f | %.0f | **%s** | %s | %.0f | %.0f | %.0f | %.0f | **%s** |\n' "${TITLE[$1]}" \
        "$(sed -n 's/^Content-Length: \([0-9]*\).*/\1/p' "$DIR/$1.response")" \
        "$(figure public "$1" 1)" "$(figure floor "$1" 1)" "$(figure constant "$1" 1)" \
        "$(ratio_of_sites public floor "$1" 1)" "$(ratio_of_sites public constant "$1" 1)" \
        "$(figure public "$1" 2)" "$(figure floor "$1" 2)" "$(figure public "$1" 3)" "$(figure floor "$1" 3)" \
        "$(ratio_of_sites public floor "$1" 3)"
}

hot_table() {
    rounds hot hot constant
    printf '\n| a hot URL | requests/s, micro-cache | nginx alone | ratio (≥ 0.60) | p50 µs | nginx alone | p99 µs | nginx alone |\n'
    printf '|---|--:|--:|--:|--:|--:|--:|--:|\n'
    printf '| %s | %.0f | %.0f | **%s** | %.0f | %.0f | %.0f | %.0f |\n' "${TITLE[hot]}" "$(figure hot hot 1)" \
        "$(figure constant hot 1)" "$(ratio_of_sites hot constant hot 1)" "$(figure hot hot 2)" \
        "$(figure constant hot 2)" "$(figure hot hot 3)" "$(figure constant hot 3)"
}

bench_floor() {
    local case
    ROUNDS=$(by_mode 1 5 25)
    SECONDS_EACH=$(by_mode 1 2 2)
    report_head 'The floor: behind nginx, against a program that does nothing' floor
    say 'floor: making the releases'
    capture_all
    start_nginx
    printf '%s rounds of %s s, the sites in turn; %s kept connections from one wrk thread, %s threads in either program, two ' \
        "$ROUNDS" "$SECONDS_EACH" "$CONNECTIONS" "$THREADS"
    printf 'nginx workers, no access log. Figures are medians, ratios the medians of those of each round; goals in brackets.\n\n'
    printf '| case | body bytes | requests/s: balrog | floor | nginx alone | balrog / floor (≥ 0.95) | balrog / nginx alone | '
    printf 'p50 µs: balrog | floor | p99 µs: balrog | floor | p99: balrog / floor (≤ 1.15) |\n'
    printf '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n'
    for case in $(by_mode 'update mix' "${CASES[*]}" "${CASES[*]}"); do
        say "floor: $case"
        start_floor "$case"
        check_same "$case"
        rounds "$case" public floor constant
        stop_floor
        row "$case"
    done
    say 'floor: hot'
    hot_table
    printf '\n'
}
