# shellcheck shell=bash
# Further servers of a sandbox's database: db2, db3, … follow the first one, db, by GTID, with semi-synchronous replication; or
# all are nodes of a Galera cluster (sandbox-galera.sh). For scripts/sandbox, whose functions and variables this uses.
: "${DIR=}" "${RUN=}" "${DB_NAME=}"

REPLICATION_USER=balrog_replication

replicas() { # prints how many there are besides the first server
    state replicas 0
}

# Prints the names of the replicas' parts.
replica_parts() {
    local i
    for ((i = 2; i <= $(replicas) + 1; i++)); do
        printf 'db%s\n' "$i"
    done
}

is_replica() { # PART
    [[ $1 =~ ^db[2-9]$ ]]
}

# Keeps how many servers there are besides the first one, and its port; the others have the next ones.
choose_replicas() { # N GALERA, yes or no
    local port i j count=$(($1 + 1))
    [[ ! -d $DIR/db || "$(replicas) $(state galera no)" == "$1 $2" ]] ||
        die "this sandbox has $(($(replicas) + 1)) database servers (Galera: $(state galera no)), and the database is there already;" \
            "make another sandbox"
    keep replicas "$1"
    keep galera "$2"
    ! is_galera || count=$((count * 4))
    [[ -z $(state db-port) ]] || return 0
    for ((i = 0; i < 50; i++)); do
        port=$((12000 + RANDOM % 8000))
        for ((j = 0; j < count; j++)); do
            ! port_taken $((port + j)) || continue 2
        done
        keep db-port "$port"
        return
    done
    die "found no free ports for the databases"
}

# Prints MariaDB's settings for replication, which are the same on all servers: each may become the primary.
replication_settings() { # NUMBER OF THE SERVER
    printf '%s\n' 'bind-address = 127.0.0.1' "port = $(($(state db-port) + $1 - 1))" "server-id = $1" \
        "log-bin = $DIR/binlog$1/log" "relay-log = $DIR/binlog$1/relay" 'log-slave-updates' 'binlog-format = ROW' \
        'gtid-strict-mode' 'sync-binlog = 0' 'slave-net-timeout = 5' 'rpl-semi-sync-master-enabled = ON' \
        'rpl-semi-sync-slave-enabled = ON' 'rpl-semi-sync-master-wait-point = AFTER_SYNC' \
        'rpl-semi-sync-master-timeout = 5000'
    (($1 == 1)) || printf '%s\n' 'read-only = ON'
}

# Prints MariaDB's settings for one of several servers.
server_settings() { # NUMBER OF THE SERVER
    if is_galera; then
        galera_settings "$1"
    else
        mkdir -p -- "$DIR/binlog$1"
        replication_settings "$1"
    fi
}

write_replica_conf() { # PART
    local i
    i=$(number_of "$1")
    [[ $1 != db ]] || { write_db_conf && return; }
    mkdir -p -- "$DIR/tmp/$1"
    {
        sed -e "s|^datadir = .*|datadir = $DIR/$1|" -e "s|^socket = .*|socket = $RUN/$1.sock|" \
            -e "s|^tmpdir = .*|tmpdir = $DIR/tmp/$1|" -e '/^\(bind-address\|port\|server-id\|log-bin\|relay-log\) = /d' \
            "$DIR/db.cnf"
        server_settings "$i"
    } | replace "$DIR/$1.cnf"
}

replica_client() { # PART [CLIENT OPTION…]
    mariadb --no-defaults --default-character-set=utf8mb4 --socket="$RUN/$1.sock" --user=root "${@:2}"
}

start_replica() { # PART
    local i
    if is_galera; then
        launch_node "$1"
        await_node "$1"
        return
    fi
    leader "$1" >/dev/null || launch "$1" mariadbd --defaults-file="$DIR/$1.cnf"
    for ((i = 0; i < 600; i++)); do
        ! replica_client "$1" -e 'DO 0' 2>/dev/null || return 0
        leader "$1" >/dev/null || failed "$1" "died while it started"
        sleep 0.1
    done
    failed "$1" "did not answer within a minute"
}

# The account by which each server follows another.
make_replication_account() {
    db_client -e "CREATE USER IF NOT EXISTS $REPLICATION_USER@127.0.0.1 IDENTIFIED BY '$(<"$RUN/password")';
        GRANT REPLICATION SLAVE ON *.* TO $REPLICATION_USER@127.0.0.1"
}

# Copies the database, before its server runs for the first time, to the replicas.
copy_db() {
    local part
    for part in $(replica_parts); do
        [[ -d $DIR/$part ]] || cp -a --sparse=always -- "$DIR/db" "$DIR/$part"
    done
}

# Starts the replicas, and waits until they have what the first server has. Those that have never followed anybody follow it
# from its first change on.
start_replicas() {
    local part
    if is_galera; then
        start_nodes
        return
    fi
    for part in $(replica_parts); do
        write_replica_conf "$part" || true
        start_replica "$part"
        [[ -z $(replica_client "$part" -e 'SHOW ALL SLAVES STATUS') && ! -e $DIR/state/followed-$part ]] || continue
        replica_client "$part" -e "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $(state db-port),
            MASTER_USER = '$REPLICATION_USER', MASTER_PASSWORD = '$(<"$RUN/password")', MASTER_CONNECT_RETRY = 1,
            MASTER_USE_GTID = slave_pos; START SLAVE" || failed "$part" "does not follow the primary"
        keep "followed-$part" yes
        replica_client "$part" -e "SELECT MASTER_GTID_WAIT('$(db_client -BN -e 'SELECT @@gtid_binlog_pos')', 60)" >/dev/null
    done
}

# Prints the list of servers as the programs' host setting.
database_hosts() {
    local part i list=$RUN/db.sock
    if is_galera; then
        list=127.0.0.1:$(state db-port)
        for ((i = 1; i <= $(replicas); i++)); do
            list+=", 127.0.0.1:$(($(state db-port) + i))"
        done
        printf '%s\n' "$list"
        return
    fi
    for part in $(replica_parts); do
        list+=", $RUN/$part.sock"
    done
    printf '%s\n' "$list"
}
