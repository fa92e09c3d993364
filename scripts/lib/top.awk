# Prints the screen of scripts/top. Input: two files of figures, before and now. Their first line is "now at TIME", the others
# are "PAGE NAME{LABELS} VALUE".

# Returns the value of LABEL in the labels of a series.
function of(series, label, at) {
    at = index(series, label "=\"")
    if (!at) {
        return ""
    }
    series = substr(series, at + length(label) + 2)
    return substr(series, 1, index(series, "\"") - 1)
}

function rate(key) {
    return time[2] > time[1] && (key in before) && now[key] >= before[key] ? (now[key] - before[key]) / (time[2] - time[1]) : 0
}

# The sum of the rates of all series of PAGE that begin with SERIES.
function rates(page, series, key, sum) {
    for (key in now) {
        if (index(key, page " " series) == 1) {
            sum += rate(key)
        }
    }
    return sum + 0
}

# Returns the quantile Q of the latency as a text: the upper bound, in ms, of the bucket that contains it. Counts are rates
# between the two inputs, so that it is the latency of now.
function quantile(page, q, key, i, le, bound, total) {
    split("", le)
    for (key in now) {
        if (index(key, page " balrog_public_request_seconds_bucket{") == 1 && key ~ /endpoint="(update|json)"/) {
            le[of(key, "le")] += rate(key)
        }
    }
    total = le["+Inf"]
    delete le["+Inf"]
    if (total <= 0) {
        return "-"
    }
    bound = -1
    for (i in le) {
        if (le[i] >= q * total && (bound < 0 || i + 0 < bound)) {
            bound = i + 0
        }
    }
    return bound < 0 ? ">10 s" : sprintf("%.2f ms", bound * 1000)
}

function value(key) {
    return (key in now) ? now[key] : "-"
}

function ago(seconds) {
    if (seconds == "-") {
        return "-"
    }
    return seconds < 120 ? sprintf("%.1f s", seconds) : seconds < 7200 ? sprintf("%.0f min", seconds / 60) : sprintf("%.1f h", seconds / 3600)
}

function version_of(page, key) {
    for (key in now) {
        if (index(key, page " balrog_public_info{") == 1) {
            return "v" of(key, "version") ", pid " of(key, "pid")
        }
    }
    return ""
}

# How long the program of PAGE has run.
function up(page) {
    return (page " process_start_time_seconds") in now ? ago(time[2] - now[page " process_start_time_seconds"]) : "-"
}

function restarts(page) {
    return now["restarts " page] > 0 ? sprintf(", %d RESTARTS since top began", now["restarts " page]) : ""
}

function show_nginx(asked) {
    if (value("nginx requests") == "-") {
        return
    }
    asked = rate("nginx requests")
    printf "%-8s %.1f requests/s, %.2f 5xx/s, %.2f/s without an answer of a program, %.0f %% from the cache\n", "nginx", asked, rate("nginx 5xx"),
        rate("nginx alone"), (asked > 0 ? 100 * rate("nginx hits") / asked : 0)
}

function show_host(key, what, n, row, i, share) {
    for (key in now) {
        if (index(key, "host balrog_canary_restarts{") == 1) {
            printf "%-8s v%s is %s, %d restarts\n", "canary", substr(of(key, "version"), 2), of(key, "phase"), now[key]
        } else if (index(key, "host balrog_deploy_timestamp_seconds{") == 1) {
            printf "%-8s %s: %s, %s ago\n", "deploy", of(key, "what"), of(key, "outcome"), ago(time[2] - now[key])
        } else if (index(key, "host balrog_host_disk_free_bytes{") == 1) {
            what = key
            sub(/free/, "size", what)
            share = 100 * now[key] / now[what]
            row[n++] = sprintf("%s %.0f %% free%s", of(key, "what"), share, (share < 10 ? " (NEARLY FULL)" : ""))
        }
    }
    sort(row, n)
    for (i = 0; i < n; i++) {
        printf "%s%s%s", (i ? ", " : sprintf("%-8s ", "disks")), row[i], (i == n - 1 ? "\n" : "")
    }
    if ("host balrog_backup_full_timestamp_seconds" in now) {
        printf "%-8s logs archived up to %s ago, last full backup %s ago\n", "backups",
            (("host balrog_backup_position_timestamp_seconds" in now) ? ago(time[2] - now["host balrog_backup_position_timestamp_seconds"]) : "-"),
            (now["host balrog_backup_full_timestamp_seconds"] > 0 ? ago(time[2] - now["host balrog_backup_full_timestamp_seconds"]) : "-")
    }
}

function show_public(page, asked, empty) {
    if (version_of(page) == "") {
        printf "%-8s does not answer at %s\n", page, public
        return
    }
    asked = rates(page, "balrog_public_answers_total")
    empty = asked - rates(page, "balrog_public_answers_total{reason=\"served\"}")
    printf "%-8s %-20s %9.1f queries/s  %5.1f %% empty  %6.2f errors/s   50 %% %s  99 %% %s\n", page, version_of(page), asked,
        (asked > 0 ? 100 * empty / asked : 0), rates(page, "balrog_public_responses_total{status=\"5xx\"}"), quantile(page, 0.5),
        quantile(page, 0.99)
    printf "         snapshot %s old%s, generation %s, %s rules, %s releases, %s missing; feed lag %s; up %s%s\n",
        ago(value(page " balrog_public_snapshot_age_seconds")),
        (value(page " balrog_public_snapshot_stale") == 1 ? " and STALE (the database cannot be read)" : ""), value(page " balrog_public_snapshot_generation"),
        value(page " balrog_public_snapshot_rules"), value(page " balrog_public_snapshot_releases"),
        value(page " balrog_public_snapshot_missing"), ago(value(page " balrog_public_feed_lag_seconds")), up(page), restarts(page)
}

function show_admin(key, reachable) {
    reachable = value("admin balrog_admin_database_reachable")
    if (reachable == "-") {
        printf "%-8s does not answer at %s\n", "admin", admin
        return
    }
    printf "%-8s %.1f requests/s, %.2f errors/s; database %s; up %s%s\n", "admin", rates("admin", "balrog_admin_responses_total"),
        rates("admin", "balrog_admin_responses_total{status=\"5xx\"}"), (reachable == 1 ? "answers" : "DOES NOT ANSWER"), up("admin"), restarts("admin")
}

function show_scheduled(key, table, n, line, due) {
    for (key in now) {
        if (index(key, "admin balrog_scheduled_changes{") == 1 && now[key] > 0 && of(key, "state") == "pending") {
            table = of(key, "table")
            due = now["admin balrog_scheduled_changes{table=\"" table "\",state=\"due\"}"]
            line = line sprintf("%s%s %d (%d due)", n++ ? ", " : "", table, now[key], due)
        }
    }
    print "scheduled " (n ? line : "nothing")
}

# Programs report every ten seconds. Silence is counted from the newest report, because times are those of the database's clock.
function silent(key) {
    sub(/started/, "seen", key)
    return (key in now) ? newest - now[key] : 0
}

function show_instances(key, n, row, i) {
    for (key in now) {
        if (index(key, "admin balrog_instance_seen_timestamp_seconds{") == 1 && now[key] > newest) {
            newest = now[key]
        }
    }
    for (key in now) {
        if (index(key, "admin balrog_instance_started_timestamp_seconds{") == 1) {
            row[n++] = sprintf("  %-14s v%-8s %s, pid %s, %s", of(key, "program"), of(key, "version"), of(key, "host"), of(key, "pid"),
                (silent(key) > 30 ? "GONE or hanging: silent for " ago(silent(key)) : "for " ago(time[2] - now[key])))
        }
    }
    print "\nrunning programs:" (n ? "" : " none is known")
    sort(row, n)
    for (i = 0; i < n; i++) {
        print row[i]
    }
}

function sort(list, n, i, j, t) {
    for (i = 1; i < n; i++) {
        for (j = i; j > 0 && list[j - 1] > list[j]; j--) {
            t = list[j]
            list[j] = list[j - 1]
            list[j - 1] = t
        }
    }
}

FNR == 1 {
    time[++file] = $3
    next
}
{
    key = $0
    sub(/ [^ ]*$/, "", key)
    if (file == 1) {
        before[key] = $NF
    } else {
        now[key] = $NF
    }
}
END {
    print "Balrog, " strftime("%Y-%m-%d %H:%M:%S UTC", time[2], 1) "\n"
    if (public != "") {
        show_public("stable")
        if (version_of("canary") != "" && version_of("canary") != version_of("stable")) {
            show_public("canary")
        }
    }
    show_nginx()
    show_host()
    if (admin != "") {
        show_admin()
        show_scheduled()
        show_instances()
    }
}
