# shellcheck shell=bash
# Everything that must be true of an environment, in the order in which setup makes it so. scripts/doctor looks, and
# scripts/setup looks and mends. Uses the libraries check-….sh.
: "${TOP=}" "${DIR=}"
declare -gA ENV

# NAME|WHERE|WHEN|WHAT. verify_NAME and mend_NAME are the functions. WHERE: "machine" is asked on every host; "site" once, by
# the machine that deploys. WHEN: "always" also before a deploy, so it takes no time; "setup" and "watch": only by doctor,
# and setup does not mend what is "watch".
CHECKLIST=(
    'environment|machine|setup|the environment'
    'packages|machine|setup|packages'
    'account|machine|always|accounts of the system'
    'directories|machine|always|directories'
    'state|machine|setup|directory of the state'
    'server|site|setup|the database server'
    'connection|site|always|access to the database'
    'settings|site|always|settings of the database server'
    'binlogs|site|setup|settings for backups'
    'database|site|always|the database'
    'schema|site|always|tables and triggers'
    'passwords|machine|setup|passwords of the programs'
    'configuration|machine|always|configuration of the programs'
    'accounts|site|always|database accounts'
    'rights|site|setup|rights of the database accounts'
    'backups|machine|setup|accounts and directory of backups'
    'agent|site|setup|permission of the agent'
    'administrator|site|setup|the first administrator'
    'logins|machine|setup|logins'
    'sites|machine|setup|sites of nginx'
    'logrotate|machine|setup|rotation of logs'
    'keyring|site|setup|keyring of signers'
    'deployed|site|setup|the first deploy'
    'units|machine|setup|units and timers'
    'fresh|machine|setup|backups'
    'programs|machine|watch|programs'
    'answers|site|watch|answers'
    'drift|site|watch|the schema in full'
    'space|machine|always|disk space'
    'clock|site|watch|clocks'
    'certificates|machine|watch|certificates'
)

# Whether a check asks the database with the administrator's account.
needs_database() { # NAME
    [[ $1 =~ ^(settings|binlogs|database|schema|accounts|rights|agent|administrator|drift|clock)$ ]]
}

# Prints what is wrong with one thing; nothing if all is well.
examine() { # NAME
    local said status=0
    said=$("verify_$1") || status=$?
    [[ -z $said ]] || printf '%s\n' "$said"
    [[ $status == 0 || -n $said ]] || fault "it could not be checked (exit status $status)" "see the message above"
}

# Runs those checks that are asked WHERE, or only those of a deploy. Prints "WHAT<tab>FAULT<tab>WHAT TO DO" per fault. If the
# database cannot be reached, that is said once.
run_checks() { # WHERE [always]
    # shellcheck disable=SC2034 # for the checks
    local row name where when what said BEFORE_DEPLOY=${2-}
    for row in "${CHECKLIST[@]}"; do
        IFS='|' read -r name where when what <<<"$row"
        [[ $where == "$1" && (-z ${2-} || $when == "$2") ]] || continue
        [[ -z ${UNREACHED-} ]] || ! needs_database "$name" || continue
        said=$(examine "$name")
        [[ $name != connection || -z $said ]] || UNREACHED=1
        [[ -z $said ]] || printf '%s\n' "$what"$'\t'"${said//$'\n'/$'\n'$what$'\t'}"
    done
}
