# Compares a canary with the stable version. Prints the table of scripts/canary-status, and then
#
#   verdict VERDICT     worse; few (too few requests to judge); silent (the canary does not answer); well
#   reason TEXT         why it is worse, one line per reason
#
# Input: two files of lines "HOST WHO SERIES VALUE"; the first one is from the canary's start, the second from now. WHO is
# stable or canary. A worker that was replaced in between has counted from 0 (its pid has changed). Variables: stable and
# canary (versions), min_requests, max_errors and max_empty (percentage points), max_latency (a factor), latency_floor_ms,
# max_restarts. A worker that crashes again and again loses its counts each time, so restarts are counted themselves, and
# empty answers by nginx's log, too.

FILENAME == ARGV[1] {
    base[$1, $2, $3] = $4
    next
}

{
    now[$1, $2, $3] = $4
    hosts[$1] = 1
}

function same_process(host, who) {
    return (host, who, "pid") in base && base[host, who, "pid"] == now[host, who, "pid"]
}

# Adds up the figures of all hosts into sum, counted and silent.
function add_up(key, part, host, who, series, value) {
    for (key in now) {
        split(key, part, SUBSEP)
        host = part[1]
        who = part[2]
        series = part[3]
        value = now[key]
        if (series !~ /^(nginx_|restarts$)/ && same_process(host, who)) {
            value -= base[key]
        }
        if (series == "silent") {
            silent[who] = 1
        } else if (series ~ /^balrog_public_request_seconds_bucket/) {
            bucket(who, series, value)
        } else if (series != "pid") {
            sum[who, label(series)] += value
        }
    }
}

# Shortens a series to its label, "reason served" or "status 5xx"; other series stay as they are.
function label(series, parts) {
    if (split(series, parts, /[{="}]+/) >= 3) {
        return parts[2] " " parts[3]
    }
    return series
}

function bucket(who, series, value, le) {
    match(series, /le="[^"]*"/)
    le = substr(series, RSTART + 4, RLENGTH - 5)
    bound[le] = le == "+Inf" ? 1e300 : le + 0
    counted[who, le] += value
}

# Sets order[] to the buckets' names by ascending bound, and returns their number.
function sort_bounds(n, name, i, t) {
    n = 0
    for (name in bound) {
        order[++n] = name
        for (i = n; i > 1 && bound[order[i]] < bound[order[i - 1]]; i--) {
            t = order[i]
            order[i] = order[i - 1]
            order[i - 1] = t
        }
    }
    return n
}

# The quantile Q in milliseconds, assuming that values are spread evenly within a bucket; -1 if nothing was counted.
function quantile(who, q, i, total, wanted, below, from) {
    total = bounds ? counted[who, order[bounds]] : 0
    if (total <= 0) {
        return -1
    }
    wanted = q * total
    for (i = 1; i < bounds && counted[who, order[i]] < wanted; i++) {
        below = counted[who, order[i]]
        from = bound[order[i]]
    }
    if (i == bounds) { # beyond the last bound
        return bounds > 1 ? bound[order[bounds - 1]] * 1000 : -1
    }
    return 1000 * (from + (bound[order[i]] - from) * (wanted - below) / (counted[who, order[i]] - below))
}

function percent(part, whole) {
    return whole > 0 ? 100 * part / whole : 0
}

function responses(who, i, n) {
    n = 0
    for (i = 1; i < 6; i++) {
        n += sum[who, "status " i "xx"]
    }
    return n
}

function answers(who, key, part, n) {
    n = 0
    for (key in sum) {
        split(key, part, SUBSEP)
        if (part[1] == who && part[2] ~ /^reason /) {
            n += sum[key]
        }
    }
    return n
}

function row(name, a, b, format) {
    printf "%-28s " format " " format "\n", name, a, b
}

function milliseconds(name, q, a, b) {
    a = quantile("stable", q)
    b = quantile("canary", q)
    row(name, a < 0 ? "-" : sprintf("%.3f ms", a), b < 0 ? "-" : sprintf("%.3f ms", b), "%14s")
}

function print_reasons(key, part, name, n, i, names, t) {
    n = 0
    for (key in sum) {
        split(key, part, SUBSEP)
        name = part[2]
        if (name ~ /^reason / && name != "reason served" && sum[key] > 0 && !(name in seen)) {
            seen[name] = 1
            names[++n] = name
            for (i = n; i > 1 && names[i] < names[i - 1]; i--) {
                t = names[i]
                names[i] = names[i - 1]
                names[i - 1] = t
            }
        }
    }
    for (i = 1; i <= n; i++) {
        row("  " substr(names[i], 8), percent(sum["stable", names[i]], answers("stable")),
            percent(sum["canary", names[i]], answers("canary")), "%12.3f %%")
    }
}

function empty_share(who) {
    return percent(answers(who) - sum[who, "reason served"], answers(who))
}

function print_table() {
    row("", "stable " stable, "canary " canary, "%14s")
    row("responses", responses("stable"), responses("canary"), "%14d")
    row("5xx, by the worker", worker_errors["stable"], worker_errors["canary"], "%12.3f %%")
    row("requests, by nginx's log", sum["stable", "nginx_requests"], sum["canary", "nginx_requests"], "%14d")
    row("failed, by nginx's log", nginx_errors["stable"], nginx_errors["canary"], "%12.3f %%")
    milliseconds("latency, median", 0.5)
    milliseconds("latency, 99th percentile", 0.99)
    row("restarts", sum["stable", "restarts"], sum["canary", "restarts"], "%14d")
    row("answers to update queries", answers("stable"), answers("canary"), "%14d")
    row("without an update", empty_share("stable"), empty_share("canary"), "%12.3f %%")
    print_reasons()
    row("without an update, by nginx", nginx_empty["stable"], nginx_empty["canary"], "%12.3f %%")
}

# Adds a reason why the canary is worse.
function add_reason(text) {
    reasons[++n_reasons] = text
}

function compare(a, b, enough) {
    if (sum["canary", "restarts"] > max_restarts) {
        add_reason(sprintf("it was restarted %d times", sum["canary", "restarts"]))
    }
    enough = responses("canary") >= min_requests
    if (!enough && sum["canary", "nginx_requests"] < min_requests) {
        return 0
    }
    # Up to two errors may be chance, whatever their share is.
    if (enough && sum["canary", "status 5xx"] > 2 && worker_errors["canary"] > worker_errors["stable"] + max_errors) {
        add_reason(sprintf("%.3f %% of its responses are 5xx, the stable version has %.3f %%", worker_errors["canary"],
            worker_errors["stable"]))
    }
    if (sum["canary", "nginx_requests"] >= min_requests && sum["canary", "nginx_errors"] > 2 &&
        nginx_errors["canary"] > nginx_errors["stable"] + max_errors) {
        add_reason(sprintf("%.3f %% of its requests failed by nginx's log, %.3f %% of the stable version's",
            nginx_errors["canary"], nginx_errors["stable"]))
    }
    if (answers("canary") >= min_requests && empty_share("canary") > empty_share("stable") + max_empty) {
        add_reason(sprintf("%.3f %% of its answers bring no update, %.3f %% of the stable version's",
            empty_share("canary"), empty_share("stable")))
    }
    if (sum["canary", "nginx_answers"] >= min_requests && nginx_empty["canary"] > nginx_empty["stable"] + max_empty) {
        add_reason(sprintf("%.3f %% of its answers bring no update by nginx's log, %.3f %% of the stable version's",
            nginx_empty["canary"], nginx_empty["stable"]))
    }
    a = quantile("stable", 0.99)
    b = quantile("canary", 0.99)
    if (enough && a >= 0 && b > a * max_latency && b > a + latency_floor_ms) {
        add_reason(sprintf("its 99th percentile is %.3f ms, the stable version's %.3f ms", b, a))
    }
    return 1
}

END {
    add_up()
    bounds = sort_bounds()
    for (i = 1; i <= 2; i++) {
        who = i == 1 ? "stable" : "canary"
        worker_errors[who] = percent(sum[who, "status 5xx"], responses(who))
        nginx_empty[who] = percent(sum[who, "nginx_empty"], sum[who, "nginx_answers"])
        nginx_errors[who] = percent(sum[who, "nginx_errors"], sum[who, "nginx_requests"])
    }
    print_table()
    judged = compare()
    print "verdict", n_reasons ? "worse" : silent["canary"] ? "silent" : judged ? "well" : "few"
    for (i = 1; i <= n_reasons; i++) {
        print "reason", reasons[i]
    }
}
