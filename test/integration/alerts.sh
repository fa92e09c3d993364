#!/bin/bash
# Alerts, each by its cause: a complete Balrog, the real Prometheus and Alertmanager with the shipped configuration, and Debian's
# node exporter with what host-metrics writes. Nothing fires before something is wrong. Only times are shorter than shipped.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: alerts.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"
# shellcheck source=test/integration/backup_lib.sh
. "$TOP/test/integration/backup_lib.sh"
# shellcheck source=test/integration/listen_lib.sh
. "$TOP/test/integration/listen_lib.sh"
# shellcheck source=test/integration/prometheus_lib.sh
. "$TOP/test/integration/prometheus_lib.sh"

WORKERS=1
IN=$WORK/in # what Alertmanager sends
METRICS=$WORK/metrics
ADMIN_URL=
FAKETIME=$(compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' | sed -n 1p || true)

# ---- Prometheus, Alertmanager, the node exporter ----

shorter_rules() {
    sed -E -e 's/for: [0-9]+m/for: 0s/' -e 's/snapshot_age_seconds > 60/snapshot_age_seconds > 8/' \
        -e 's/agent_silent_seconds > 300/agent_silent_seconds > 15/' \
        -e '/process_clock_offset_seconds|unless changes/s/\[15m\]/[20s]/g' -e 's/(position_timestamp_seconds) > 300/\1 > 20/' -e 's/(written_timestamp_seconds) > 900/\1 > 60/'
}

own_ports() {
    sed -e "s/127.0.0.1:9093/127.0.0.1:$ALERT_PORT/" -e "s/127.0.0.1:9100/127.0.0.1:$NODE_PORT/"
}

start_alertmanager() {
    sed -E -e "s/127.0.0.1:9099/127.0.0.1:$HTTP_PORT/" -e 's/(group_wait|group_interval): .*/\1: 1s/' \
        "$TOP/conf/prometheus/alertmanager.yml" >"$WORK/alertmanager.yml"
    prometheus-alertmanager --config.file="$WORK/alertmanager.yml" --storage.path="$WORK/alertmanager" \
        --cluster.listen-address= --web.listen-address="127.0.0.1:$ALERT_PORT" >"$WORK/alertmanager.log" 2>&1 &
    LOOSE+=("$!")
    prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory="$METRICS" \
        --web.listen-address="127.0.0.1:$NODE_PORT" >"$WORK/node.log" 2>&1 &
    LOOSE+=("$!")
    until_true 20 curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$ALERT_PORT/-/ready"
}

# Whether a message with this alert has come to the receiver (page, ticket), with this state (firing, resolved).
told() { # RECEIVER ALERT STATE
    local file
    for file in "$IN"/request.*.body; do
        [[ -e $file ]] && grep -qx "POST /$1" "${file%.body}.head" &&
            jq -e --arg alert "$2" --arg state "$3" 'any(.alerts[]; .labels.alertname == $alert and .status == $state)' "$file" >/dev/null &&
            return
    done
    return 1
}

alerts() { # RECEIVER ALERT
    check "$2 reaches the receiver of ${1}s" until_true 60 told "$1" "$2" firing
}

ends() { # RECEIVER ALERT
    check "$2 ends" until_true 60 told "$1" "$2" resolved
}

collect() {
    tool 0 host-metrics -e production --write
}

scraped() { # QUERY: Prometheus has data
    curl -s --noproxy '*' --data-urlencode "query=$1" "$PROMETHEUS/api/v1/query" | jq -e '.data.result | length > 0' >/dev/null
}

# An alert of the time before all was there may need another evaluation to end.
nothing_fires() {
    [[ -z $(firing) ]]
}

# ---- causes ----

test_well() {
    check "host-metrics writes its figures" collect
    check "as promtool wants them" promtool check metrics <"$METRICS/balrog-production.prom"
    check "Prometheus has them" until_true 30 scraped 'balrog_host_disk_free_bytes{what="releases"}'
    check "and those of all programs" until_true 30 scraped 'balrog:targets_up{job="balrog-admin"} == 1 and on () balrog:agents > 0 and on () balrog:starts:changes15m'
    check "nothing is wrong, and balrog-uptake was never set up: no alert" until_true 30 nothing_fires
}

test_certificate() {
    local port
    port=$(free_port)
    openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=localhost -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
    openssl s_server -accept "127.0.0.1:$port" -cert "$WORK/cert.pem" -key "$WORK/key.pem" -quiet -www >"$WORK/s_server.log" 2>&1 &
    LOOSE+=("$!")
    until_true 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
    sed -i "s|^public_url = .*|public_url = https://127.0.0.1:$port|" "$BALROG_ENVIRONMENTS/production.conf"
    collect
    alerts ticket BalrogCertificate
}

# In a mount namespace of its own, the root of the environment is a small disk, and full.
test_disk() {
    if ! unshare --mount --map-root-user true 2>/dev/null; then
        echo "no mount namespaces here: BalrogDiskFilling is not tested by a full disk"
        return
    fi
    # shellcheck disable=SC2016 # the inner shell expands them
    check "a disk fills" unshare --mount --map-root-user bash -c 'mount -t tmpfs -o size=1M none "$1" && head -c 1000000 /dev/zero >"$1/full" &&
        exec "$2" -e production --write' - "$WORK/root-production" "$TOP/scripts/host-metrics"
    alerts page BalrogDiskFilling
    collect
    ends page BalrogDiskFilling
}

test_backups() {
    check "one pass over the binary logs, and nobody goes on" tool 0 backup binlogs -e production
    collect
    alerts ticket BalrogBackupOld
    alerts page BalrogBackupLogs
    check "the next pass" tool 0 backup binlogs -e production
    collect
    ends page BalrogBackupLogs
}

test_clock() {
    [[ -n $FAKETIME ]] || { check "faketime is installed" false && return; }
    printf '+0\n' >"$WORK/faketime"
    sandbox stop admin
    LD_PRELOAD=$FAKETIME FAKETIME_TIMESTAMP_FILE=$WORK/faketime FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 sandbox start admin
    until_true 30 scraped 'up{job="balrog-admin"} == 1'
    # A step that comes with a restart may be that of a machine that was started anew: it does not count.
    until_true 60 scraped 'count_over_time(process_start_time_seconds{job="balrog-admin"}[20s]) > 10 unless changes(process_start_time_seconds{job="balrog-admin"}[20s]) > 0'
    echo '+7' >"$WORK/faketime"
    alerts ticket BalrogClockStep
    sandbox stop admin
    sandbox start admin
}

# Due for an hour, and nobody has signed it. (The demo's products need sign-offs.)
test_overdue() {
    db <<'END'
INSERT INTO rules_scheduled_changes (scheduled_by, change_type, base_rule_id, base_priority, base_mapping, base_backgroundRate, base_update_type,
    base_product, base_channel, base_data_version, data_version)
    SELECT 'me@x', 'update', rule_id, priority, mapping, 5, update_type, product, channel, data_version, 1 FROM rules
    WHERE product = 'Firefox' AND channel = 'release' LIMIT 1;
INSERT INTO rules_scheduled_changes_conditions (sc_id, `when`, data_version) VALUES (LAST_INSERT_ID(), (UNIX_TIMESTAMP() - 3600) * 1000, 1);
END
    alerts ticket BalrogChangesOverdue
    db <<<'DELETE FROM rules_scheduled_changes_conditions; DELETE FROM rules_scheduled_changes'
    ends ticket BalrogChangesOverdue
}

test_agent() {
    sandbox stop agent
    alerts page BalrogAgentStuck
    sandbox start agent
    ends page BalrogAgentStuck
}

# Without the database each request of the admin is an error in its log.
test_database() {
    local flood
    sandbox stop db
    wrk --threads 1 --connections 2 --duration 1h -H "Authorization: Basic $(printf 'admin@example.org:demo' | base64)" "$ADMIN_URL/rules" >"$WORK/flood.out" 2>&1 &
    flood=$!
    LOOSE+=("$flood")
    alerts page BalrogSnapshotStale
    alerts ticket BalrogLogFlood
    kill "$flood"
    sandbox start db
    ends page BalrogSnapshotStale
}

# Whether there is a worker other than this one, and Prometheus has scraped it.
other_worker() { # PID
    local now
    now=$(worker_pids)
    [[ -n ${now% } && $now != "$1" ]] && scraped "balrog_public_info{pid=\"${now% }\"}"
}

test_crashes() {
    local i pid
    for ((i = 0; i < 4; i++)); do
        pid=$(worker_pids)
        kill -KILL "${pid% }"
        until_true 30 other_worker "$pid"
    done
    alerts page BalrogCrashLoop
    alerts page BalrogCanaryRestarts
}

test_uptake() {
    sandbox start uptake
    check "balrog-uptake is scraped" until_true 30 scraped 'balrog:targets_up{job="balrog-uptake"} == 1'
    sandbox stop uptake
    alerts page BalrogDown
}

test_host_figures() {
    check_dashboard "$TOP/conf/grafana/host.json"
    alerts ticket BalrogHostFigures
    collect
    ends ticket BalrogHostFigures
}

mkdir -p "$METRICS" "$WORK/root-production/state"
check "the tools are there" command -v prometheus prometheus-alertmanager prometheus-node-exporter jq wrk openssl
listen_up "$IN"
LOOSE+=("$LISTENER")
sandbox_with_logs --passwords "$TOP/conf/demo.passwords" --agent
printf '%s\n' "metrics_dir = $METRICS" "nginx_log = $SANDBOX/log/access.log" "public_url = http://127.0.0.1:1" >>"$BALROG_ENVIRONMENTS/production.conf"
ALERT_PORT=$(free_port)
NODE_PORT=$(free_port)
start_alertmanager
start_prometheus own_ports shorter_rules
test_well
test_disk
test_certificate
test_overdue
test_backups
test_agent
test_uptake
if [[ -n ${BALROG_TEST_FULL-} ]]; then # these alerts need a minute each
    test_database
    test_clock
    test_crashes
fi
test_host_figures
summary
