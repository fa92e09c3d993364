# shellcheck shell=bash
# What must be true of an environment's database: the server's settings, the administrator's option file, tables and
# triggers, the programs' accounts and their rights. Uses connection.sh, checks.sh and check-machine.sh, which explains
# verify_… and mend_….
: "${TOP=}" "${DIR=}"
declare -gA ENV

# The administrator's account of a database elsewhere, and the file of its password (empty: the terminal is asked).
: "${DATABASE_USER=root}" "${PASSWORD_FILE=}"

# Prints the rows of a statement, without choosing a database. Prints the reason and returns false if it cannot be asked.
ask_server() ( # SQL
    exec 2>&1
    env_connection
    # shellcheck disable=SC2034 # connection.sh reads it
    DATABASE=information_schema
    session_open 5
    session "$1" || die 1 "$(session_error)"
    printf '%s' "${ROWS-}"
)

# The same in the environment's database.
ask_database() ( # SQL
    exec 2>&1
    query "$1"
)

# Adds a fault that says why a question has no answer.
no_answer() { # WHAT
    fault "cannot ask the database: ${1//[$'\n\t']/ }" "see that it runs, and ${ENV[database_defaults_file]:-database_defaults_file}"
}

# ---- the server ----

verify_server() {
    local said
    database_here || return 0
    said=$(mariadb-admin --no-defaults --socket="${ENV[database_socket]}" --user=root ping 2>&1)
    [[ $said == *alive* || $said == *'Access denied'* ]] || fault "MariaDB does not answer on ${ENV[database_socket]}"
    ! by_systemd || systemctl is-enabled --quiet mariadb || fault "MariaDB does not start when the machine boots" "systemctl enable mariadb"
}

start_server() {
    if by_systemd; then
        systemctl enable --quiet mariadb
        systemctl restart mariadb
    else
        service mariadb restart
    fi
}

mend_server() {
    start_server
}

verify_connection() {
    local file=${ENV[database_defaults_file]} said mode
    if [[ -n $file ]]; then
        [[ -e $file ]] || { fault "$file is missing: the option file of an administrator's account" && return; }
        mode=$(stat --format %a -- "$file")
        ((!(8#$mode & 7))) || fault "everybody can read $file (mode $mode)" "chmod 600 $file"
    fi
    said=$(ask_server 'SELECT 1') || no_answer "$said"
}

# On this machine, root of the system is root of the database, by the socket.
mend_connection() {
    local file=${ENV[database_defaults_file]} password text
    [[ -n $file ]] || die 3 "set database_defaults_file in ${ENV[file]}"
    [[ ! -e $file ]] || die 3 "$file is there, but the database does not accept it: correct it, or move it away"
    if database_here; then
        text="socket = ${ENV[database_socket]}"$'\n'"user = root"
    else
        password=$(administrators_password)
        text="host = ${ENV[database_host]}"$'\n'"port = ${ENV[database_port]}"$'\n'
        text+="user = $DATABASE_USER"$'\n'"password = $(option_value "$password")"
    fi
    printf '[client]\n%s\n' "$text" | put_file "$file" root:root 600
}

# Prints the password of the administrator's account of a database elsewhere.
administrators_password() {
    local password
    if [[ -n $PASSWORD_FILE ]]; then
        read_password "$PASSWORD_FILE"
    elif [[ -t 0 ]]; then
        read -rsp "Password of $DATABASE_USER at ${ENV[database_host]}: " password
        echo >&2
        printf '%s' "$password"
    else
        die 3 "the password of $DATABASE_USER at ${ENV[database_host]} is needed: give --password-file FILE, or run setup at a terminal"
    fi
}

# ---- settings ----

# Prints the settings that we rely on, for the server's option files.
settings_text() {
    cat <<'END'
# Written by Balrog's scripts/setup.
[mariadbd]
# A body of 32 MB, twice.
max_allowed_packet = 128M
# For backups: docs/backups.md.
log_bin = binlog
binlog_format = ROW
sync_binlog = 1
innodb_flush_log_at_trx_commit = 1
binlog_checksum = CRC32
binlog_expire_logs_seconds = 259200
log_bin_compress = ON
END
}

# Prints one fault, for a setting of the server.
bad_setting() { # NAME VALUE WANTED WHY
    local todo=
    database_here || todo="have its administrators set $1 = $3"
    fault "the server's $1 is $2, and should be $3: $4" "$todo"
}

# What the programs rely on.
verify_settings() {
    local rows packet charset body wanted
    rows=$(ask_server 'SELECT @@GLOBAL.max_allowed_packet, @@GLOBAL.lower_case_table_names') || { no_answer "$rows" && return; }
    read -r packet charset <<<"$rows"
    body=$(conf_value "$(conf_file admin)" admin max_body_mb)
    wanted=$((${body:-32} * 2))
    ((packet >= wanted * 1048576)) ||
        bad_setting max_allowed_packet "$((packet / 1048576))M" "${wanted}M or more" "bigger releases could not be stored"
    [[ $charset == 0 ]] || bad_setting lower_case_table_names "$charset" 0 "names of tables must be kept as they are"
}

mend_settings() {
    local file=$SYSTEM/etc/mysql/mariadb.conf.d/60-balrog.cnf
    database_here || die 3 "the settings above are those of a server on another machine: its administrators must change them"
    settings_text | put_file "$file" root:root 644
    start_server
}

# What backups rely on: without them, no second can be restored.
verify_binlogs() {
    local rows
    rows=$(ask_server "SELECT IF(@@GLOBAL.log_bin, 'ON', 'OFF'), @@GLOBAL.binlog_format, @@GLOBAL.sync_binlog,
        @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.binlog_checksum") || { no_answer "$rows" && return; }
    local name value wanted names=(log_bin binlog_format sync_binlog innodb_flush_log_at_trx_commit binlog_checksum)
    local needed=(ON ROW 1 1 CRC32) values i
    read -ra values <<<"$rows"
    for i in "${!names[@]}"; do
        name=${names[i]} value=${values[i]} wanted=${needed[i]}
        [[ $value == "$wanted" ]] || bad_setting "$name" "$value" "$wanted" "backups rely on it (docs/backups.md)"
    done
}

mend_binlogs() {
    mend_settings
}

# ---- tables ----

verify_database() {
    local rows
    rows=$(ask_server "SELECT default_character_set_name FROM information_schema.schemata
        WHERE schema_name = $(sql_string "${ENV[database]}")") || { no_answer "$rows" && return; }
    [[ -n $rows ]] || { fault "the server has no database ${ENV[database]}" && return; }
    [[ $rows == utf8* ]] || fault "the database ${ENV[database]} has the character set $rows" \
        "ALTER DATABASE ${ENV[database]} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
}

mend_database() {
    local said
    said=$(ask_server "CREATE DATABASE IF NOT EXISTS \`${ENV[database]}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin") || die 1 "$said"
}

# Prints the directory of the tools of the version that runs; before the first one, ours.
release_tools() {
    local dir=$DIR/current/admin/share/balrog
    [[ -x $dir/scripts/schema-upgrade ]] || dir=$TOP
    printf '%s\n' "$dir"
}

# Tables and triggers, without a look at their columns: that needs seconds (verify_drift).
verify_schema() {
    local rows wanted lost
    rows=$(ask_server "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = $(sql_string "${ENV[database]}")
        AND table_name = 'balrog_schema'") || { no_answer "$rows" && return; }
    [[ $rows == 1* ]] || { fault "the database ${ENV[database]} has no tables of Balrog" && return; }
    rows=$(ask_server "SELECT trigger_name FROM information_schema.triggers
        WHERE trigger_schema = $(sql_string "${ENV[database]}") ORDER BY 1") || { no_answer "$rows" && return; }
    wanted=$(cat "$(release_tools)"/schema/*/additive.sql | sed -nE 's/^CREATE .*TRIGGER IF NOT EXISTS ([a-z_0-9]+)$/\1/p' | sort -u)
    lost=$(comm -13 <(sort -u <<<"$rows") <(printf '%s\n' "$wanted") | paste -sd ' ')
    [[ -z $lost ]] || fault "these triggers are missing: $lost. Changes are noticed late" "scripts/schema-upgrade -e ${ENV[name]}; docs/schema.md"
}

mend_schema() {
    "$TOP/scripts/schema-upgrade" -e "${ENV[name]}" --execute --without-hosts
}

# Everything that the steps made, compared with a scratch server.
verify_drift() {
    local said status=0 tools
    tools=$(release_tools)
    said=$("$tools/scripts/schema-status" -e "${ENV[name]}" 2>&1) || status=$?
    [[ $status == 0 || $status == 6 ]] ||
        fault "the schema is not what its steps made: $(grep -m 3 PROBLEM <<<"$said" | paste -sd ';' || tail -n 1 <<<"$said")" \
            "$tools/scripts/schema-status -e ${ENV[name]}"
}

# ---- accounts ----

# Runs a statement as a program, with the account that its configuration names.
ask_as() ( # SERVICE SQL
    exec 2>&1
    local conf key value
    conf=$(conf_file "$1")
    CONNECTION=()
    for key in socket host port user; do
        value=$(conf_value "$conf" database "$key")
        [[ -z $value ]] || CONNECTION["$key"]=$value
    done
    [[ -z ${CONNECTION[socket]-} ]] || unset 'CONNECTION[host]' 'CONNECTION[port]'
    [[ -n ${CONNECTION[socket]-}${CONNECTION[host]-} ]] || CONNECTION[host]=127.0.0.1
    [[ -n ${CONNECTION[user]-} ]] || CONNECTION[user]=balrog_public
    value=$(conf_value "$conf" database password_file)
    [[ -z $value ]] || CONNECTION[password-file]=$value
    DATABASE=$(conf_value "$conf" database name)
    DATABASE=${DATABASE:-balrog}
    session_open 5
    session "$2" || die 1 "$(session_error)"
    printf '%s' "${ROWS-}"
)

# Whether the programs' accounts can connect.
verify_accounts() {
    local service said
    for service in public admin; do
        [[ -e $(conf_file "$service") ]] || { fault "$(conf_file "$service") is missing" && continue; }
        said=$(ask_as "$service" 'SELECT 1') ||
            fault "the account in $(conf_file "$service") cannot use the database: ${said//[$'\n\t']/ }"
    done
}

# Whether the accounts have the rights that the version needs, and none that would let them change history.
verify_rights() {
    local said status=0
    said=$("$(release_tools)/scripts/create-db-users" --check-rights "${ACCOUNTS[@]}" --database "${ENV[database]}" \
        ${ENV[database_defaults_file]:+--defaults-file "${ENV[database_defaults_file]}"} 2>&1) || status=$?
    case $status in
    0 | 2) ;; # 2: a version before this option
    3)
        while IFS= read -r line; do
            fault "$line"
        done <<<"$said"
        ;;
    *) no_answer "$said" ;;
    esac
}

# Sets ACCOUNTS to the options of create-db-users that name this environment's accounts.
name_accounts() {
    local from=localhost name
    database_here || from=%
    name=$(name_prefix)
    ACCOUNTS=(--public-user "${name}_public" --public-host "$from" --admin-user "${name}_admin" --admin-host "$from"
        --history-user "${name}_history")
}

mend_accounts() {
    local dir=${ENV[config_dir]} options=()
    ! database_here || options=(--history-password-file "$dir/history.password" --backup-user "$(name_prefix)_backup"
        --backup-password-file "$dir/backup.password")
    for name in history backup; do
        ! database_here || make_password "$dir/$name.password" root:root 600
    done
    "$TOP/scripts/create-db-users" --execute "${ACCOUNTS[@]}" --database "${ENV[database]}" \
        --defaults-file "${ENV[database_defaults_file]}" --public-password-file "$dir/public.password" \
        --admin-password-file "$dir/admin.password" "${options[@]}"
}

mend_rights() {
    "$(release_tools)/scripts/create-db-users" --mend-rights --execute "${ACCOUNTS[@]}" --database "${ENV[database]}" \
        --defaults-file "${ENV[database_defaults_file]}"
}

# ---- permissions ----

verify_agent() {
    local rows
    rows=$(ask_database "SELECT permission, COALESCE(options, '') FROM permissions WHERE username = 'balrogagent'") ||
        { no_answer "$rows" && return; }
    [[ $rows == *scheduled_change* || $rows == *admin* ]] || fault "balrogagent has no permission: the agent can enact nothing"
}

# Only in a database whose permissions nobody has to sign yet: else it is granted as every permission is.
mend_agent() {
    local rows said
    rows=$(ask_database "SELECT COUNT(*) FROM permissions_req_signoffs") || die 1 "$rows"
    [[ $rows == 0 ]] || die 3 "permissions need sign-offs here: grant balrogagent the permission scheduled_change, with the action enact, in the admin"
    said=$(ask_database "START TRANSACTION;
        SET @now = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), @options = '{\"actions\": [\"enact\"]}';
        INSERT INTO permissions (permission, username, options, data_version)
            VALUES ('scheduled_change', 'balrogagent', @options, 1);
        INSERT INTO permissions_history (changed_by, timestamp, permission, username, options, data_version)
            VALUES ('setup', @now - 1, 'scheduled_change', 'balrogagent', NULL, NULL),
            ('setup', @now, 'scheduled_change', 'balrogagent', @options, 1);
        COMMIT") || die 1 "$said"
}

verify_administrator() {
    local rows
    rows=$(ask_database "SELECT COUNT(*) FROM permissions WHERE permission = 'admin' AND options IS NULL") ||
        { no_answer "$rows" && return; }
    ((rows > 0)) || fault "there is no administrator: nobody can grant permissions"
}

mend_administrator() {
    [[ -n ${ENV[first_admin]} ]] || die 3 "first_admin is not set in ${ENV[file]}"
    "$TOP/scripts/create-admin" --execute --defaults-file "${ENV[database_defaults_file]}" --database "${ENV[database]}" \
        "${ENV[first_admin]}"
}

# ---- the clock ----

# The database's clock decides which program runs and when changes were made; the agent's, which are due.
verify_clock() {
    local rows here
    rows=$(ask_server 'SELECT UNIX_TIMESTAMP()') || { no_answer "$rows" && return; }
    here=$(date +%s)
    ((here - rows <= 2 && rows - here <= 2)) ||
        fault "the clock of this machine and that of the database are $((here - rows)) s apart" "synchronize both by NTP"
    by_systemd || return 0
    [[ $(timedatectl show --property NTPSynchronized --value 2>/dev/null || echo yes) == yes ]] ||
        fault "the clock of this machine is not synchronized" "apt-get install systemd-timesyncd, or another NTP client"
}
