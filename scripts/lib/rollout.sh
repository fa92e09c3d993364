# shellcheck shell=bash
# How each service is switched to another version, for scripts/deploy and scripts/rollback. Every step can be repeated, so
# after an interruption the same command continues. Uses canary.sh, checks.sh and releases.sh.

declare -gA ENV STATE_OF

# Starts the version beside the one that runs and waits until it is healthy. Otherwise it is stopped again, and the script
# dies; the version that ran before still runs.
start_beside() { # SERVICE VERSION
    if at_each start "$1" "$2" && at_each ready "$1" "$2"; then
        return 0
    fi
    [[ $2 == "$(current_version "$1")" ]] || at_each stop "$1" "$2" || true
    die 1 "$1 $2 did not become healthy and was stopped; $(current_version "$1" | grep . || echo nothing) still runs"
}

# Switches admin or agent at once. nginx's file of upstreams is written with the admin, because the agent reaches the admin
# through nginx, which does not start without that file.
switch_service() { # SERVICE VERSION
    start_beside "$1" "$2"
    if [[ $1 == admin ]]; then
        at_each link admin "$2"
        at_each nginx
    fi
    at_each current "$1" "$2"
    at_each stop-others "$1" "$2"
    notify deployed "$1 $2 runs on ${ENV[name]}"
}

# Runs the additive phase of the schema with the scripts of the release itself, and grants the accounts their rights.
upgrade_schema() { # VERSION
    local tools args=(--database "${ENV[database]}")
    tools=$(release_dir "$1")/share/balrog/scripts
    [[ -z ${ENV[database_defaults_file]} ]] || args+=(--defaults-file "${ENV[database_defaults_file]}")
    log "applying the additive steps of $1's schema"
    if [[ -n $DRY_RUN ]]; then
        [[ ! -x $tools/schema-upgrade ]] || "$tools/schema-upgrade" --phase additive "${args[@]}"
        return
    fi
    interruptible "$tools/schema-upgrade" --phase additive --execute "${args[@]}" </dev/null >&2 ||
        die 1 "the additive phase failed (exit status $?). Nothing was switched: correct the cause above and deploy again"
    "$tools/create-db-users" --mend-rights --execute "${args[@]}" --public-user "$(name_prefix)_public" \
        --admin-user "$(name_prefix)_admin" --history-user "$(name_prefix)_history" >&2 ||
        die 1 "the database accounts could not get the rights that $1 needs: see the message above. Nothing was switched"
}

# Starts the first version of public. There is nothing to compare it with, so it serves at once.
start_first() { # VERSION
    start_beside public "$1"
    at_each link public "$1"
    at_each link public-canary "$1"
    at_each current public "$1"
    at_each nginx
    notify deployed "public $1 runs on ${ENV[name]}: the first version there"
}

# Compares the answers of a version that gets no requests yet. Differences do not keep it from becoming a canary. A rollback is
# urgent, and its answers are meant to differ.
compare_answers_early() { # STABLE VERSION KIND
    if [[ $3 == rollback ]]; then
        rm -f -- "$CANARY.answers"
    elif [[ -n $DRY_RUN ]]; then
        echo "would compare the answers of $1 and $2"
    else
        compare_answers "$1" "$2" || true
    fi
}

# Starts the version as a canary with its share of the requests, and starts the watcher. promote or abort ends it.
start_canary() { # VERSION KIND
    local stable differ
    stable=$(current_version public)
    start_beside public "$1"
    at_each nginx
    if ! canary_load || [[ ${STATE_OF[phase]} != watching ]]; then
        compare_answers_early "$stable" "$1" "$2"
        gather_base "$stable" "$1"
        canary_new "$1" "$stable" "$2"
        at_each link public-canary "$1"
        canary_phase watching
    fi
    start_watch
    log "public $1 gets ${ENV[canary_percent]} % of the requests, beside $stable"
    differ=$(sed -n '1s/.* //p' "$CANARY.answers" 2>/dev/null) || true
    notify canary "public $1 gets ${ENV[canary_percent]} % of the requests on ${ENV[name]}, beside $stable${differ:+; $differ compared answers differ}; scripts/canary-status compares them"
}

public_to() { # VERSION KIND
    local now
    now=$(current_version public)
    if [[ -z $now ]]; then
        start_first "$1"
    elif [[ $now == "$1" ]]; then
        log "public $1 is current already"
        start_beside public "$1"
        at_each link public "$1"
        at_each nginx
    else
        start_canary "$1" "$2"
    fi
}

# Dies if there is a canary: it must be promoted or aborted before anything else is deployed. The deploy that started it is
# allowed: it continues.
check_no_other_canary() { # SERVICES VERSION
    canary_load || return 0
    [[ " $1 " == *" public "* && ${STATE_OF[version]} == "$2" && ${STATE_OF[phase]} =~ ^(starting|watching)$ ]] ||
        die 3 "public ${STATE_OF[version]} is a canary on ${ENV[name]} (${STATE_OF[phase]}): promote or abort it first"
}

# ---- the UI: a release of its own ----

# Prints the name of the tag that marks the UI that is served.
ui_tag() {
    printf '%s-ui\n' "${ENV[name]}"
}

# Prints the folder of a tag that holds the built UI; nothing if there is none.
ui_folder() { # TAG
    local folder
    for folder in ui/build ui/dist ui; do
        if mirror cat-file -e "$1:$folder/index.html" 2>/dev/null; then
            printf '%s\n' "$folder"
            return
        fi
    done
}

# Prints why the UI of a tag cannot be had; nothing if it can.
ui_missing() { # TAG
    [[ -z $(ui_folder "$1") ]] || return 0
    if ! mirror cat-file -e "$1:scripts/build-ui" 2>/dev/null || ! mirror cat-file -e "$1:ui/package-lock.json" 2>/dev/null; then
        echo "the tag $1 holds no built UI (index.html in ui/build, ui/dist or ui), and no sources of one"
    elif [[ ! -d $(release_dir "ui-$1") ]] && ! command -v npm >/dev/null; then
        echo "the tag $1 holds no built UI, and npm is missing to build it from its sources: scripts/install-packages --ui"
    fi
}

# Builds the UI from the sources of a tag into $WORK/release.
build_ui() { # TAG
    log "building the UI of $1 as ${ENV[build_user]}; the output goes to $WORK.log"
    mkdir -- "$WORK/src" "$WORK/release"
    mirror archive "$1" | tar --extract --directory "$WORK/src"
    ((EUID != 0)) || chown -R -- "${ENV[build_user]}" "$WORK/src" "$WORK/release"
    if ! without_lock as_builder env npm_config_cache="$WORK/src/.npm" "$WORK/src/scripts/build-ui" "$WORK/release" >"$WORK.log" 2>&1 </dev/null; then
        tail -n 20 -- "$WORK.log" >&2
        die 1 "the UI of $1 could not be built: see $WORK.log"
    fi
}

# Makes the directory of a version's UI if it is missing: from the built files of the tag, or from its sources.
make_ui() { # VERSION
    local said dir folder commit
    fetch_tags
    check_tag "$1"
    said=$(ui_missing "$1")
    [[ -z $said ]] || die 3 "$said"
    dir=$(release_dir "ui-$1")
    commit=$(tag_commit "$1")
    if [[ -d $dir ]]; then
        [[ $(release_says "ui-$1" commit) == "$commit" ]] ||
            die 3 "$dir was made from commit $(release_says "ui-$1" commit), and the tag $1 now names $commit: a released version does not change"
    elif [[ -n $DRY_RUN ]]; then
        echo "would make $dir from $(repository) $1"
    else
        mkdir -p -- "${ENV[root]}/releases"
        rm -rf -- "${ENV[root]}/releases/.build-ui-$1".* 2>/dev/null || true
        WORK=$(mktemp -d "${ENV[root]}/releases/.build-ui-$1.XXXXXX")
        chmod 755 -- "$WORK"
        folder=$(ui_folder "$1")
        if [[ -n $folder ]]; then
            mkdir -- "$WORK/release"
            mirror archive "$1:$folder" | tar --extract --no-same-owner --directory "$WORK/release"
        else
            build_ui "$1"
        fi
        printf 'version = %s\ncommit = %s\n' "$1" "$commit" >"$WORK/release/RELEASE"
        ((EUID != 0)) || chown -R root:root -- "$WORK/release"
        chmod -R u+rwX,go+rX,go-w -- "$WORK/release"
        mv -T -- "$WORK/release" "$dir"
        rm -rf -- "$WORK" "$WORK.log"
        log "the UI of $1 is made: $dir"
    fi
    check_ui_tag
}

# Reports a tag of the environment's UI that does not name what is served.
check_ui_tag() {
    local now tag
    now=$(current_version ui)
    tag=$(ui_tag)
    [[ -n $now ]] && mirror rev-parse --quiet --verify "refs/tags/$tag^{commit}" >/dev/null || return 0
    [[ $(tag_commit "$tag") == "$(release_says "ui-$now" commit)" ]] ||
        log "somebody has moved the tag $tag: it names the commit $(tag_commit "$tag"), but the UI $now is served, of $(release_says "ui-$now" commit)"
}

# Whether the environment's UI tag is good as it is: it names the commit, and is signed where signatures are required.
ui_tag_fits() { # COMMIT
    local tag
    tag=$(ui_tag)
    mirror rev-parse --quiet --verify "refs/tags/$tag^{commit}" >/dev/null && [[ $(tag_commit "$tag") == "$1" ]] &&
        { [[ ${ENV[require_signed]} != yes ]] || signed_mirror verify-tag "$tag" 2>/dev/null; }
}

# Moves the environment's UI tag to a version's commit, in the repository, signed where signatures are required. A repository
# on this machine makes the tag itself, because its own configuration may name the signing key.
move_ui_tag() { # VERSION
    local make=(--annotate) in=(mirror) commit tag
    commit=$(tag_commit "$1")
    tag=$(ui_tag)
    ! ui_tag_fits "$commit" || return 0
    [[ ${ENV[require_signed]} != yes ]] || make=(--sign)
    make+=(--force --message "The UI of ${ENV[name]}: $1, by $(who)" "$tag" "$commit")
    [[ ! -d $(repository) ]] || in=(git -C "$(repository)")
    log "moving the tag $tag to $1"
    run "${in[@]}" tag "${make[@]}" >&2 ||
        die 1 "cannot make the tag $tag (git tag ${make[0]}): check user.signingkey and gpg.* in git's configuration"
    if [[ ${in[0]} == git ]]; then
        [[ -n $DRY_RUN ]] || fetch_tags
    else
        run mirror push --quiet --force -- "$(repository)" "refs/tags/$tag" ||
            die 1 "cannot move the tag $tag in $(repository)"
    fi
}

# Moves the UI tag to the version, and serves the files of that tag.
switch_ui() { # VERSION
    local dir host tag
    move_ui_tag "$1"
    [[ -z $DRY_RUN ]] || return 0
    tag=$(ui_tag)
    check_tag "$tag"
    dir=$(release_dir "ui-$1")
    [[ $(tag_commit "$tag") == "$(release_says "ui-$1" commit)" ]] ||
        die 3 "the tag $tag was moved meanwhile: it names another commit than $1. Run this again"
    for host in $(hosts); do
        [[ $host == here ]] || at "$host" has "ui-$1" </dev/null ||
            tar --create --directory "$dir" . | at "$host" receive "ui-$1"
    done
    at_each current ui "$1"
    notify deployed "the UI $1 is served on ${ENV[name]}"
}
