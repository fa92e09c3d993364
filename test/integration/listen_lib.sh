# shellcheck shell=bash
# Listeners that stand for statsd and Sentry, for the tests that source this.
: "${TOP=}"

# listen_up DIR: listen.py, which stands for statsd and Sentry, on UDP_PORT and HTTP_PORT; its process id is in LISTENER.
listen_up() {
    mkdir -p "$1"
    "$TOP/test/integration/listen.py" "$1" &
    LISTENER=$!
    until [[ -s $1/ports ]]; do
        kill -0 "$LISTENER" || return 1
        sleep 0.05
    done
    # shellcheck disable=SC2034 # for those who source this
    read -r UDP_PORT HTTP_PORT <"$1/ports"
}

# statsd_sum DIR NAME: how many NAME stood for in what arrived there: counters by their values, timers by their rates.
statsd_sum() {
    awk -v name="$2" -F '[:|@]+' '$1 == name && $3 == "c" { n += $2 } $1 == name && $3 == "ms" { n += $4 != "" ? 1 / $4 : 1 }
        END { printf "%.0f\n", n }' "$1/packets"
}
