# shellcheck shell=bash
# Another person confirms a deploy: by an account of their own on the machine that deploys, or by a signature. Uses
# operate.sh, deploy.sh and checks.sh. An ID is SERVICES-vX.Y, as in admin+agent-v1.2; or promote-v1.2 or schema-v1.2.
#
#   STATE/confirmed/ID   a confirmation: its time and its person, with a tab between them
#   STATE/waiting/ID     the person whose deploy waits for it

declare -gA ENV
CONFIRMATION_LASTS_S=14400

# The command that confirms ID.
confirm_command() { # ID
    printf 'scripts/confirm -e %s %s\n' "${ENV[name]}" "${1/-v/ v}"
}

# Whether NAME may confirm deploys: everybody, or who is listed in "confirmers".
may_confirm() { # NAME
    local entry
    [[ -n ${ENV[confirmers]} ]] || return 0
    for entry in ${ENV[confirmers]}; do
        [[ ${entry%%=*} != "$1" ]] || return 0
    done
    return 1
}

# Prints the name of the person in "confirmers" whose key has this fingerprint. Returns false if it is nobody's.
confirmer_of() { # FINGERPRINT
    local entry
    for entry in ${ENV[confirmers]}; do
        [[ $entry == *=* && ${entry#*=} == "$1" ]] && printf '%s\n' "${entry%%=*}" && return
    done
    return 1
}

# Prints the person who signed FILE, a text signed with gpg --clearsign, if the text is "ENVIRONMENT SERVICES vX.Y" for ID.
# Dies if it is not, or not signed by somebody in "confirmers".
signer_of() { # FILE ID
    local home=${ENV[keyring]:-${GNUPGHOME:-$HOME/.gnupg}} said text key signed_at
    text="${ENV[name]} ${2/-v/ v}"
    said=$(GNUPGHOME=$home gpg --batch --status-fd 3 --decrypt -- "$1" 3>&1 >"$STATE/confirmed/.text.$$" 2>/dev/null) || said=
    [[ $(head -c 1000 -- "$STATE/confirmed/.text.$$") == "$text" ]] || text=
    rm -f -- "$STATE/confirmed/.text.$$"
    read -r key signed_at < <(awk '$2 == "VALIDSIG" { print $12, $5 }' <<<"$said") || true
    [[ -n ${key-} ]] || die 3 "$1 is not a text with a signature by a key in $home"
    [[ -n $text ]] || die 3 "$1 does not say '${ENV[name]} ${2/-v/ v}', in one line"
    (($(date +%s) - signed_at <= CONFIRMATION_LASTS_S)) ||
        die 3 "$1 was signed more than $((CONFIRMATION_LASTS_S / 3600)) hours ago: sign it again"
    confirmer_of "$key" || die 3 "$1 is signed with the key $key, which is nobody's in the environment's confirmers"
}

# Whether another person than NAME has confirmed ID, not longer than CONFIRMATION_LASTS_S ago.
confirmed() { # ID NAME
    local at by
    [[ -s $STATE/confirmed/$1 ]] || return 1
    IFS=$'\t' read -r at by <"$STATE/confirmed/$1"
    [[ $by != "$2" ]] && may_confirm "$by" && (($(date +%s) - at <= CONFIRMATION_LASTS_S))
}

# Writes that NAME confirms ID. The file appears whole, because a waiting deploy may read it at any time.
write_confirmation() { # ID NAME
    printf '%s\t%s\n' "$(date +%s)" "$2" >"$STATE/confirmed/.$1.$$"
    mv -- "$STATE/confirmed/.$1.$$" "$STATE/confirmed/$1"
}

# Announces the deploy and waits until somebody else has confirmed it. Meanwhile the environment is not locked: CHECK, a
# function, is called afterwards if it has waited.
await_confirmation() { # ID TEXT CHECK
    local by
    [[ ${ENV[require_confirmation]} == yes ]] || return 0
    if [[ -n $DRY_RUN ]]; then
        echo "would announce it and wait for: $(confirm_command "$1")"
        return 0
    fi
    if [[ -n ${DESPITE[confirmation]-} ]]; then
        refuse confirmation "nobody has confirmed it"
        notify unconfirmed "$2 was not confirmed by anybody; $(who) does it all the same"
        return 0
    fi
    mkdir -p -- "$STATE/confirmed" "$STATE/waiting"
    confirmed "$1" "$(who)" || wait_for_confirmation "$@"
    by=$(cut -f 2 -- "$STATE/confirmed/$1")
    log "confirmed by $by: $2"
    record confirmed "$2, by $by"
}

wait_for_confirmation() { # ID TEXT CHECK
    local end=$((SECONDS + ENV[confirmation_wait_s]))
    who >"$STATE/waiting/$1"
    notify confirm "$2 is ready; it waits for: $(confirm_command "$1")"
    log "waiting for another person: $(confirm_command "$1")"
    unlock_environment
    until confirmed "$1" "$(who)"; do
        if ((SECONDS >= end)); then
            rm -f -- "$STATE/waiting/$1"
            die 6 "nobody else confirmed within ${ENV[confirmation_wait_s]} s: nothing was deployed (to continue anyway: --despite-confirmation, which is recorded)"
        fi
        sleep 1
    done
    rm -f -- "$STATE/waiting/$1"
    lock_environment
    "$3"
}

confirmation_used() { # ID
    [[ -n $DRY_RUN ]] || rm -f -- "$STATE/confirmed/$1"
}
