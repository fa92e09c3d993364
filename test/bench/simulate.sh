# shellcheck shell=bash
# Explanations and simulations of the admin API: nothing kept, and with what earlier requests have compiled. Sourced by lib.sh.
: "${DIR:=}" "${BENCH:=}" "${ADMIN_URL:=}"

SIZE=() # rules, releases, platforms, locales
N=0 # queries
URL= # of an update query
RELEASE= # that most rules map to

# Processor time of the admin so far, ms.
admin_cpu() {
    local stat
    stat=$(<"/proc/$(sandbox pids admin)/stat")
    read -ra stat <<<"${stat##*) }"
    echo $(((stat[11] + stat[12]) * 1000 / $(getconf CLK_TCK)))
}

admin_metric() { # NAME
    fetch "$ADMIN_URL/__metrics__" | awk -v name="balrog_admin_$1" '$1 == name { print $2; found = 1 } END { exit !found }' ||
        die 1 "balrog-admin has no metric $1"
}

# Sends the body in FILE to PATH; prints ms by the clock, and ms of the admin's processor time.
timed() { # PATH FILE
    local cpu answer
    cpu=$(admin_cpu)
    answer=$(curl -sS --noproxy '*' --max-time 600 -o "$DIR/answer" -w '%{http_code} %{time_total}' -H 'X-Test-User: bench@x' \
        -H 'Content-Type: application/json' --data-binary "@$2" "$ADMIN_URL$1")
    [[ $answer == 200\ * ]] || die 1 "$1 was answered $answer $(head -c 300 "$DIR/answer")"
    awk -v s="${answer#* }" -v cpu=$(($(admin_cpu) - cpu)) 'BEGIN { printf "%.1f %d\n", s * 1000, cpu }'
}

# The median of ROUNDS times; unless BEFORE is "-" it is run before each.
rounds() { # ROUNDS BEFORE PATH FILE
    local i
    for ((i = 0; i < $1; i++)); do
        [[ $2 == - ]] || "$2"
        timed "$3" "$4"
    done >"$DIR/times"
    printf '%.1f | %.0f' "$(column_median "$DIR/times" 1)" "$(column_median "$DIR/times" 2)"
}

forget() {
    sandbox restart admin >/dev/null
    fetch "$ADMIN_URL/__lbheartbeat__" >/dev/null
}

touch_locale() {
    sandbox sql -e "UPDATE release_assets SET data_version = data_version + 1 WHERE name = '$RELEASE' ORDER BY path LIMIT 1"
}

bodies() {
    local change
    change=$(sandbox sql -N -B -e "SELECT CONCAT('{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": ', rule_id,
        ', \"backgroundRate\": 50}') FROM rules WHERE mapping = '$RELEASE' ORDER BY priority LIMIT 1")
    "$BENCH/populate" urls "${SIZE[@]}" "$N" >"$DIR/urls"
    URL=$(grep -m 1 '/Firefox/.*/release/' "$DIR/urls")
    printf '{"url": "%s", "changes": []}' "$URL" >"$DIR/explain"
    printf '{"url": "%s", "changes": [%s]}' "$URL" "$change" >"$DIR/explain.changed"
    {
        printf '{"changes": [%s], "sample": {"urls": [' "$change"
        sed 's/.*/"&"/; $!s/$/,/' "$DIR/urls"
        printf ']}}'
    } >"$DIR/rate"
    { # the same for a release's content
        printf '{"changes": [{"table": "v2/releases", "change_type": "update", "name": "%s", "blob": ' "$RELEASE"
        fetch "$ADMIN_URL/v2/releases/$RELEASE" | python3 -c 'import json, sys; json.dump(json.load(sys.stdin)["blob"], sys.stdout)'
        printf '}], "sample": {"urls": ['
        sed 's/.*/"&"/; $!s/$/,/' "$DIR/urls"
        printf ']}}'
    } >"$DIR/content"
}

bench_simulate() {
    local n
    read -ra SIZE < <(by_mode '100 10 2 4' '1000 40 8 100' '1000 300 8 100')
    N=$(by_mode 100 100000 100000)
    n=$(by_mode 1 3 5)
    report_head 'What would a change do? Explanations and simulations' simulate
    "$BENCH/populate" sql "${SIZE[@]}" >"$DIR/population.sql"
    echo "INSERT INTO permissions (permission, username, data_version) VALUES ('admin', 'bench@x', 1);" >>"$DIR/population.sql"
    say 'simulate: loading'
    sandbox_up --user-header X-Test-User --load "$DIR/population.sql"
    RELEASE=$(sandbox sql -N -B -e 'SELECT mapping FROM rules JOIN releases_json ON name = mapping
        GROUP BY mapping ORDER BY COUNT(*) DESC LIMIT 1')
    bodies
    say 'simulate: measuring'
    printf '%s rules, %s releases of %s platforms × %s locales; %s different queries. Medians of %s; the client and the database share the machine.\n\n' \
        "${SIZE[@]}" "$(thousands "$N")" "$n"
    printf "| what | ms by the clock | of it ms of the admin's processor time |\n|---|--:|--:|\n"
    printf "| \`/explain\`, nothing kept | %s |\n" "$(rounds "$n" forget /explain "$DIR/explain")"
    printf '| … kept | %s |\n' "$(rounds "$n" - /explain "$DIR/explain")"
    printf '| … with a change, kept | %s |\n' "$(rounds "$n" - /explain "$DIR/explain.changed")"
    printf "| \`/simulate\` of a rule, nothing kept | %s |\n" "$(rounds "$n" forget /simulate "$DIR/rate")"
    printf '| … kept (goal: ≤ 2,000) | %s |\n' "$(rounds "$n" - /simulate "$DIR/rate")"
    printf '| … a locale has changed since | %s |\n' "$(rounds "$n" touch_locale /simulate "$DIR/rate")"
    printf "| \`/simulate\` of a release's content, kept | %s |\n\n" "$(rounds "$n" - /simulate "$DIR/content")"
    printf '%s releases and %s rules are kept then, in %s MB.\n\n' "$(admin_metric snapshot_releases)" \
        "$(admin_metric snapshot_rules)" "$(($(admin_metric snapshot_bytes | xargs printf '%.0f') >> 20))"
}
