# shellcheck shell=bash
# A sandbox whose database is a Galera cluster: the servers db, db2, db3, … on ports of the loopback. For scripts/sandbox, whose
# functions and variables this uses, and sandbox-replicas.sh, which counts and starts the other servers.
: "${DIR=}" "${RUN=}"

is_galera() {
    [[ $(state galera no) == yes ]]
}

# Prints the number of a server's part: db is the first.
number_of() { # PART
    local number=${1#db}
    printf '%s\n' "${number:-1}"
}

# Prints the first of the three ports by which a node speaks with the others. The servers' own ports come before those of all.
galera_port() { # NUMBER OF THE SERVER
    printf '%s\n' $(($(state db-port) + $(replicas) + 1 + 3 * ($1 - 1)))
}

# Prints where nodes are found.
galera_addresses() {
    local i list=''
    for ((i = 1; i <= $(replicas) + 1; i++)); do
        list+=",127.0.0.1:$(galera_port "$i")"
    done
    printf '%s\n' "${list#,}"
}

# The servers run a script of this name when one of them lacks something. What full copies are made with is in the package
# mariadb-server. Without it a node gets only what the others have kept, the last 32 MB of changes, and this script just says so.
write_copy_script() {
    mkdir -p -- "$DIR/bin"
    cat >"$DIR/bin/wsrep_sst_sandbox" <<'END'
#!/bin/bash
while (($#)); do
    case $1 in
    --role | --address | --gtid | --gtid-domain-id | --parent) declare "${1//-/_}=$2" ;;
    --bypass) __bypass=1 ;;
    esac
    shift
done
port=${__address#*:}
place=$(dirname -- "$0")/../tmp/copy-${port%%/*}
if [[ $__role == joiner ]]; then
    rm -f -- "$place"
    echo "ready ${__address%%/*}/sandbox"
    until [[ -e $place ]]; do
        kill -0 "$__parent" || exit 32
        sleep 0.1
    done
    grep ':' -- "$place" || exit 32
else
    [[ -n $__bypass ]] || { echo refused >"$place" && echo "a full copy needs the package mariadb-server" >&2 && exit 32; }
    echo continue
    echo "$__gtid $__gtid_domain_id" >"$place.new" && mv -- "$place.new" "$place"
    echo "done $__gtid $__gtid_domain_id"
fi
END
    chmod +x -- "$DIR/bin/wsrep_sst_sandbox"
}

# Prints MariaDB's settings for a node. A node that does not answer is excluded after 2 s.
galera_settings() { # NUMBER OF THE SERVER
    local port copy=sandbox
    ! command -v wsrep_sst_rsync >/dev/null || copy=rsync
    port=$(galera_port "$1")
    printf '%s\n' 'bind-address = 127.0.0.1' "port = $(($(state db-port) + $1 - 1))" "server-id = $1" 'binlog-format = ROW' \
        'innodb-autoinc-lock-mode = 2' 'wsrep-on = ON' 'wsrep-provider = /usr/lib/galera/libgalera_smm.so' \
        "wsrep-cluster-name = sandbox-$(state db-port)" "wsrep-cluster-address = gcomm://$(galera_addresses)" \
        "wsrep-node-name = node$1" "wsrep-node-address = 127.0.0.1:$port" \
        "wsrep-node-incoming-address = 127.0.0.1:$(($(state db-port) + $1 - 1))" 'wsrep-slave-threads = 2' \
        "wsrep-sst-method = $copy" "wsrep-sst-receive-address = 127.0.0.1:$((port + 2))" \
        "wsrep-provider-options = \"base_port=$port;gmcast.listen_addr=tcp://127.0.0.1:$port;ist.recv_addr=127.0.0.1:$((port + 1));\
gcache.size=32M;evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT5S\""
}

# Copies the first node's database to the others. Before, it must have run in a cluster, because its engine then knows which
# transactions it has: so they get only what they lack.
copy_node() {
    local part
    stop_part db
    for part in $(replica_parts); do
        rm -rf -- "$DIR/$part.new"
        cp -a --sparse=always -- "$DIR/db" "$DIR/$part.new"
        rm -f -- "$DIR/$part.new"/{galera.cache,gvwstate.dat}
        mv -- "$DIR/$part.new" "$DIR/$part"
    done
}

# Prints the last transaction that a node has, which does not run: the cluster's id, a colon, and its number.
node_position() { # PART
    local at file=$DIR/$1/grastate.dat
    at=$(sed -n 's/^uuid: *//p' -- "$file" 2>/dev/null || true):$(sed -n 's/^seqno: *//p' -- "$file" 2>/dev/null || true)
    if [[ $at == : || $at == *:-1 ]]; then # it was killed: its engine knows
        at=$(mariadbd --defaults-file="$DIR/$1.cnf" --wsrep-recover 2>&1 |
            sed -n 's/.*Recovered position: *\([0-9a-f-]*:-\{0,1\}[0-9]*\).*/\1/p' | tail -n 1)
    fi
    printf '%s\n' "${at:-:-1}"
}

# Prints the part with the newest transactions; none runs.
newest_node() {
    local part last best=db newest=-2
    for part in db $(replica_parts); do
        [[ -d $DIR/$part ]] || continue
        last=$(node_position "$part") last=${last##*:}
        if ((last > newest)); then
            best=$part newest=$last
        fi
    done
    printf '%s\n' "$best"
}

node_runs() {
    local part
    for part in db $(replica_parts); do
        ! leader "$part" >/dev/null || return 0
    done
    return 1
}

is_synced() { # PART
    [[ $(replica_client "$1" -BNe "SHOW STATUS LIKE 'wsrep_local_state'" 2>/dev/null) == *4 ]] &&
        replica_client "$1" -e 'SELECT user FROM mysql.user LIMIT 0' 2>/dev/null
}

# Starts a node, without waiting for it. If none runs, the one with the newest transactions makes the cluster, and it is
# waited for.
launch_node() { # PART
    local first at options=()
    write_replica_conf "$1" || true
    ! leader "$1" >/dev/null || return 0
    write_copy_script
    if ! node_runs; then
        first=$(newest_node)
        [[ ! -e $DIR/$first/grastate.dat ]] ||
            sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 1/' -- "$DIR/$first/grastate.dat"
        launch "$first" env PATH="$DIR/bin:$PATH" mariadbd --defaults-file="$DIR/$first.cnf" --wsrep-new-cluster
        await_node "$first"
    fi
    ! leader "$1" >/dev/null || return 0
    at=$(node_position "$1")
    [[ $at == *:-1 ]] || options=(--wsrep-start-position="${at%% *}")
    launch "$1" env PATH="$DIR/bin:$PATH" mariadbd --defaults-file="$DIR/$1.cnf" "${options[@]}"
}

await_node() { # PART
    local end=$((SECONDS + 60))
    while ((SECONDS < end)); do
        ! is_synced "$1" || return 0
        leader "$1" >/dev/null || failed "$1" "died while it started"
        sleep 0.1
    done
    failed "$1" "was not part of the cluster within a minute"
}

start_nodes() {
    local part
    [[ -d $DIR/db2 ]] || copy_node
    for part in db $(replica_parts); do
        launch_node "$part"
    done
    for part in db $(replica_parts); do
        await_node "$part"
    done
}
