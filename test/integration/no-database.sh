#!/bin/bash
# Update and json queries cost the database nothing, by its own count.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

COUNT=10000

# What the server counts of connections and statements, prepared or not, of whoever. The INSERTs and DELETEs by which
# programs report themselves in app_instances every ten seconds, and the heartbeat, are left out; so are the two statements
# by which each program asks every second how the server is, of which one is SHOW VARIABLES.
counters() {
    db <<<"SHOW GLOBAL STATUS WHERE Variable_name IN ('Queries', 'Connections', 'Com_insert', 'Com_delete', 'Com_show_variables')" |
        awk '{ n[$1] = $2 } END { print n["Connections"], n["Queries"] - n["Com_insert"] - n["Com_delete"] - 2 * n["Com_show_variables"] }'
}

# rise FROM TO: of each of the counters.
rise() {
    local -a from to
    read -ra from <<<"$1"
    read -ra to <<<"$2"
    echo "$((to[0] - from[0])) connections, $((to[1] - from[1])) statements"
}

# The paths of COUNT queries: served, throttled, shut off, pinned, without a rule, wrong.
paths() {
    local i channels=(release beta nightly release-localtest none) locales=(de fr xx)
    local args=('' '?force=1' '?pin=128.' '?pin=x')
    for ((i = 0; i < COUNT; i++)); do
        case $((i % 10)) in
        0) echo "/json/1/FirefoxVPN/2.$((i % 40)).0/WINNT_x86_64/release/update.json" ;;
        1) echo "/update/3/GMP/130.0/20240829075237/WINNT_x86_64-msvc/de/release/os/default/default/update.xml" ;;
        2) echo "/update/1/Thunderbird/$((i % 130)).0/20200101000000/Linux_x86_64-gcc3/de/beta/update.xml" ;;
        3) echo "/update/3/Firefox/none/2020/WINNT_x86_64-msvc/de/release/os/default/default/update.xml" ;;
        4) echo "/update/what/is/this/$i" ;;
        *)
            printf '/update/6/Firefox/%s.0/20200101000000/WINNT_x86_64-msvc-x64/%s/%s/' \
                $((60 + i % 80)) "${locales[i % 3]}" "${channels[i % 5]}"
            printf 'Windows_NT 10.0/ISET:SSE4_2,MEM:8192/default/default/update.xml%s\n' "${args[i % 4]}"
            ;;
        esac
    done | sed 's/ /%20/g'
}

# How many answers had which status.
ask_all() {
    paths | sed "s|.*|url = \"$PUBLIC_URL&\"\noutput = /dev/null|" >"$WORK/urls"
    curl -s --globoff --noproxy '*' -w '%{http_code}\n' -K "$WORK/urls" | sort | uniq -c | awk '{ print $2, $1 }'
}

answers() {
    probe each /__metrics__ | awk '/^balrog_public_answers_total/ { sum += $2 } END { print sum + 0 }'
}

# The loader asks for changes at its start and then after a minute: that is longer than this takes. It does not read for a
# snapshot file either.
sandbox_up --load "$TOP/conf/demo.sql" --set public.poll_ms=60000 --set public.compare_s=86400 \
    --set public.state_dir=
sandbox restart public
answered=$(answers)
before=$(counters)
reading=$(rise "$before" "$(counters)")
before=$(counters)
started=$SECONDS
statuses=$(ask_all)
after=$(counters)
printf '%s\n' "$statuses" "in $((SECONDS - started)) s"
check "$COUNT queries cost no more than reading the counters does" equal "$reading" "$(rise "$before" "$after")"
check "all were answered by the workers" equal "$COUNT" $(($(answers) - answered))
check "none by a 5xx" equal '' "$(grep '^5' <<<"$statuses" || true)"
check "most by a 200" test "$(awk '$1 == 200 { print $2 }' <<<"$statuses")" -gt $((COUNT / 2))
check "updates were among them" test "$(metric 'answers_total{reason="served"}')" -gt $((COUNT / 10))

# That the counters would have shown it:
before=$(counters)
check "the API reads the database" equal 200 "$(status /api/v1/rules)"
check "and the counters show it" test "$(rise "$before" "$(counters)")" != "$reading"
summary
