# shellcheck shell=bash
# A real Prometheus with the shipped rules, for the tests that source this after service.sh.
: "${TOP=}" "${WORK=}" "${PUBLIC_URL=}" "${ADMIN_URL=}"
PROMETHEUS=

# conf/prometheus/prometheus.yml for the sandbox's ports, scraping each second. Changes of the files come from the caller's
# functions, which are filters.
start_prometheus() { # FILTER-OF-CONFIGURATION FILTER-OF-RULES
    local port=${PUBLIC_URL##*:} admin=${ADMIN_URL##*:} listen
    mkdir -p -- "$WORK/prometheus"
    sed -e 's/: 15s/: 1s/' -e "s/127.0.0.1:80\"/127.0.0.1:$port\"/" -e "s/127.0.0.1:81\"/127.0.0.1:$admin\"/" \
        "$TOP/conf/prometheus/prometheus.yml" | "$1" >"$WORK/prometheus/prometheus.yml"
    sed 's/^  - name: .*/&\n    interval: 1s/' "$TOP/conf/prometheus/rules.yml" | "$2" >"$WORK/prometheus/rules.yml"
    for listen in $(shuf -i 20000-31999 -n 20); do
        prometheus --config.file="$WORK/prometheus/prometheus.yml" --storage.tsdb.path="$WORK/prometheus/data" \
            --web.listen-address="127.0.0.1:$listen" >"$WORK/prometheus/log" 2>&1 &
        LOOSE+=("$!")
        PROMETHEUS=http://127.0.0.1:$listen
        if until_true 20 curl -fs -o /dev/null --noproxy '*' "$PROMETHEUS/-/ready"; then
            return
        fi
    done
    tail -n 5 -- "$WORK/prometheus/log" >&2
    return 1
}

# Prints the names of the alerts that fire.
firing() {
    curl -s --noproxy '*' "$PROMETHEUS/api/v1/alerts" |
        jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname' | sort -u
}

# results QUERY: how many series it has; in Grafana's own words.
results() {
    curl -s --noproxy '*' --data-urlencode "query=${1//\$__rate_interval/1m}" "$PROMETHEUS/api/v1/query" |
        jq -e 'if .status == "success" then .data.result | length else error(.error) end'
}

has_data() {
    (($(results "$1" 2>>"$WORK/prometheus/errors" || echo 0) > 0))
}

returns_data() {
    until_true 30 has_data "$1" || { tail -n 1 -- "$WORK/prometheus/errors" >&2 && return 1; }
}

# Checks that each query of a dashboard returns data, and counts them.
QUERIES=0
check_dashboard() { # FILE
    local query
    check "${1##*/} is a dashboard with a title" jq -e '.title and .uid and (.panels | length > 5)' "$1"
    while IFS= read -r query; do
        QUERIES=$((QUERIES + 1))
        check "${1##*/}: $query returns data" returns_data "$query"
    done < <(jq -r '.panels[].targets[].expr' "$1")
}
