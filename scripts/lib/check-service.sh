# shellcheck shell=bash
# What must be true of what runs: versions, health, links, the keyring of signers, backups. Uses check-machine.sh, which
# explains verify_… and mend_….
: "${TOP=}" "${DIR=}"
declare -gA ENV

# What the first deploy deploys: a version (empty: the newest tag), and a tarball to make it from (empty: the tag).
: "${FIRST_VERSION=}" "${FIRST_FROM=}"

# ---- signatures ----

# Prints the fingerprints in a keyring or a file of public keys; nothing if there are none.
fingerprints() { # GPG OPTION…
    gpg --batch --with-colons "$@" 2>/dev/null | awk -F : '
        $1 == "pub" {
            primary = 1
        }
        $1 == "fpr" && primary {
            print $10
            primary = 0
        }' | sort
}

verify_keyring() {
    local file key keyring=${ENV[keyring]}
    [[ ${ENV[require_signed]} == yes ]] || return 0
    [[ -n $keyring ]] || return 0 # the user's own
    [[ -d $keyring && -n $(fingerprints --homedir "$keyring" --list-keys) ]] ||
        fault "the keyring $keyring holds no key: no release would be accepted" \
            "set signers in ${ENV[file]} (docs/signing.md), then scripts/setup -e ${ENV[name]} --execute; or require_signed = no"
    for file in ${ENV[signers]}; do
        [[ -r $file ]] || { fault "$file of signers cannot be read" "put the public key there" && continue; }
        for key in $(fingerprints --show-keys "$file"); do
            [[ ! -d $keyring ]] || fingerprints --homedir "$keyring" --list-keys | grep -x "$key" >/dev/null ||
                fault "the key $key of $file is not in the keyring $keyring"
        done
    done
}

mend_keyring() {
    local file said
    [[ -n ${ENV[signers]} ]] ||
        die 3 "releases must be signed, and signers is not set in ${ENV[file]}: name files with the public keys of those who sign (docs/signing.md), or set require_signed = no"
    mkdir -p -- "${ENV[keyring]}"
    chmod 700 -- "${ENV[keyring]}"
    for file in ${ENV[signers]}; do
        said=$(gpg --homedir "${ENV[keyring]}" --batch --quiet --import "$file" 2>&1) || die 1 "cannot import $file: $said"
    done
}

# ---- what runs ----

# Every service has a current version, it is healthy, nginx's links lead to it, and no other runs besides a canary.
verify_programs() {
    local service version other canary
    canary=$(sed -n 's/^version = //p' "$DIR/state/canary" 2>/dev/null)
    for service in public admin agent; do
        version=$(current_of "$service")
        [[ -n $version ]] || { fault "$service is not deployed" && continue; }
        if ! running "$service" "$version"; then
            fault "$service $version does not run" "scripts/host -e ${ENV[name]} start $service $version"
        elif ! healthy "$service" "$version"; then
            fault "$service $version runs, but is not healthy" "docs/runbook.md; its log says why"
        fi
        ! has_socket "$service" || [[ $(linked "$service") == "$version" ]] ||
            fault "nginx's link $RUN/$service.sock leads to $(linked "$service" | grep . || echo nothing), and $version is current" \
                "the last deploy was interrupted: run it again"
        for other in $(versions_running "$service"); do
            [[ $other == "$version" || ($service == public && $other == "$canary") ]] ||
                fault "$service $other runs beside $version" "scripts/host -e ${ENV[name]} stop $service $other"
        done
    done
    [[ -n $canary ]] || [[ $(linked public-canary) == "$(linked public)" ]] ||
        fault "there is no canary, but its link leads to $(linked public-canary)" "run the last promote or abort again"
}

# Prints SERVICE VERSION of what is current here, to be compared with other machines.
current_versions() {
    local service
    for service in public admin agent ui; do
        printf '%s %s\n' "$service" "$(current_of "$service")"
    done
}

# All sites answer, with one version each.
verify_answers() {
    local url said
    for url in ${ENV[version_urls]}; do
        said=$(curl --silent --show-error --fail --noproxy '*' --max-time 10 -- "$url" 2>&1) ||
            fault "$url does not answer: ${said//$'\n'/ }" "see nginx's error log"
    done
}

# ---- the first deploy ----

# Prints the newest version among the tags.
newest_tag() {
    fetch_tags
    mirror tag --list 'v*' --sort=-version:refname | grep -E '^v[0-9]+\.[0-9]+$' | sed -n 1p
}

verify_deployed() {
    local service
    for service in admin agent public; do
        [[ -n $(current_version "$service") ]] || fault "$service is not deployed"
    done
}

# Deploys FIRST_VERSION, or the newest tag, from FIRST_FROM if that is set. Nobody runs yet, so nobody has to confirm it.
mend_deployed() {
    local version=$FIRST_VERSION args=()
    [[ -n $version ]] || version=$(newest_tag) || exit $?
    [[ -n $version ]] || die 3 "$(repository) has no tag like v1.2: scripts/release makes one, and scripts/setup deploys it (docs/signing.md)"
    [[ -z $FIRST_FROM ]] || args=(--from "$FIRST_FROM")
    "$TOP/scripts/deploy" -e "${ENV[name]}" --despite-confirmation --despite-doctor --despite-failure "${args[@]}" all "$version"
}

# ---- backups ----

# The directory of backups and the option files of the accounts.
verify_backups() {
    local owner file
    database_here || return 0
    owner=$(database_owner)
    if [[ ! -d ${ENV[backup_dir]} ]]; then
        fault "the directory of backups, ${ENV[backup_dir]}, is missing"
    else
        [[ $(stat --format '%U %a' -- "${ENV[backup_dir]}") == "$owner 700" ]] ||
            fault "${ENV[backup_dir]} must belong to $owner, with mode 700: a backup holds everything" "chown $owner: ${ENV[backup_dir]}; chmod 700 ${ENV[backup_dir]}"
    fi
    file=${ENV[backup_defaults_file]}
    [[ -z $file ]] || verify_secret "$file" "$owner"
    verify_remote
    file=${ENV[history_defaults_file]}
    [[ -z $file || -e $file ]] || fault "$file is missing: the option file of the account of history-cleanup"
}

# What copies of backups need. A private key here could decrypt all of them.
verify_remote() {
    local tool file=${ENV[backup_recipients]}
    [[ -n ${ENV[backup_remote]} ]] || return 0
    for tool in age "${ENV[backup_remote]%%:*}"; do
        command -v "${tool/#ssh/rsync}" >/dev/null || fault "${tool/#ssh/rsync} is missing, which copies of backups need" "apt-get install ${tool/#ssh/rsync}"
    done
    if [[ -z $file || ! -r $file ]]; then
        fault "backup_remote is set, but there is no file backup_recipients with public keys of age" "docs/backups.md, \"A copy elsewhere\""
    elif grep -i 'AGE-SECRET-KEY-' "$file" >/dev/null; then
        fault "$file holds a private key, which belongs on the machine where you restore" "age-keygen -y prints the public key of one"
    fi
}

mend_backups() {
    local owner name file
    owner=$(database_owner)
    install -d -o "$owner" -g "$(id -gn -- "$owner")" -m 700 -- "${ENV[backup_dir]}"
    for name in backup history; do
        file=${ENV[${name}_defaults_file]}
        [[ -n $file && ! -e $file ]] || continue
        printf '[client]\nsocket = %s\nuser = %s\npassword = %s\n' "${ENV[database_socket]}" "$(name_prefix)_$name" \
            "$(<"${ENV[config_dir]}/$name.password")" |
            if [[ $name == backup ]]; then
                put_file "$file" "$owner:" 400
            else
                put_file "$file" root:root 600
            fi
    done
}

# Whether the newest backup and the copies of the binary logs are young enough.
verify_fresh() {
    local said status=0
    database_here && [[ -d ${ENV[backup_dir]} && -n $(current_of admin) ]] || return 0
    said=$(backup_tool status 2>&1) || status=$?
    ((status == 0)) || fault "backups: $(tail -n 1 <<<"$said")" "docs/backups.md; scripts/backup status -e ${ENV[name]}"
}

# Runs scripts/backup of the version that runs, as the database's account, which may not be able to read our tree.
backup_tool() { # COMMAND…
    as_account "$(database_owner)" env BALROG_ENVIRONMENTS="$(dirname -- "${ENV[file]}")" \
        "$DIR/current/admin/share/balrog/scripts/backup" "$@" -e "${ENV[name]}"
}

mend_fresh() {
    backup_tool binlogs || true # fails before the first full backup
    backup_tool status || backup_tool full
    backup_tool binlogs
}
