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
    printf "         snapshot %s old, generation %s, %s rules, %s releases, %s missing; feed lag %s\n",
        ago(value(page " balrog_public_snapshot_age_seconds")), value(page " balrog_public_snapshot_generation"),
        value(page " balrog_public_snapshot_rules"), value(page " balrog_public_snapshot_releases"),
        value(page " balrog_public_snapshot_missing"), ago(value(page " balrog_public_feed_lag_seconds"))
}

function show_admin(key, reachable) {
    reachable = value("admin balrog_admin_database_reachable")
    if (reachable == "-") {
        printf "%-8s does not answer at %s\n", "admin", admin
        return
    }
    printf "%-8s %.1f requests/s, %.2f errors/s; database %s\n", "admin", rates("admin", "balrog_admin_responses_total"),
        rates("admin", "balrog_admin_responses_total{status=\"5xx\"}"), reachable == 1 ? "answers" : "DOES NOT ANSWER"
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

function show_instances(key, n, row, i) {
    for (key in now) {
        if (index(key, "admin balrog_instance_started_timestamp_seconds{") == 1) {
            row[n++] = sprintf("  %-14s v%-8s %s, pid %s, for %s", of(key, "program"), of(key, "version"), of(key, "host"), of(key, "pid"), ago(time[2] - now[key]))
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
    if (admin != "") {
        show_admin()
        show_scheduled()
        show_instances()
    }
}
