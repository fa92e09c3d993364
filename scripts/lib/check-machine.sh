# shellcheck shell=bash
# What must be true of each machine of an environment: packages, accounts, directories, configuration, what starts the
# programs, logs. Uses operate.sh and supervise.sh. scripts/doctor runs each verify_…, scripts/setup mends what it finds.
#
# verify_X prints nothing if all is well, else one line "WHAT IS WRONG<tab>WHAT TO DO" for each fault. mend_X makes it so;
# it can be repeated. Directories of the system are below $BALROG_SYSTEM_ROOT, which tests set.
: "${TOP=}" "${DIR=}"
declare -gA ENV

SYSTEM=${BALROG_SYSTEM_ROOT-}

# Prints a fault. Without TODO, setup can mend it.
fault() { # TEXT [TODO]
    printf '%s\t%s\n' "$1" "${2:-scripts/setup -e ${ENV[name]} --execute}"
}

# Whether the database's server is on this machine.
database_here() {
    [[ -z ${ENV[database_host]} ]]
}

# Prints the value of a key of a program's configuration file; nothing if it is not set.
conf_value() { # FILE SECTION KEY
    awk -v section="[$2]" -v key="$3" '
        /^\[/ {
            inside = $0 == section
        }
        inside && /^[a-z_]+[ \t]*=/ {
            name = $0
            sub(/[ \t]*=.*/, "", name)
            if (name == key) {
                sub(/^[^=]*=[ \t]*/, "")
                print
                exit
            }
        }' "$1" 2>/dev/null
}

# The program's configuration file.
conf_file() { # SERVICE
    local name=$1
    [[ $1 != public ]] || name=balrog
    printf '%s/%s.conf\n' "${ENV[config_dir]}" "$name"
}

# Checks a file that holds a secret: the user can read it, and not everybody can.
verify_secret() { # FILE USER
    local mode
    if [[ ! -e $1 ]]; then
        fault "$1 is missing"
        return
    fi
    mode=$(stat --format %a -- "$1")
    ((!(8#$mode & 7))) || fault "everybody can read $1 (mode $mode)" "chmod o= $1"
    as_account "$2" test -r "$1" || fault "$2 cannot read $1" "chgrp $(id -gn -- "$2" 2>/dev/null || echo "$2") $1; chmod g+r $1"
}

# Runs a command as a user, if this script runs as root.
as_account() { # USER COMMAND…
    local user=$1
    shift
    if ((EUID == 0)) && [[ $user != root ]]; then
        id -- "$user" >/dev/null 2>&1 || return 1
        (cd / && exec setpriv --reuid "$user" --regid "$(id -g -- "$user")" --init-groups -- "$@")
    else
        "$@"
    fi
}

# Writes standard input to a file with that mode, and its directories. An unfinished file never has the name.
put_file() { # FILE OWNER:GROUP MODE
    mkdir -p -- "$(dirname -- "$1")"
    (umask 077 && cat >"$1.new")
    ((EUID != 0)) || chown -- "$2" "$1.new"
    chmod -- "$3" "$1.new"
    mv -- "$1.new" "$1"
}

# Writes a file with a new random password, unless it is there.
make_password() { # FILE OWNER:GROUP MODE
    [[ ! -s $1 ]] || return 0
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | put_file "$1" "$2" "$3"
}

# ---- the environment ----

# The other environments of this machine must not have the same names, directories or ports.
verify_environment() {
    local file other
    [[ ${ENV[public_url]}${ENV[admin_url]}${ENV[first_admin]} != *example.org* ]] ||
        fault "${ENV[file]} still has addresses of example.org" "edit public_url, admin_url and first_admin there"
    if by_systemd && [[ ! -d /run/systemd/system ]] && ! command -v systemctl >/dev/null; then
        fault "systemd does not run here" "set supervisor = multiwatch in ${ENV[file]}"
    fi
    [[ ${ENV[tls_certificate]:+x} == "${ENV[tls_key]:+x}" ]] ||
        fault "one of tls_certificate and tls_key is missing in ${ENV[file]}" "set both or none"
    for file in "$(dirname -- "${ENV[file]}")"/*.conf; do
        other=$(basename -- "$file" .conf)
        [[ $other == "${ENV[name]}" || ! -r $file ]] || (verify_apart "$other")
    done
}

# Two environments may share public_listen, because nginx tells their sites apart by their names.
verify_apart() { # OTHER ENVIRONMENT
    local key word here=${ENV[name]} file=${ENV[file]}
    local -A mine
    for key in "${!ENV[@]}"; do
        mine[$key]=${ENV[$key]}
    done
    env_load "$1"
    [[ -z ${ENV[hosts]} && -e ${ENV[root]} ]] || return 0 # it is on other machines
    for key in prefix root config_dir nginx_include nginx_log public_url admin_url; do
        [[ ${ENV[$key]} != "${mine[$key]}" ]] ||
            fault "$here and $1 have the same $key, ${ENV[$key]}" "set another one in $file"
    done
    [[ "${ENV[database_host]} ${ENV[database]}" != "${mine[database_host]} ${mine[database]}" ]] ||
        fault "$here and $1 have the same database, ${ENV[database]}" "set another one in $file"
    for word in ${ENV[admin_listen]}; do
        [[ " ${mine[admin_listen]} ${mine[public_listen]} " != *" $word "* ]] ||
            fault "$here and $1 both listen on $word" "set another port in $file"
    done
    for word in ${ENV[version_urls]}; do
        [[ " ${mine[version_urls]} " != *" $word "* ]] || fault "$here and $1 both have $word in version_urls" "correct it in $file"
    done
}

# ---- packages and accounts ----

# Prints the kinds of packages.txt that a machine needs.
package_kinds() {
    printf '%s\n' --server
    by_systemd || printf '%s\n' --no-systemd
    ! database_here || [[ -S ${ENV[database_socket]} ]] || printf '%s\n' --database
}

verify_packages() {
    local missing kinds
    mapfile -t kinds < <(package_kinds)
    missing=$("$TOP/scripts/install-packages" "${kinds[@]}" --dry-run | paste -sd ' ')
    [[ -z $missing ]] || fault "these packages are missing: $missing"
}

mend_packages() {
    local kinds
    mapfile -t kinds < <(package_kinds)
    "$TOP/scripts/install-packages" "${kinds[@]}"
}

verify_account() {
    local user
    for user in "${ENV[user]}" "${ENV[build_user]}"; do
        id -- "$user" >/dev/null 2>&1 || fault "there is no user $user"
    done
    getent group "${ENV[socket_group]}" >/dev/null ||
        fault "there is no group ${ENV[socket_group]}" "set socket_group to the group of nginx's workers"
    [[ ${ENV[build_user]} != "${ENV[user]}" ]] ||
        fault "build_user is ${ENV[user]}, too: what builds could read the programs' passwords" "set another build_user"
}

mend_account() {
    local user
    for user in "${ENV[user]}" "${ENV[build_user]}"; do
        id -- "$user" >/dev/null 2>&1 ||
            useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin -- "$user"
    done
}

# ---- directories ----

# A deploy makes those that are missing, so before a deploy that is no fault.
verify_directories() {
    local dir mode
    for dir in "$DIR" "$DIR"/{releases,current,run,state,log} "${ENV[config_dir]}"; do
        if [[ ! -d $dir ]]; then
            [[ -n ${BEFORE_DEPLOY-} ]] || fault "the directory $dir is missing"
            continue
        fi
        mode=$(stat --format %a -- "$dir")
        ((!(8#$mode & 2))) || fault "everybody can write to $dir (mode $mode)" "chmod o-w $dir"
    done
    for dir in "$DIR/run" "$DIR/current"; do
        [[ ! -d $dir ]] || as_account "${ENV[user]}" test -x "$dir" ||
            fault "${ENV[user]} cannot enter $dir" "chmod a+x $dir and the directories above"
    done
}

mend_directories() {
    prepare
    mkdir -p -- "${ENV[config_dir]}"
}

# Where the snapshot is kept, and where crashes are reported.
verify_state() {
    local file dir=$SYSTEM/var/lib/${ENV[prefix]}/public
    file=$(conf_file public)
    if [[ -e $file ]]; then
        dir=$(conf_value "$file" public state_dir)
        dir=${dir:-/var/lib/balrog/public}
    fi
    [[ -d $dir ]] || dir=$(dirname -- "$dir")
    as_account "${ENV[user]}" test -w "$dir" ||
        fault "${ENV[user]} cannot write to $dir: public could not start without the database" "install -d -o ${ENV[user]} -m 750 $dir"
}

mend_state() {
    local dir
    for dir in "$SYSTEM/var/lib/${ENV[prefix]}"{,/crash}; do
        mkdir -p -- "$dir"
        ((EUID != 0)) || chown -- "${ENV[user]}:" "$dir"
        chmod 750 -- "$dir"
    done
}

verify_space() {
    local dir free place
    for dir in "$DIR" "${ENV[nginx_log]%/*}" "$SYSTEM/var/lib" ${ENV[backup_dir]}; do
        place=$dir
        until [[ -d $place ]]; do
            place=$(dirname -- "$place")
        done
        free=$(df --output=avail --block-size=1M -- "$place" | tail -n 1 | tr -d ' ')
        ((free >= ENV[min_free_mb])) ||
            fault "$dir has $free MB free, and min_free_mb is ${ENV[min_free_mb]}" "remove old releases, logs or backups, or lower min_free_mb"
        free=$(df --output=iavail -- "$place" | tail -n 1 | tr -d ' ')
        [[ ! $free =~ ^[0-9]+$ ]] || ((free == 0 || free >= 1000)) || fault "$dir has only $free inodes free" "remove small files there"
    done
}

# ---- passwords and configuration ----

# The passwords of the programs, which their configuration names.
verify_passwords() {
    local name
    for name in public admin; do
        [[ -e $(conf_file "$name") ]] || [[ -s ${ENV[config_dir]}/$name.password ]] ||
            fault "${ENV[config_dir]}/$name.password is missing: the database account of $name has no password"
    done
}

mend_passwords() {
    local name
    for name in public admin agent; do
        make_password "${ENV[config_dir]}/$name.password" "root:${ENV[user]}" 640
    done
}

# Prints the settings that setup fills in, as merge_conf reads them.
conf_settings() { # SERVICE
    local name=$1 url=http://${ENV[admin_listen]%% *}
    case $1 in
    public | admin)
        if database_here; then
            printf 'database.socket=%s\n' "${ENV[database_socket]}"
        else
            printf 'database.host=%s\ndatabase.port=%s\n' "${ENV[database_host]}" "${ENV[database_port]}"
        fi
        printf '%s\n' "database.name=${ENV[database]}" "database.user=$(name_prefix)_$1" \
            "database.password_file=${ENV[config_dir]}/$1.password" \
            "public.state_dir=$SYSTEM/var/lib/${ENV[prefix]}/public"
        ;;
    agent) printf '%s\n' "agent.admin_url=$url" ;;
    esac
    printf '%s\n' "log.crash_dir=$SYSTEM/var/lib/${ENV[prefix]}/crash" "sentry.environment=${ENV[name]}"
    [[ $name != admin ]] || printf '%s\n' "ui.environment=${ENV[name]}" "ui.public_url=${ENV[public_url]}"
    login_settings "$1"
}

login_settings() { # SERVICE
    case ${ENV[login]}-$1 in
    passwords-admin) echo admin.trust_remote_user=yes ;;
    passwords-agent) printf '%s\n' agent.user=balrogagent "agent.password_file=${ENV[config_dir]}/agent.password" ;;
    tokens-admin)
        printf '%s\n' "admin.issuer=${ENV[token_issuer]}" "admin.audience=${ENV[token_audience]}" \
            "admin.jwks_url=${ENV[token_jwks_url]}" "admin.machine=${ENV[agent_client_id]} balrogagent" \
            "ui.client_id=${ENV[token_client_id]}"
        ;;
    tokens-agent)
        printf '%s\n' "agent.token_url=${ENV[agent_token_url]}" "agent.client_id=${ENV[agent_client_id]}" \
            "agent.client_secret_file=${ENV[config_dir]}/agent.secret" "agent.audience=${ENV[token_audience]}"
        ;;
    esac
}

# Each program's file: nobody else can change it, the version that runs accepts it, and its secrets are kept.
verify_configuration() {
    local service file mode said version key
    for service in public admin agent; do
        file=$(conf_file "$service")
        [[ -e $file ]] || { fault "$file is missing" && continue; }
        mode=$(stat --format %a -- "$file")
        ((!(8#$mode & 2))) || fault "everybody can change $file (mode $mode)" "chmod o-w $file"
        as_account "${ENV[user]}" test -r "$file" || fault "${ENV[user]} cannot read $file" "chmod a+r $file"
        while read -r key; do
            verify_secret "$key" "${ENV[user]}"
        done < <(sed -nE 's/^(password_file|client_secret_file|dsn_file|key_file|autograph_password_file|uptake_bearer_file)[ \t]*=[ \t]*(.+)$/\2/p' "$file" | sort -u)
        version=$(current_of "$service")
        [[ -n $version ]] || continue
        program "$service" "$version"
        [[ -x ${PROGRAM[0]} ]] || continue
        said=$(as_account "${ENV[user]}" "${PROGRAM[@]}" --check-config 2>&1) ||
            fault "$service $version does not accept $file: ${said//[$'\n\t']/ }" "correct $file"
    done
}

mend_configuration() {
    local service name
    for service in public admin agent; do
        [[ ! -e $(conf_file "$service") ]] || continue
        name=balrog.conf
        [[ $service != agent ]] || name=agent.conf
        conf_settings "$service" | merge_conf "$name" | put_file "$(conf_file "$service")" "root:${ENV[user]}" 640
    done
    if [[ ${ENV[login]} == tokens && ! -s ${ENV[config_dir]}/agent.secret ]]; then
        die 3 "${ENV[config_dir]}/agent.secret is missing: the secret of the client ${ENV[agent_client_id]}, for the agent. Write it there (mode 640, root:${ENV[user]})"
    fi
}

# Prints the version of a service that is current on this machine; nothing if there is none.
current_of() { # SERVICE
    local target
    target=$(readlink -- "$DIR/current/$1" 2>/dev/null) || return 0
    target=${target##*/}
    printf '%s\n' "${target#ui-}"
}

# ---- what starts the programs ----

cron_file() {
    printf '%s\n' "$SYSTEM/etc/cron.d/${ENV[prefix]}"
}

# Prints the table for cron, which takes the place of systemd's timers.
cron_text() {
    sed -e "s|/opt/balrog|$DIR|g" -e "s|-e production|-e ${ENV[name]}|g" "$TOP/conf/cron/balrog-backup" |
        if database_here; then
            sed "s/  mysql  /  $(database_owner)  /"
        else
            sed -E '/^[0-9*].* mysql /d'
        fi
    printf '# The programs, after the machine has started.\n@reboot  root  %s/host -e %s resume\n' \
        "$DIR/current/admin/share/balrog/scripts" "${ENV[name]}"
}

# Prints the account that the database's server runs as.
database_owner() {
    stat --format %U -- "${ENV[database_socket]}" 2>/dev/null || echo mysql
}

# Prints the timers and services of systemd that are always enabled.
wanted_units() {
    local kind
    ! database_here || for kind in full.timer incremental.timer verify.timer drill.timer binlogs.service; do
        printf '%s\n' "${ENV[prefix]}-backup-${kind%.*}@${ENV[name]}.${kind#*.}"
    done
    [[ -z ${ENV[backup_remote]} ]] || ! database_here || printf '%s\n' "${ENV[prefix]}-backup-push@${ENV[name]}.service"
    printf '%s\n' "${ENV[prefix]}-history-cleanup@${ENV[name]}.timer"
    [[ ! -d ${ENV[metrics_dir]} ]] || printf '%s\n' "${ENV[prefix]}-host-metrics@${ENV[name]}.timer"
}

verify_units() {
    local file name dir=${BALROG_UNIT_DIR:-/etc/systemd/system}
    if ! by_systemd; then
        cmp --silent -- "$(cron_file)" <(cron_text) || fault "$(cron_file) is missing or is not as it should be"
        [[ -n $SYSTEM ]] || pgrep -x cron >/dev/null || fault "cron does not run: nothing makes backups" "service cron start"
        return
    fi
    for file in "$TOP"/conf/systemd/balrog-*; do
        name=$(unit_name "$file")
        cmp --silent -- "$dir/$name" <(unit_text "$file") ||
            fault "the unit $name is missing or is not as it should be" "scripts/host -e ${ENV[name]} install-units"
    done
    [[ -n $(current_of admin) ]] || return 0 # they run scripts of the release
    for name in $(wanted_units); do
        systemctl is-enabled --quiet "$name" || fault "$name is not enabled" "systemctl enable --now $name"
    done
}

mend_units() {
    local units
    if ! by_systemd; then
        cron_text | put_file "$(cron_file)" root:root 644
        [[ -n $SYSTEM ]] || pgrep -x cron >/dev/null || service cron start
        return
    fi
    install_units
    [[ -n $(current_of admin) ]] || return 0
    mapfile -t units < <(wanted_units)
    systemctl enable --quiet --now "${units[@]}"
}

# ---- logs ----

logrotate_file() {
    printf '%s\n' "$SYSTEM/etc/logrotate.d/${ENV[prefix]}"
}

# Prints the configuration for logrotate. Debian's own rotates /var/log/nginx/*.log.
logrotate_text() {
    local logs=${ENV[nginx_log]%/*}
    sed -e "s|/opt/balrog|$DIR|g" -e "s|/var/log/nginx/balrog|$logs|g" "$TOP/conf/logrotate/balrog" |
        if [[ $logs == /var/log/nginx ]]; then
            sed '/^# nginx/,$d'
        else
            cat
        fi
}

verify_logrotate() {
    [[ -e $(logrotate_file) ]] || grep -qs "^$DIR/log/" "$SYSTEM"/etc/logrotate.d/* ||
        fault "$(logrotate_file) is missing: logs grow until the disk is full"
}

mend_logrotate() {
    logrotate_text | put_file "$(logrotate_file)" root:root 644
}
