#!/bin/bash
# Unit tests of scripts/lib/canary.awk: the figures of two versions go in, the table and the verdict come out.
set -euo pipefail

# shellcheck source=test/unit/awk_lib.sh
. "$(dirname -- "$0")/awk_lib.sh"
WORK=$(mktemp -d)
trap 'rm -rf -- "$WORK"' EXIT

# compare [VARIABLE=VALUE…] <<<FIGURES: what canary.awk prints. Lines of FIGURES that begin with "base " are the figures
# of the canary's start, without that word.
compare() {
    local options=() option
    for option in min_requests=10 max_errors=0.1 max_empty=5 max_latency=1.5 latency_floor_ms=5 max_restarts=2 "$@"; do
        options+=(-v "$option")
    done
    tee "$WORK/all" >/dev/null
    { echo "- - - 0" && sed -n 's/^base //p' "$WORK/all"; } >"$WORK/base"
    sed '/^base /d' "$WORK/all" >"$WORK/now"
    awk -v stable=v1.0 -v canary=v1.1 "${options[@]}" -f "$TOP/scripts/lib/canary.awk" "$WORK/base" "$WORK/now"
}

# verdict [VARIABLE=VALUE…] <<<FIGURES: the last lines alone, joined by "; ".
verdict() {
    compare "$@" | sed -n '/^verdict /,$p' | paste -sd ';' | sed 's/;/; /g'
}

responses() { # WHO STATUS COUNT
    echo "host $1 balrog_public_responses_total{status=\"$2\"} $3"
}

answers() { # WHO REASON COUNT
    echo "host $1 balrog_public_answers_total{reason=\"$2\"} $3"
}

# Requests of WHO: COUNT of them took at most 1 ms, all of them at most 100 ms.
latency() { # WHO COUNT ALL
    printf 'host %s balrog_public_request_seconds_bucket{endpoint="update",le="%s"} %d\n' "$1" 0.001 "$2" "$1" 0.1 "$3" \
        "$1" +Inf "$3"
}

both() { # FUNCTION ARGUMENT…: for the stable version and for the canary
    "$1" stable "${@:2}"
    "$1" canary "${@:2}"
}

# ---- errors ----

same "too few requests" "verdict few" "$(both responses 2xx 9 | verdict)"
same "just enough requests" "verdict well" "$(both responses 2xx 10 | verdict)"
same "two errors may be chance" "verdict well" \
    "$({ both responses 2xx 100 && responses canary 5xx 2; } | verdict)"
same "three errors are not" \
    "verdict worse; reason 2.913 % of its responses are 5xx, the stable version has 0.000 %" \
    "$({ both responses 2xx 100 && responses canary 5xx 3; } | verdict)"
same "the stable version has as many" "verdict well" \
    "$({ both responses 2xx 100 && both responses 5xx 3; } | verdict)"
same "the limit is in percentage points" "verdict well" \
    "$({ both responses 2xx 100 && responses canary 5xx 3; } | verdict max_errors=3)"
same "errors in nginx's log count even if the worker counts nothing" \
    "verdict worse; reason 5.000 % of its requests failed by nginx's log, 0.000 % of the stable version's" \
    "$(printf 'host %s %s %d\n' stable nginx_requests 100 canary nginx_requests 100 canary nginx_errors 5 | verdict)"
same "a canary that does not answer" "verdict silent" "$({ both responses 2xx 9 && echo "host canary silent 1"; } | verdict)"

# ---- answers without an update ----

same "more empty answers" \
    "verdict worse; reason 20.000 % of its answers bring no update, 0.000 % of the stable version's" \
    "$({ both responses 2xx 100 && answers stable served 100 && answers canary served 80 && answers canary no_rule 20; } | verdict)"
same "within the limit" "verdict well" \
    "$({ both responses 2xx 100 && answers stable served 100 && answers canary served 95 && answers canary no_rule 5; } | verdict)"
same "fewer empty answers are not worse" "verdict well" \
    "$({ both responses 2xx 100 && answers canary served 100 && answers stable no_rule 100; } | verdict)"

# ---- latency ----

same "slower by the factor and by the floor" \
    "verdict worse; reason its 99th percentile is 91.000 ms, the stable version's 0.990 ms" \
    "$({ both responses 2xx 100 && latency stable 100 100 && latency canary 89 100; } | verdict | sed 's/9[0-9]\.[0-9]* ms, the/91.000 ms, the/')"
same "slower by the factor, but not by the floor" "verdict well" \
    "$({ both responses 2xx 100 && latency stable 100 100 && latency canary 89 100; } | verdict latency_floor_ms=200)"
same "the median lies within its bucket" "0.500 ms" \
    "$({ both responses 2xx 100 && both latency 100 100; } | compare | awk '/^latency, median/ { print $3, $4 }')"
same "nothing was measured" "- -" "$(both responses 2xx 100 | compare | awk '/^latency, median/ { print $3, $4 }')"

# ---- adding up ----

same "figures from before the canary do not count" "verdict few" \
    "$({ both responses 2xx 100 | sed 'p; s/^/base /' && printf '%shost %s pid 7\n' '' stable '' canary 'base ' stable 'base ' canary; } | verdict)"
same "a worker that was replaced counts from zero" "verdict well" \
    "$({ both responses 2xx 100 | sed 'p; s/^/base /' && printf '%shost %s pid %d\n' '' stable 7 '' canary 8 'base ' stable 7 'base ' canary 7; } | verdict)"
same "the hosts are added up" "verdict well" \
    "$({ both responses 2xx 5 && both responses 2xx 5 | sed 's/^host/other/'; } | verdict)"
same "reasons are listed by name, with both shares" "no_rule 0.000 % 10.000 %|throttled 10.000 % 0.000 %" \
    "$({ both responses 2xx 100 && both answers served 90 && answers canary no_rule 10 && answers stable throttled 10; } |
        compare | awk 'NR > 1 && /^  / { $1 = $1; print }' | paste -sd '|')"

# ---- restarts, and nginx's log ----

same "two restarts may happen" "verdict well" "$({ both responses 2xx 100 && echo "host canary restarts 2"; } | verdict)"
same "three are too many, however few requests there were" "verdict worse; reason it was restarted 3 times" \
    "$({ both responses 2xx 1 && echo "host canary restarts 3"; } | verdict)"
same "the stable version's restarts are not the canary's" "verdict well" \
    "$({ both responses 2xx 100 && echo "host stable restarts 9"; } | verdict)"
same "empty answers in nginx's log count even if the worker's counts began again" \
    "verdict worse; reason 100.000 % of its answers bring no update by nginx's log, 10.000 % of the stable version's" \
    "$(printf 'host %s %s %d\n' stable nginx_requests 50 canary nginx_requests 20 stable nginx_answers 50 canary nginx_answers 20 \
        stable nginx_empty 5 canary nginx_empty 20 | verdict)"

awk_summary
