# shellcheck shell=bash
# Figures of this machine in Prometheus' text format, for scripts/host-metrics and scripts/top. Each function prints the lines of one
# subject, and nothing if that part is not set up here. Uses operate.sh, backup.sh and binlogs.sh.
: "${STORE=}"
declare -gA ENV M

metric_head() { # NAME HELP
    printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
}

# The directories that fill, and what each is for.
disk_dirs() {
    printf '%s\n' "releases ${ENV[root]}" "logs ${ENV[nginx_log]%/*}" "state /var/lib/balrog" "data /var/lib/mysql" \
        "backups ${ENV[backup_dir]}"
}

metrics_disks() {
    local what dir size free sizes='' frees=''
    while read -r what dir; do
        [[ -d $dir ]] || continue
        read -r size free < <(df --output=size,avail --block-size=1 -- "$dir" | tail -n 1) || continue
        sizes+="balrog_host_disk_size_bytes{what=\"$what\",path=\"$dir\"} $size"$'\n'
        frees+="balrog_host_disk_free_bytes{what=\"$what\",path=\"$dir\"} $free"$'\n'
    done < <(disk_dirs)
    metric_head balrog_host_disk_size_bytes "Size of the file system that a directory of Balrog is on."
    printf '%s' "$sizes"
    metric_head balrog_host_disk_free_bytes "Bytes that are free there for programs without privileges."
    printf '%s' "$frees"
}

# Prints the time of the newest mark of the archive of binary logs, in microseconds; nothing if there is none.
newest_mark() {
    local marks
    # shellcheck disable=SC2012 # names without blanks
    marks=$(ls -v "$STORE/binlogs/$(series_newest)"/*.marks 2>/dev/null | tail -n 1)
    [[ -z $marks ]] || tail -n 20 -- "$marks" | awk 'NF == 5 && $5 == "." { t = $1 } END { if (t) print t }'
}

metrics_backups() {
    local name full='' verified='' mark
    STORE=${ENV[backup_dir]}/${ENV[name]}
    [[ -d $STORE ]] || return 0
    for name in $(backups); do
        [[ $name != *-full ]] || full=$name
        [[ ! -e $STORE/$name/verified ]] || verified=$name
    done
    mark=$(newest_mark)
    if [[ -n $mark ]]; then
        metric_head balrog_backup_position_timestamp_seconds "Everything committed before this time is in the archive of binary logs."
        printf 'balrog_backup_position_timestamp_seconds %s.%06d\n' "$((mark / 1000000))" "$((mark % 1000000))"
    fi
    metric_head balrog_backup_full_timestamp_seconds "When the newest full backup was finished; 0: there is none."
    if [[ -n $full ]] && manifest_read "$full"; then
        printf 'balrog_backup_full_timestamp_seconds %s\n' "$((M[finished_us] / 1000000))"
    else
        printf 'balrog_backup_full_timestamp_seconds 0\n'
    fi
    metrics_remote
    if [[ -n $verified ]]; then
        metric_head balrog_backup_verified_timestamp_seconds "When backup-verify last found a backup good."
        printf 'balrog_backup_verified_timestamp_seconds %s\n' "$(stat --format %Y -- "$STORE/$verified/verified")"
    fi
}

# What scripts/backup-push has noted of the remote store.
metrics_remote() {
    local newest mark
    [[ -n ${ENV[backup_remote]} ]] || return 0
    newest=$(cat -- "$STORE/remote/newest" 2>/dev/null || echo 0)
    mark=$(cat -- "$STORE/remote/position" 2>/dev/null || echo 0)
    metric_head balrog_backup_remote_timestamp_seconds "When the newest backup was finished that is complete in the remote store; 0: there is none."
    printf 'balrog_backup_remote_timestamp_seconds %s\n' "$((newest / 1000000))"
    metric_head balrog_backup_remote_position_timestamp_seconds "Everything committed before this time is in the remote store; 0: no binary log is."
    printf 'balrog_backup_remote_position_timestamp_seconds %s.%06d\n' "$((mark / 1000000))" "$((mark % 1000000))"
}

# The certificates that clients of the environment's URLs get. One that cannot be read within 5 s is left out: BalrogDown and the
# clients' own monitoring see that.
metrics_certificates() {
    local url host port end lines=''
    for url in "${ENV[public_url]}" "${ENV[admin_url]}"; do
        [[ $url == https://* ]] || continue
        host=${url#https://}
        host=${host%%/*}
        port=443
        [[ $host != *:* ]] || port=${host##*:} host=${host%:*}
        end=$(timeout 5 openssl s_client -connect "$host:$port" -servername "$host" </dev/null 2>/dev/null |
            openssl x509 -noout -enddate 2>/dev/null) || continue
        lines+="balrog_host_certificate_expiry_timestamp_seconds{url=\"$url\"} $(date -d "${end#notAfter=}" +%s)"$'\n'
    done
    [[ -n $lines ]] || return 0
    metric_head balrog_host_certificate_expiry_timestamp_seconds "When the certificate expires that clients of this URL get."
    printf '%s' "$lines"
}

# The canary, and the last deploy; from the machine that deploys.
metrics_deploys() {
    local state=${ENV[root]}/state time outcome text restarts
    if [[ -r $state/canary ]]; then
        metric_head balrog_canary_restarts "Restarts of the canary that were seen, by version and phase of the canary."
        restarts=$(sed -n 's/^canary [0-9]* //p' "$state/canary-pids" 2>/dev/null || true)
        printf 'balrog_canary_restarts{version="%s",phase="%s"} %s\n' "$(sed -n 's/^version = //p' "$state/canary")" \
            "$(sed -n 's/^phase = //p' "$state/canary")" "${restarts:-0}"
    fi
    [[ -r $state/deploys ]] || return 0
    metric_head balrog_deploy_timestamp_seconds "When a deploy, a promotion, an abort or a rollback last ended, by what it did."
    grep -v $'\t''begun'$'\t' "$state/deploys" | tail -n 1 | while IFS=$'\t' read -r time outcome _ text; do
        printf 'balrog_deploy_timestamp_seconds{what="%s",outcome="%s"} %s\n' "${text//[\"\\]/}" "${outcome//[\"\\]/}" "$time"
    done
}

# Prints everything.
host_metrics() {
    metrics_disks
    metrics_backups
    metrics_certificates
    metrics_deploys
    metric_head balrog_host_written_timestamp_seconds "When these figures were collected."
    printf 'balrog_host_written_timestamp_seconds %s\n' "$EPOCHSECONDS"
}
