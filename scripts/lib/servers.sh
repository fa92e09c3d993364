# shellcheck shell=bash disable=SC2034
# The servers of a replicated database, as scripts/replica sees them. Uses messages.sh.

DEFAULTS_FILE=${DEFAULTS_FILE-}
DATABASE=${DATABASE-balrog}
SERVERS=() PRIMARIES=()
# By server: 1 if it answers; primary, replica or idle (read-only, and follows nobody); the heartbeat's age in s or "unknown",
# and its term or "-"; the last transactions that it has, and has received; whether both threads of replication run
# ("Yes/Yes"), and their last error.
declare -gA UP ROLE AGE TERM_OF POSITION RECEIVED RUNS WHY
SERVERS_ERROR=$(mktemp)
trap 'rm -f -- "$SERVERS_ERROR"' EXIT

# Runs the SQL on standard input; rows are printed as tab-separated lines. A server that does not answer within five seconds
# counts as down.
sql_on() { # SERVER [CLIENT OPTION…]
    local options=(--no-defaults) server=$1
    shift
    [[ -z $DEFAULTS_FILE ]] || options=("--defaults-file=$DEFAULTS_FILE")
    if [[ $server == /* ]]; then
        options+=("--socket=$server")
    else
        options+=(--protocol=tcp "--host=$(name_of "$server")" "--port=$(written_port "$server")")
    fi
    timeout 3600 mariadb "${options[@]}" --connect-timeout=5 --default-character-set=utf8mb4 --batch --skip-column-names "$@" \
        2>"$SERVERS_ERROR"
}

server_error() {
    tail -n 1 -- "$SERVERS_ERROR"
}

name_of() { # SERVER: without port and brackets
    local name=$1
    if [[ $name == \[*\]* ]]; then
        name=${name#\[}
        printf '%s\n' "${name%%\]*}"
    else
        printf '%s\n' "${name%%:*}"
    fi
}

written_port() { # SERVER
    if [[ $1 =~ :([0-9]+)$ ]]; then
        printf '%s\n' "${BASH_REMATCH[1]}"
    else
        echo 3306
    fi
}

# Prints the address that other servers reach it at. A server that is given by its socket is asked for it.
address_of() { # SERVER
    if [[ $1 == /* ]]; then
        sql_on "$1" <<<"SELECT COALESCE(@@report_host, IF(@@bind_address LIKE '127.%', @@bind_address, @@hostname))"
    else
        name_of "$1"
    fi
}

port_of() { # SERVER
    sql_on "$1" <<<"SELECT @@port"
}

quoted() { # TEXT: as an SQL string
    local s=${1//\\/\\\\}
    printf "'%s'" "${s//\'/\'\'}"
}

servers_parse() { # LIST: sets SERVERS
    local item list
    IFS=, read -ra list <<<"$1"
    for item in "${list[@]}"; do
        item=${item#"${item%%[! ]*}"}
        item=${item%"${item##*[! ]}"}
        [[ $item =~ ^[]A-Za-z0-9.:/_[-]+$ ]] || die 2 "--servers: '$item' is not a server"
        SERVERS+=("$item")
    done
}

servers_has() { # SERVER
    local s
    for s in "${SERVERS[@]}"; do
        [[ $s != "$1" ]] || return 0
    done
    return 1
}

position_of() { # SERVER
    sql_on "$1" <<<"SELECT IF(@@gtid_binlog_pos = '', @@gtid_slave_pos, @@gtid_binlog_pos)"
}

# Prints, separated by tabs: IO/SQL, the received position, the last error. Nothing if it follows nobody.
replication_of() { # SERVER
    sql_on "$1" --vertical --column-names <<<"SHOW ALL SLAVES STATUS" | awk -F': ' '
        { name = $1; gsub(/ /, "", name); value = substr($0, index($0, ": ") + 2) }
        name == "Slave_IO_Running" { io = value }
        name == "Slave_SQL_Running" { sql = value }
        name == "Gtid_IO_Pos" { received = value }
        (name == "Last_IO_Error" || name == "Last_SQL_Error") && value != "" { why = value }
        END { if (io != "") { printf "%s/%s\t%s\t%s\n", io, sql, received, why } }'
}

# Asks all servers.
servers_ask() {
    local s row line
    for s in "${SERVERS[@]}"; do
        if ! row=$(sql_on "$s" <<<"SELECT @@read_only"); then
            log "$s does not answer: $(server_error)"
            continue
        fi
        UP[$s]=1 ROLE[$s]=idle RUNS[$s]='' WHY[$s]='' AGE[$s]=unknown TERM_OF[$s]=-
        POSITION[$s]=$(position_of "$s")
        RECEIVED[$s]=${POSITION[$s]}
        line=$(replication_of "$s")
        if [[ -n $line ]]; then
            ROLE[$s]=replica
            RUNS[$s]=$(cut -f 1 <<<"$line")
            [[ -z $(cut -f 2 <<<"$line") ]] || RECEIVED[$s]=$(cut -f 2 <<<"$line")
            WHY[$s]=$(cut -f 3 <<<"$line")
        fi
        [[ $row != 0 ]] || { ROLE[$s]=primary && PRIMARIES+=("$s"); }
        if row=$(sql_on "$s" <<<"SELECT ROUND(UNIX_TIMESTAMP(NOW(3)) - at / 1000, 1), term FROM \`$DATABASE\`.balrog_heartbeat") &&
            [[ -n $row ]]; then
            AGE[$s]="$(cut -f 1 <<<"$row") s" TERM_OF[$s]=$(cut -f 2 <<<"$row")
        fi
    done
}

# Whether SERVER has received everything that OTHER has received.
has_all() { # SERVER OTHER
    local mine theirs a b found
    IFS=, read -ra mine <<<"${RECEIVED[$1]}"
    IFS=, read -ra theirs <<<"${RECEIVED[$2]}"
    for b in "${theirs[@]}"; do
        found=
        for a in "${mine[@]}"; do
            [[ ${a%%-*} != "${b%%-*}" ]] || ((${a##*-} < ${b##*-})) || found=1
        done
        [[ -n $found ]] || return 1
    done
}
