# shellcheck shell=bash
# The admin API: how many submissions of a locale a big release takes in a second, from one client and from many, and how
# many statements each list costs. Sourced by lib.sh.
: "${TOP:=}" "${DIR:=}" "${BENCH:=}" "${BUILD:=}" "${ADMIN_URL:=}" "${PUBLIC_URL:=}"

# shellcheck source=test/integration/admin_rows.sh
. "$TOP/test/integration/admin_rows.sh"
: "${LISTS:=}"

SIZE=() # rules, the release, its platforms, their locales
V2=Firefox-140.2-build1
V1=Firefox-140.2-v1
MANY=() # locales as PLATFORM LOCALE, in the order of their rows

# ---- the database's count ----

open_session() {
    coproc SESSION { sandbox sql -N -B --unbuffered; }
}

# Statements since the server's start, this one among them; preparing does not count, executing does.
questions() {
    local name count
    printf "SHOW GLOBAL STATUS LIKE 'Questions';\n" >&"${SESSION[1]}"
    read -r name count <&"${SESSION[0]}"
    [[ $name == Questions ]] || die 1 "the database does not count statements"
    printf '%s\n' "$count"
}

# ---- submissions ----

# For curl's configuration; the status and the seconds are printed.
request() { # METHOD PATH BODY
    local quoted=${3//\\/\\\\}
    printf '%s\n' "url = \"$ADMIN_URL$2\"" "request = $1" 'header = "X-Test-User: bench@x"' \
        'header = "Content-Type: application/json"' "data-binary = \"${quoted//\"/\\\"}\"" 'output = "/dev/null"' \
        'write-out = "%{http_code} %{time_total}\n"' 'noproxy = "*"' next
}

# The new content of a locale: as the row has it, with another size of the complete.
new_locale() { # PLATFORM LOCALE
    local hash
    hash=$(printf '%s' "$1 $2" | sha512sum | cut -d ' ' -f 1)
    printf '{"buildID": "20241215030201", "appVersion": "140.2", "displayVersion": "140.2", "completes": '
    printf '[{"from": "*", "filesize": 70000001, "hashValue": "%s"}]}' "$hash"
}

v2_request() { # PLATFORM LOCALE
    local at
    printf -v at '{"platforms": {"%s": {"locales": {"%s": %%s}}}}' "$1" "$2"
    # shellcheck disable=SC2059 # it was made above
    request POST "/v2/releases/$V2" "{\"blob\": $(printf "$at" "$(new_locale "$1" "$2")"), \"old_data_versions\": $(printf "$at" 1)}"
}

v1_request() { # PLATFORM LOCALE VERSION
    local data
    data=$(new_locale "$1" "$2")
    printf -v data '{"product": "Firefox", "schema_version": 9, "data_version": %d, "data": "%s"}' "$3" "${data//\"/\\\"}"
    request PUT "/releases/$V1/builds/$1/$2" "$data"
}

# N submissions from the FROMth locale on. One client knows the version that it changes; of many each has seen the one before
# all of theirs, so that most have to be merged.
submissions() { # v1|v2 CLIENTS FROM N VERSION
    local i place
    for ((i = $3; i < $3 + $4; i++)); do
        read -ra place <<<"${MANY[i]}"
        if [[ $1 == v2 ]]; then
            v2_request "${place[@]}"
        else
            v1_request "${place[@]}" $(($2 == 1 ? $5 + i - $3 : $5))
        fi
    done | sed '$d'
}

# A line of the table.
submit() { # v1|v2 CLIENTS FROM N
    local version parallel=() from to
    version=$(sandbox sql -N -B -e "SELECT data_version FROM releases WHERE name = '$V1'")
    submissions "$@" "$version" >"$DIR/curl.conf"
    (($2 == 1)) || parallel=(-Z --parallel-immediate --parallel-max "$2")
    from=$EPOCHREALTIME
    curl -s "${parallel[@]}" --config "$DIR/curl.conf" >"$DIR/submitted" 2>"$DIR/curl.log" || die 1 "curl: $(<"$DIR/curl.log")"
    to=$EPOCHREALTIME
    (($(grep -c '^200 ' "$DIR/submitted") == $4)) || die 1 "$1: not every submission was taken: $(sort "$DIR/submitted" | sed -n 1p)"
    cut -d ' ' -f 2 "$DIR/submitted" | sort -g | awk -v kind="$1" -v clients="$2" -v from="$from" -v to="$to" '
        { ms[NR] = $1 * 1000 }
        END {
            printf "| %s | %d | %d | %.1f | %.1f | %.1f |\n", kind, clients, NR, NR / (to - from), ms[int((NR + 1) / 2)], ms[int(NR * 0.99 + 0.99)]
        }'
}

# The same release in the v1 table, whole.
copy_to_v1() {
    {
        printf "INSERT INTO releases (name, product, read_only, data_version, data) VALUES ('%s', 'Firefox', 0, 1, '" "$V1"
        fetch "$PUBLIC_URL/api/v1/releases/$V2" | sed "s/\"name\": *\"$V2\"/\"name\": \"$V1\"/" | tr -d "\\n'\\\\"
        printf "');\n"
    } | sandbox sql
}

submissions_table() {
    local kind clients from=0 n
    n=$(by_mode 5 100 450)
    mapfile -t MANY < <(sandbox sql -N -B -e "SELECT REPLACE(REPLACE(path, '.platforms.', ''), '.locales.', ' ')
        FROM release_assets WHERE name = '$V2' ORDER BY path")
    copy_to_v1
    printf 'Submissions of locales into a release of %s (%s KB as v1):\n\n' "$(thousands ${#MANY[@]})" \
        "$(sandbox sql -N -B -e "SELECT LENGTH(data) DIV 1024 FROM releases WHERE name = '$V1'")"
    printf '| API | clients | submissions | a second | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|--:|\n'
    for clients in 1 16; do
        for kind in v1 v2; do
            say "admin: $kind, $clients clients"
            submit "$kind" "$clients" "$from" "$n"
        done
        from=$((from + n))
    done
}

# ---- lists ----

# Lists of one thing's past.
REVISIONS=('/required_signoffs/product/revisions?product=bench&channel=ch-1&role=qa'
    '/required_signoffs/permissions/revisions?product=bench1&role=qa')

# The other lists: every path of the API that needs no parameters, but for these and those that are no lists.
more_lists() {
    local path known=" ${LISTS[*]} ${REVISIONS[*]/\?*/} "
    while read -r path; do
        case $path in
        /api/v1/* | /whoami | /contribute.json | /openapi.json | /robots.txt | /__* | /release_diff | /release_part | /explain | /uptake) ;;
        *) [[ $known == *" $path "* ]] || printf '%s\n' "$path" ;;
        esac
    done < <(awk '/^    "\// { split($0, part, "\""); path = part[2] } /^      "get": \{/ && path !~ /\{/ { print path }' \
        "$TOP/docs/openapi.json")
}

# The least of several, since the programs report themselves to the database every few seconds: STATEMENTS MS.
list_cost() { # URL
    local before after ms least='' best='' tries
    for ((tries = 0; tries < $(by_mode 2 5 9); tries++)); do
        before=$(questions)
        ms=$(curl -sS -f -o "$DIR/list" --noproxy '*' --max-time 60 -H 'X-Test-User: bench@x' -w '%{time_total}' "$1") ||
            die 1 "no answer from $1"
        after=$(questions)
        after=$((after - before - 1))
        ((after >= ${least:=$after})) || least=$after
        best=$(printf '%s\n' "$ms" ${best:+"$best"} | sort -g | sed -n 1p)
    done
    awk -v n="$least" -v s="$best" -v kb="$(($(stat -c %s "$DIR/list") / 1024))" 'BEGIN { printf "%d | %.1f | %d\n", n, s * 1000, kb }'
}

lists_table() {
    local path releases rules more
    releases=$(by_mode 20 2000 20000)
    rules=$(by_mode 20 500 5000)
    say 'admin: lists'
    rows bench "$releases" "$rules" | sandbox sql
    printf '\nLists, with %s releases of each kind, %s rules and as many scheduled changes of each kind; BEGIN and COMMIT count:\n\n' \
        "$(thousands "$releases")" "$(thousands "$rules")"
    printf '| list | statements | ms, best | KB |\n|---|--:|--:|--:|\n'
    mapfile -t more < <(more_lists)
    for path in "${LISTS[@]}" "${more[@]}" "${REVISIONS[@]}"; do
        # shellcheck disable=SC2016 # Markdown
        printf '| `%s` | %s |\n' "$path" "$(list_cost "$ADMIN_URL$path")"
    done
    for path in /api/v1/rules /api/v1/releases '/api/v1/releases?names_only=1' /api/v1/emergency_shutoff; do
        # shellcheck disable=SC2016 # Markdown
        printf '| public: `%s` | %s |\n' "$path" "$(list_cost "$PUBLIC_URL$path")"
    done
    printf '\n'
}

bench_admin() {
    [[ -x $BUILD/balrog-admin ]] || die 1 "$BUILD/balrog-admin is missing: make bench-programs"
    report_head 'The admin API: submissions and lists' admin
    read -ra SIZE < <(by_mode '14 1 2 10' '14 1 10 100' '14 1 10 100')
    "$BENCH/populate" sql "${SIZE[@]}" >"$DIR/population.sql"
    printf "INSERT INTO permissions (username, permission, options, data_version) VALUES ('bench@x', 'admin', NULL, 1);\n" \
        >>"$DIR/population.sql"
    # balrog-public is quiet: its polls would count as statements.
    sandbox_up --user-header X-Test-User --set public.poll_ms=60000 --load "$DIR/population.sql"
    submissions_table
    open_session
    lists_table
}
