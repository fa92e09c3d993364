# Prints the figures of scripts/incident. Input: lines "PAGE NAME{LABELS} VALUE" of /__metrics__. now: seconds since 1970.

# Returns the value of LABEL in the labels of a series.
function of(series, label, at) {
    at = index(series, label "=\"")
    if (!at) {
        return ""
    }
    series = substr(series, at + length(label) + 2)
    return substr(series, 1, index(series, "\"") - 1)
}

function ago(seconds) {
    return seconds < 120 ? sprintf("%.0f s", seconds) : seconds < 7200 ? sprintf("%.0f min", seconds / 60) : sprintf("%.1f h", seconds / 3600)
}

{
    series = $2
    name = series
    sub(/[{].*/, "", name)
}
$1 == "public" && name == "balrog_public_info" {
    version = "v" of(series, "version")
}
$1 == "public" && series ~ /^balrog_public_(snapshot_(age_seconds|stale|missing|kept|generation|rules|releases)|feed_lag_seconds)$/ {
    figure[name] = $NF
}
$1 == "public" && name == "balrog_public_answers_total" {
    answers += $NF
    served += of(series, "reason") == "served" ? $NF : 0
}
$1 == "public" && name == "process_start_time_seconds" {
    started = $NF
}
$1 == "admin" && name == "balrog_agent_last_run_timestamp_seconds" {
    run = $NF > run ? $NF : run
}
$1 == "admin" && name == "balrog_agent_retrying" {
    retrying += $NF
}
$1 == "admin" && name == "balrog_admin_database_reachable" {
    reachable = $NF
}
END {
    if (version != "") {
        printf "public  %s, started %s ago: snapshot %s old%s, feed lag %s, %d rules, %d releases, %d missing, %d older kept\n",
            version, ago(now - started), ago(figure["balrog_public_snapshot_age_seconds"]),
            (figure["balrog_public_snapshot_stale"] ? " and STALE" : ""), ago(figure["balrog_public_feed_lag_seconds"]),
            figure["balrog_public_snapshot_rules"], figure["balrog_public_snapshot_releases"], figure["balrog_public_snapshot_missing"], figure["balrog_public_snapshot_kept"]
        printf "public  %d answers since then, %.1f %% of them with an update\n", answers, answers ? 100 * served / answers : 0
    } else {
        print "public  its figures cannot be read: run this on a machine of the environment, where nginx serves /__metrics__"
    }
    if (reachable != "") {
        printf "admin   database %s\n", reachable ? "answers" : "DOES NOT ANSWER"
        printf "agent   %s, %d changes fail again and again\n", run ? "last looked " ago(now - run) " ago" : "IS NOT KNOWN", retrying
    } else {
        print "admin   its figures cannot be read"
    }
}
