# shellcheck shell=bash
# What must be true of nginx on each machine of an environment: its sites, the people who can log in, its certificates. Uses
# check-machine.sh, which explains verify_… and mend_….
: "${TOP=}" "${DIR=}"
declare -gA ENV

# ---- logins with passwords ----

htpasswd_file() {
    printf '%s/htpasswd\n' "${ENV[config_dir]}"
}

# Sets a name's password in the file of passwords. The password is the first line of a file.
set_login() { # NAME PASSWORD-FILE
    local file hash
    file=$(htpasswd_file)
    hash=$(head -n 1 -- "$2" | openssl passwd -6 -stdin)
    {
        [[ ! -e $file ]] || grep -v -- "^${1//./\\.}:" "$file" || true
        printf '%s:%s\n' "$1" "$hash"
    } | put_file "$file" "root:${ENV[socket_group]}" 640
}

# Whether the agent's account and at least one person can log in.
verify_logins() {
    local file mode
    if [[ ${ENV[login]} == tokens ]]; then
        [[ -n ${ENV[token_issuer]} && -n ${ENV[token_audience]} && -n ${ENV[token_jwks_url]} && -n ${ENV[agent_client_id]} ]] ||
            fault "login = tokens needs token_issuer, token_audience, token_jwks_url and agent_client_id" "set them in ${ENV[file]}"
        return
    fi
    file=$(htpasswd_file)
    [[ -e $file ]] || ! sites_by_hand || return 0
    [[ -e $file ]] || { fault "$file is missing: nobody can log in to the admin" && return; }
    mode=$(stat --format %a -- "$file")
    ((!(8#$mode & 7))) || fault "everybody can read $file (mode $mode)" "chmod o= $file"
    [[ $EUID -ne 0 || $(stat --format %G -- "$file") == "${ENV[socket_group]}" ]] ||
        fault "nginx's workers cannot read $file" "chgrp ${ENV[socket_group]} $file; chmod g+r $file"
    grep -q '^balrogagent:' "$file" || fault "$file lacks balrogagent: the agent cannot log in"
    grep -qv '^balrogagent:' "$file" || fault "$file names nobody besides the agent"
}

mend_logins() {
    local file password
    [[ ${ENV[login]} == passwords ]] || return 0
    file=$(htpasswd_file)
    grep -qs '^balrogagent:' "$file" || set_login balrogagent "${ENV[config_dir]}/agent.password"
    grep -qsv '^balrogagent:' "$file" && return 0
    [[ -n ${ENV[first_admin]} ]] || die 3 "first_admin is not set in ${ENV[file]}: nobody could log in"
    password=${ENV[config_dir]}/first-admin.password
    make_password "$password" root:root 600
    set_login "${ENV[first_admin]}" "$password"
    log "${ENV[first_admin]} logs in with the password in $password"
}

# ---- sites ----

site_file() { # SITE: public or admin
    printf '%s/%s-%s.conf\n' "${ENV[nginx_sites]}" "${ENV[prefix]}" "$1"
}

# Whether somebody else has made the sites: nginx knows the upstreams, and the files that setup makes are not there.
sites_by_hand() {
    [[ ! -e $(site_file public) && ! -e $(site_file admin) && ${ENV[nginx_test]} == *' -t'* &&
        $(nginx_dump) == *"upstream $(name_prefix)_public "* ]]
}

host_of() { # URL
    local host=${1#*://}
    host=${host%%/*}
    printf '%s\n' "${host%%:*}"
}

# Whether only this machine can connect to a listener: an address of the loopback, or a socket.
is_loopback() { # LISTEN
    [[ $1 == 127.* || $1 == localhost:* || $1 == unix:* ]]
}

# Prints the listen directives. With a certificate, all but the loopback speak TLS. nginx accepts "backlog" for an address
# only once, so a site that shares it with another one leaves it out.
listen_lines() { # SITE
    local word option own tls=
    own=$(site_file "$1")
    for word in ${ENV[$1_listen]}; do
        option=
        if [[ -n ${ENV[tls_certificate]} ]] && ! is_loopback "$word"; then
            option=' ssl'
            tls=1
        fi
        if [[ $1 == public ]] && ! grep -sl "^ *listen $word .*backlog=" "${ENV[nginx_sites]}"/*.conf | grep -vxF -- "$own" >/dev/null; then
            option+=' backlog=4096'
        fi
        printf '    listen %s%s;\n' "$word" "$option"
    done
    [[ -z $tls ]] || printf '    ssl_certificate %s;\n    ssl_certificate_key %s;\n    ssl_protocols TLSv1.2 TLSv1.3;\n' \
        "${ENV[tls_certificate]}" "${ENV[tls_key]}"
}

# Prints a template of conf/nginx, with its listen directive replaced.
site_template() { # SITE FILE
    listen_lines "$1" >"$SITE_LISTEN"
    sed -e "/^    listen @LISTEN@/{r $SITE_LISTEN
        d
        }" -e "s|@SERVER_NAME@|$(host_of "${ENV[$1_url]}")|" -e "s|@LOG_DIR@|${ENV[nginx_log]%/*}|" \
        -e "s|/run/balrog/|/run/${ENV[prefix]}/|" -e "s|@CACHE_DIR@|$SYSTEM/dev/shm/${ENV[prefix]}|" "$2"
}

site_text() { # SITE
    SITE_LISTEN=$(mktemp)
    # shellcheck disable=SC2016 # the variables are nginx's
    if [[ $1 == public ]]; then
        printf 'include %s;\n' "${ENV[nginx_include]}"
        site_template public "$TOP/conf/nginx/public.conf.in"
    else
        local who=() connect="'self'"
        if [[ ${ENV[login]} == passwords ]]; then
            who=(-e '/^        fastcgi_param REMOTE_USER "";/d' -e 's|#\(auth_basic "\)|\1|' -e 's|#\(auth_delay \)|\1|'
                -e 's|#\(limit_req zone\)|\1|' -e 's|#\(limit_req_status \)|\1|' -e 's|#\(fastcgi_param REMOTE_USER $remote_user;\)|\1|'
                -e "s|#\(auth_basic_user_file\) .*;|\1 $(htpasswd_file);|")
        else
            [[ ! ${ENV[token_issuer]} =~ ^https?://[^/]+ ]] || connect+=" ${BASH_REMATCH[0]}"
        fi
        site_template admin "$TOP/conf/nginx/admin.conf.in" |
            sed -e "s|@SOCKET@|$RUN/admin.sock|" -e "s|@UI_DIR@|$DIR/current/ui|" -e "s|@CONNECT@|$connect|" "${who[@]}"
    fi | nginx_names
    rm -f -- "$SITE_LISTEN"
}

# nginx's configuration as a whole; empty if nginx refuses it.
nginx_dump() {
    local test=${ENV[nginx_test]}
    eval "${test/ -t/ -T}" 2>/dev/null || true
}

verify_sites() {
    local said site
    said=$(eval "${ENV[nginx_test]}" 2>&1) || {
        fault "nginx refuses its configuration: ${said//$'\n'/ }" "correct it: ${ENV[nginx_test]}"
        return
    }
    [[ -e ${ENV[nginx_include]} ]] || fault "${ENV[nginx_include]} is missing: nginx does not know the programs"
    ! sites_by_hand || return 0
    for site in public admin; do
        [[ -e $(site_file "$site") ]] || fault "$(site_file "$site") is missing"
    done
    [[ ! -L $SYSTEM/etc/nginx/sites-enabled/default || " ${ENV[public_listen]} " != *" 80 "* ]] ||
        fault "Debian's own site is the default one of port 80, and its limits hold for long update URLs"
    [[ -d ${ENV[nginx_log]%/*} ]] || fault "the directory ${ENV[nginx_log]%/*} is missing"
    ! by_systemd || systemctl is-enabled --quiet nginx || fault "nginx does not start when the machine boots" "systemctl enable nginx"
    verify_exposure
}

# Passwords and tokens must not cross the network in the clear.
verify_exposure() {
    local word
    [[ -z ${ENV[tls_certificate]} ]] || return 0
    for word in ${ENV[admin_listen]}; do
        is_loopback "$word" || fault "the admin listens on $word without TLS: others can read passwords" \
            "set tls_certificate and tls_key, or listen on the loopback behind something that speaks TLS"
    done
}

# nginx tests the new sites before they count; if it refuses them, they are removed again.
mend_sites() {
    local site said made=()
    mkdir -p -- "${ENV[nginx_log]%/*}" "${ENV[nginx_sites]}" "$SYSTEM/dev/shm"
    [[ $EUID -ne 0 || -n $SYSTEM ]] || chown "${ENV[socket_group]}:adm" "${ENV[nginx_log]%/*}"
    for site in public admin; do
        [[ -e $(site_file "$site") ]] && continue
        site_text "$site" | put_file "$(site_file "$site")" root:root 644
        made+=("$(site_file "$site")")
    done
    # The sites have more variables than nginx expects. The directive may stand only once in the whole configuration.
    [[ $(nginx_dump) == *variables_hash_max_size* ]] ||
        printf '# Written by scripts/setup: the sites of Balrog have many variables.\nvariables_hash_max_size 4096;\n' |
        put_file "${ENV[nginx_sites]}/00-balrog.conf" root:root 644
    nginx_upstreams # the sites include this file, and it reloads nginx
    if [[ -L $SYSTEM/etc/nginx/sites-enabled/default ]]; then
        log "taking Debian's own site out of nginx: $SYSTEM/etc/nginx/sites-enabled/default"
        rm -- "$SYSTEM/etc/nginx/sites-enabled/default"
    fi
    if ! said=$(eval "${ENV[nginx_test]}" 2>&1) || ! said+=$(eval "${ENV[nginx_reload]}" 2>&1); then
        ((${#made[@]} == 0)) || rm -f -- "${made[@]}"
        die 1 "nginx refuses the new sites, which are removed again: $said"
    fi
    ! by_systemd || systemctl enable --quiet nginx
}

# ---- certificates ----

# Those that nginx has, and what public_url and admin_url show when they can be reached from here.
verify_certificates() {
    local url host text days=14
    if [[ -n ${ENV[tls_certificate]} ]]; then
        if ! text=$(openssl x509 -in "${ENV[tls_certificate]}" 2>&1); then
            fault "${ENV[tls_certificate]} is not a certificate that can be read" "put a certificate there (PEM)"
        else
            certificate_lasts "$text" "$days" "${ENV[tls_certificate]}"
            [[ $(openssl x509 -noout -pubkey <<<"$text") == "$(openssl pkey -in "${ENV[tls_key]}" -pubout 2>/dev/null)" ]] ||
                fault "${ENV[tls_key]} is not the key of ${ENV[tls_certificate]}" "put the right key there"
        fi
    fi
    for url in "${ENV[public_url]}" "${ENV[admin_url]}"; do
        [[ $url == https://* && $url != *example.org* ]] || continue
        host=$(host_of "$url")
        text=$(timeout 5 openssl s_client -connect "$host:443" -servername "$host" </dev/null 2>/dev/null | openssl x509 2>/dev/null) || continue
        certificate_lasts "$text" "$days" "$url"
    done
}

certificate_lasts() { # PEM DAYS WHERE
    openssl x509 -noout -checkend $(($2 * 86400)) <<<"$1" >/dev/null ||
        fault "the certificate of $3 ends on $(openssl x509 -noout -enddate <<<"$1" | cut -d = -f 2)" "renew it, then reload nginx"
}
