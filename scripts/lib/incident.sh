# shellcheck shell=bash
# The parts of scripts/incident. Each show_NAME prints its lines, the most important ones first, and may die: its message is then
# shown in its place. Uses connection.sh, operate.sh, deploy.sh and checks.sh.
: "${TOP=}" "${STATE=}" "${LIMIT=}" "${WORK=}"
declare -gA ENV

# Prints the body of a URL; returns false unless the answer is a 200.
fetch() { # URL
    curl -fs --noproxy '*' --max-time 4 -- "$1"
}

# Prints the HTTP status of a URL and the time it took, or why there is none.
status_of() { # URL
    local said
    said=$(curl -s --noproxy '*' --max-time 4 -o /dev/null -w '%{http_code} in %{time_total} s' -- "$1" 2>/dev/null) || said='NO ANSWER'
    printf '%s' "$said"
}

show_health() {
    local what url
    for what in public admin; do
        url=${ENV[${what}_url]}
        if [[ -z $url ]]; then
            printf '%-7s not known: %s_url is not set in %s\n' "$what" "$what" "${ENV[file]}"
            continue
        fi
        printf '%-7s %s: itself %s, with its database %s\n' "$what" "$url" "$(status_of "$url/__lbheartbeat__")" \
            "$(status_of "$url/__heartbeat__")"
    done
    {
        fetch "${ENV[public_url]}/__metrics__" | sed -n 's/^[a-z]/public &/p' || true
        fetch "${ENV[admin_url]}/__metrics__" | sed -n 's/^[a-z]/admin &/p' || true
    } | awk -v now="$(date +%s)" -f "$TOP/scripts/lib/incident.awk"
    show_nginx
}

# Prints the statuses of the last requests in nginx's log.
show_nginx() {
    [[ -r ${ENV[nginx_log]} ]] || { echo "nginx   its log ${ENV[nginx_log]} cannot be read" && return; }
    tail -n 10000 -- "${ENV[nginx_log]}" | LC_ALL=C awk '
        match($0, /"status":[0-9]+/) {
            n++
            status[substr($0, RSTART + 9, 1)]++
        }
        /"cache":"HIT"/ {
            hits++
        }
        /"upstream_status":"([^"]*[:, ])?50[24]"|"limit":"REJECTED"/ {
            alone++
        }
        END {
            printf "nginx   last %d requests: %d 2xx, %d 4xx, %d 5xx; %d without an answer of a program, %d from the cache\n", n, status[2], status[4], status[5], alone, hits
        }'
}

# All hosts are read at the same time. One that does not answer costs no other its lines.
show_versions() {
    local host end=$((SECONDS + LIMIT - 1))
    for host in $(hosts); do
        { at "$host" status >"$WORK/host-$host" 2>"$WORK/host-$host.said" </dev/null && touch "$WORK/host-$host.done"; } &
    done
    for host in $(hosts); do
        until [[ -e $WORK/host-$host.done ]] || ((SECONDS >= end)) || ! jobs -r | grep . >/dev/null; do
            sleep 0.1
        done
        sed "s/^/$host: /" "$WORK/host-$host"
        [[ -e $WORK/host-$host.done ]] || echo "$host: NO ANSWER $(head -n 1 -- "$WORK/host-$host.said" | cut -c 1-100)"
    done
}

# Prometheus answers this in plain text.
show_alerts() {
    local url=${ENV[prometheus_url]} answer
    [[ -n $url ]] || die 1 "prometheus_url is not set in ${ENV[file]}"
    answer=$(curl -fsS --noproxy '*' --max-time 4 --get --data-urlencode 'match[]=ALERTS{alertstate="firing"}' -- "$url/federate" 2>&1) ||
        die 1 "Prometheus at $url: $answer"
    sed -n 's/^ALERTS{\(.*\)} 1 .*/\1/p' <<<"$answer" | awk '
        function value(name) {
            return match($0, "(^|,)" name "=\"[^\"]*\"") ? substr($0, RSTART, RLENGTH) : ""
        }
        {
            alert = value("alertname"); severity = value("severity"); rest = $0
            gsub(/(^|,)(alertname|alertstate|severity|instance)="[^"]*"/, "", rest)
            gsub(/^.*="|"$/, "", alert); gsub(/^.*="|"$/, "", severity); sub(/^,/, "", rest)
            printf "%-7s %s %s: docs/runbook.md#%s\n", severity, alert, rest, tolower(alert)
        }' | LC_ALL=C sort
}

show_shutoffs() {
    query "SELECT CONCAT_WS(' ', s.product, s.channel, CONCAT('since ', FROM_UNIXTIME(h.timestamp DIV 1000), ' by ', h.changed_by),
            IF(s.comment IS NULL OR s.comment = '', NULL, CONCAT('(', LEFT(REPLACE(s.comment, '\n', ' '), 200), ')')))
        FROM emergency_shutoffs s LEFT JOIN emergency_shutoffs_history h ON h.change_id = (SELECT MAX(change_id)
            FROM emergency_shutoffs_history l WHERE l.product = s.product AND l.channel = s.channel)
        ORDER BY h.timestamp DESC"
    show_partial_stops
}

# Those with conditions, which a database before v0.3 does not have.
show_partial_stops() {
    local column conditions='' there
    there=$(query "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_name = 'balrog_partial_stops'")
    [[ $there == 1 ]] || return 0
    for column in version buildTarget buildID locale osVersion memory instructionSet jaws mig64 distribution distVersion \
        headerArchitecture; do
        conditions+=", CONCAT('$column ', s.$column)"
    done
    query "SELECT CONCAT_WS(' ', s.product, s.channel, CONCAT('only ', CONCAT_WS(', '$conditions)),
            CONCAT('since ', FROM_UNIXTIME(h.timestamp DIV 1000), ' by ', h.changed_by),
            IF(s.comment IS NULL OR s.comment = '', NULL, CONCAT('(', LEFT(REPLACE(s.comment, '\n', ' '), 200), ')')))
        FROM balrog_partial_stops s LEFT JOIN balrog_partial_stops_history h ON h.change_id = (SELECT MAX(change_id)
            FROM balrog_partial_stops_history l WHERE l.stop_id = s.stop_id)
        ORDER BY h.timestamp DESC"
}

show_canary() {
    local status=0 said
    canary_load || { echo "none, $( (current_version public 2>/dev/null) || echo 'an unknown version') serves all requests" && return; }
    printf '%s beside %s, phase %s, started %s by %s\n' "${STATE_OF[version]}" "${STATE_OF[stable]}" "${STATE_OF[phase]}" \
        "$(date -u -d "@${STATE_OF[started]}" '+%Y-%m-%d %H:%M:%S')" "${STATE_OF[who]}"
    said=$("$TOP/scripts/canary-status" -e "${ENV[name]}" 2>&1) || status=$?
    case $status in
    0) echo "it may be promoted" ;;
    7) echo "IT IS WORSE: scripts/abort -e ${ENV[name]}" ;;
    8) echo "it may not be promoted yet" ;;
    esac
    grep -E '^it may not|does not run' <<<"$said" || true
    printf '%s\n' "$said"
}

show_deploys() {
    [[ -e $STATE/deploys ]] || return 0
    tail -n 20 -- "$STATE/deploys" | tac | while IFS=$'\t' read -r time outcome by text; do
        [[ $outcome != begun || $text != "${last-}" ]] || continue # its outcome was printed
        last=$text
        printf '%s  %s: %s, by %s\n' "$(date -u -d "@$time" '+%Y-%m-%d %H:%M:%S')" "$text" "$outcome" "$by"
    done
}

# Prints the newest rows of the rules' history, each with what it changed.
show_rules() {
    local column changes=''
    for column in priority mapping fallbackMapping backgroundRate update_type product channel version buildID buildTarget locale; do
        changes+=", IF(h.$column <=> p.$column, NULL, CONCAT('$column ', COALESCE(p.$column, '-'), ' -> ', COALESCE(h.$column, '-')))"
    done
    query "SELECT CONCAT(FROM_UNIXTIME(h.timestamp DIV 1000), '  ', h.changed_by, ': rule ', h.rule_id, ' (',
            CONCAT_WS(' ', COALESCE(h.product, p.product), COALESCE(h.channel, p.channel)), ') ',
            CASE WHEN h.data_version IS NULL THEN 'deleted'
                WHEN p.data_version IS NULL THEN CONCAT('added: ', COALESCE(h.mapping, '-'), ' at ', COALESCE(h.backgroundRate, '-'), ' %')
                ELSE COALESCE(NULLIF(CONCAT_WS('; '$changes), ''), 'other columns') END)
        FROM (SELECT * FROM rules_history ORDER BY timestamp DESC, change_id DESC LIMIT 100) h
        LEFT JOIN rules_history p ON p.change_id =
            (SELECT MAX(q.change_id) FROM rules_history q WHERE q.rule_id = h.rule_id AND q.change_id < h.change_id)
        WHERE h.data_version IS NOT NULL OR p.data_version IS NOT NULL
        ORDER BY h.timestamp DESC, h.change_id DESC LIMIT 50"
}

# Prints the changes that are due or will be soon.
show_pending() {
    local tables table sql=''
    tables=$(query "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_name LIKE '%\\_scheduled\\_changes'")
    for table in $tables; do
        sql+="${sql:+ UNION ALL }SELECT c.\`when\` AS at, CONCAT(FROM_UNIXTIME(c.\`when\` DIV 1000), '  ', IF(c.\`when\` < UNIX_TIMESTAMP() * 1000, 'OVERDUE  ', ''),
            REPLACE('$table', '_scheduled_changes', ''), ' ', s.sc_id, ', scheduled by ', s.scheduled_by) AS line
            FROM $table s JOIN ${table}_conditions c USING (sc_id) WHERE s.complete = 0 AND c.\`when\` IS NOT NULL"
    done
    [[ -z $sql ]] || query "SELECT line FROM ($sql) pending ORDER BY at LIMIT 50"
}

# Prints the warnings and errors of the programs, newest first: one line for each program and type, then all of them.
show_errors() {
    local lines groups file
    if [[ ${ENV[supervisor]} == systemd ]]; then
        lines=$(journalctl --quiet --unit 'balrog-*' --output cat --since '-24h' --lines 20000 --no-pager)
    else
        lines=$(for file in "${ENV[root]}"/log/*.log; do [[ ! -r $file ]] || tail -n 5000 -- "$file"; done)
    fi
    for groups in 1 0; do
        LC_ALL=C awk -v groups="$groups" -f "$TOP/scripts/lib/incident-log.awk" <<<"$lines" | sort -rns -k 1,1 | cut -d ' ' -f 2- |
            head -n 200
    done
}

show_disks() {
    local dirs=() dir
    for dir in "${ENV[root]}" "${ENV[nginx_log]%/*}" "${ENV[backup_dir]}" /var/lib/balrog /var/lib/mysql; do
        [[ ! -d $dir ]] || dirs+=("$dir")
    done
    df --output=pcent,avail,target -h -- "${dirs[@]}" | sed 1d | sort -rn | uniq |
        awk '{ printf "%s used, %s free: %s%s\n", $1, $2, $3, ($1 + 0 >= 90 ? "  NEARLY FULL" : "") }'
}
