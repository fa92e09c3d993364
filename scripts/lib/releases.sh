# shellcheck shell=bash
# A version's directory, ROOT/releases/vX.Y: built from a git tag or from a tarball. It is made under another name and
# renamed when it is complete. After an interruption it is made again from the beginning. Uses deploy.sh.
: "${TOP=}"
declare -gA ENV

# Prints the repository that releases are made from: the environment's, or the one that this script is in.
repository() {
    if [[ -n ${ENV[repository]} ]]; then
        printf '%s\n' "${ENV[repository]}"
    elif [[ -e $TOP/.git ]]; then
        printf '%s\n' "$TOP"
    else
        die 2 "there is no git repository to build from: set repository in ${ENV[file]}, or give a tarball with --from"
    fi
}

# Runs git in our copy of the repository.
mirror() { # COMMAND…
    git -C "${ENV[root]}/state/repository.git" "$@"
}

# The same, with the keyring whose signatures are accepted.
signed_mirror() { # COMMAND…
    if [[ -n ${ENV[keyring]} ]]; then
        GNUPGHOME=${ENV[keyring]} mirror "$@"
    else
        mirror "$@"
    fi
}

# Brings our copy of the tags up to date.
fetch_tags() {
    local from copy=${ENV[root]}/state/repository.git
    from=$(repository)
    [[ -d $copy ]] || { rm -rf -- "$copy.new" && git init --quiet --bare "$copy.new" && mv -- "$copy.new" "$copy"; }
    mirror fetch --quiet --force --prune -- "$from" '+refs/tags/*:refs/tags/*' '+refs/heads/*:refs/heads/*' ||
        die 1 "cannot read the repository $from"
}

# Dies if the tag is missing, holds another version, or lacks a required signature.
check_tag() { # TAG
    local said number
    mirror rev-parse --quiet --verify "refs/tags/$1^{commit}" >/dev/null ||
        die 3 "$1 is not a tag of $(repository): scripts/release makes it"
    if [[ ${ENV[require_signed]} == yes ]]; then
        said=$(signed_mirror verify-tag "$1" 2>&1) || die 3 "the tag $1 has no good signature: ${said:-it has none}"
    fi
    [[ $1 == v* ]] || return 0
    number=$(mirror show "$1:VERSION" 2>/dev/null) || number='(missing)'
    [[ v$number == "$1" ]] || die 3 "the tag $1 holds version $number: its file VERSION must say ${1#v}"
}

tag_commit() { # TAG
    mirror rev-parse "refs/tags/$1^{commit}"
}

# Runs a command as the environment's build_user if this script runs as root. Its home is the build directory.
as_builder() { # COMMAND…
    if ((EUID == 0)) && [[ ${ENV[build_user]} != root ]]; then
        HOME=$WORK setpriv --reuid "${ENV[build_user]}" --regid "$(id -g -- "${ENV[build_user]}")" --clear-groups \
            --no-new-privs -- "$@"
    else
        "$@"
    fi
}

# Builds $WORK/src and installs it into $WORK/release.
build_source() { # VERSION
    local prefix status=0
    prefix=$(release_dir "$1")
    log "building $1 as ${ENV[build_user]}; the output goes to $WORK.log"
    mkdir -- "$WORK/build" "$WORK/installed"
    ((EUID != 0)) || chown -R -- "${ENV[build_user]}" "$WORK/src" "$WORK/build" "$WORK/installed"
    # shellcheck disable=SC2016 # the inner shell expands them
    without_lock as_builder bash -euc '
        cd "$1/src"
        [[ -x configure ]] || autoreconf -i
        cd ../build
        ../src/configure --prefix="$2" --sysconfdir="$3" $4
        make -j "$(nproc)" install-sbinPROGRAMS install-data DESTDIR="$1/installed"' build \
        "$WORK" "$prefix" "$(dirname -- "${ENV[config_dir]}")" "${ENV[configure_options]}" >"$WORK.log" 2>&1 </dev/null ||
        status=$?
    if ((status)); then
        tail -n 20 -- "$WORK.log" >&2
        die 1 "$1 could not be built: see $WORK.log"
    fi
    mv -T -- "$WORK/installed$prefix" "$WORK/release"
}

# Unpacks a tarball into $WORK/release. A source distribution (make dist) is built; a tarball that is built already has
# sbin/ and share/, at its top or in a directory.
unpack_tarball() { # FILE VERSION
    local top
    mkdir -- "$WORK/unpacked"
    tar --extract --no-same-owner --file "$1" --directory "$WORK/unpacked" || die 3 "cannot unpack $1"
    for top in "$WORK/unpacked" "$WORK/unpacked"/*/; do
        if [[ -x $top/sbin/balrog-public ]]; then
            mv -T -- "$top" "$WORK/release"
            return
        elif [[ -x $top/configure ]]; then
            mv -T -- "$top" "$WORK/src"
            build_source "$2"
            return
        fi
    done
    die 3 "$1 is neither a built release (it lacks sbin/balrog-public) nor a source distribution (it lacks configure)"
}

# Dies if the tarball cannot be read, or lacks a required signature.
check_tarball() { # FILE
    local said
    [[ -r $1 ]] || die 2 "--from $1: cannot read it"
    [[ ${ENV[require_signed]} == yes ]] || return 0
    [[ -r $1.asc ]] || die 3 "$1.asc is missing: ${ENV[name]} requires signatures (gpg --armor --detach-sign $1)"
    said=$(GNUPGHOME=${ENV[keyring]:-${GNUPGHOME:-$HOME/.gnupg}} gpg --batch --verify "$1.asc" "$1" 2>&1) ||
        die 3 "$1 has no good signature: $said"
}

# Prints what the programs of a release answer at /__version__, which anybody can read: so without the account in the
# repository's URL, and without this machine's directories.
version_json() { # VERSION COMMIT SOURCE
    local source=$3 commit=$2
    [[ $source != /* ]] || source=${source##*/}
    source=$(sed -E -e 's|://[^/ ]*@|://|g' -e 's/[[:cntrl:]]//g' -e 's/[\\"]/\\&/g' <<<"$source")
    [[ $commit != - ]] || commit=unknown
    printf '{"commit":"%s","source":"%s","version":"%s"}\n' "$commit" "$source" "${1#v}"
}

# Checks $WORK/release and renames it to the version's directory.
finish_release() { # VERSION COMMIT SOURCE
    local said
    said=$("$WORK/release/sbin/balrog-public" --version 2>&1) || die 1 "the built balrog-public does not run: $said"
    [[ $said =~ (^|[^0-9.])"${1#v}"($|[^0-9.]) ]] || die 3 "$3 is not $1; its balrog-public reports: $said"
    ((EUID != 0)) || chown -R root:root -- "$WORK/release"
    chmod -R u+rwX,go+rX,go-w -- "$WORK/release"
    printf '%s\n' "${1#v}" >"$WORK/release/VERSION"
    printf '%s\n' "${1#v}" >"$WORK/release/share/balrog/VERSION"
    printf 'version = %s\ncommit = %s\nsource = %s\nmade = %s\n' "$1" "$2" "$3" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        >"$WORK/release/RELEASE"
    version_json "$@" >"$WORK/release/version.json"
    mv -T -- "$WORK/release" "$(release_dir "$1")"
    rm -rf -- "$WORK" "$WORK.log"
    log "$1 is made: $(release_dir "$1")"
}

# Prints the value of a key in the version's RELEASE file.
release_says() { # VERSION KEY
    sed -n "s/^$2 = //p" "$(release_dir "$1")/RELEASE"
}

# Dies unless the version may be made from the tarball FROM, or from its tag if FROM is empty. Fetches the tags then.
check_source() { # VERSION FROM
    if [[ -n $2 ]]; then
        check_tarball "$2"
    else
        fetch_tags
        check_tag "$1"
    fi
}

# Prints the numbers (NNNN) of the additive steps that a version has, one per line: of its release, or of what that will be
# made from.
steps_of() { # VERSION [FROM]
    local release
    release=$(release_dir "$1")
    if [[ -d $release ]]; then
        find "$release/share/balrog/schema" -name additive.sql 2>/dev/null
    elif [[ -n ${2-} ]]; then
        tar --list --file "$2"
    else
        mirror ls-tree -r --name-only "$1" schema/
    fi | sed -nE 's|^(.*/)?schema/([0-9]{4})_[^/]*/additive\.sql$|\2|p' | sort -u
}

# Makes the version's directory if it is missing, from what check_source has checked. Sets WORK.
make_release() { # VERSION FROM
    local commit=- source
    if [[ -n $2 ]]; then
        source="$2 $(sha256sum <"$2" | cut -d ' ' -f 1)"
    else
        commit=$(tag_commit "$1")
        source="$(repository) $1"
    fi
    if [[ -d $(release_dir "$1") ]]; then
        [[ $commit == - || $(release_says "$1" commit) == - || $(release_says "$1" commit) == "$commit" ]] ||
            die 3 "$(release_dir "$1") was made from commit $(release_says "$1" commit), and the tag $1 now names $commit: a released version does not change"
        return 0
    fi
    if [[ -n $DRY_RUN ]]; then
        echo "would make $(release_dir "$1") from $source"
        return 0
    fi
    mkdir -p -- "${ENV[root]}/releases" # if hosts are listed, this machine may not be one of them
    # A killed deploy may have left a build that still runs. It fails soon; its directory is never ours.
    rm -rf -- "${ENV[root]}/releases/.build-$1".* 2>/dev/null || true
    WORK=$(mktemp -d "${ENV[root]}/releases/.build-$1.XXXXXX")
    chmod 755 -- "$WORK"
    if [[ -n $2 ]]; then
        unpack_tarball "$2" "$1"
    else
        mkdir -- "$WORK/src"
        mirror archive "$1" | tar --extract --directory "$WORK/src"
        build_source "$1"
    fi
    finish_release "$1" "$commit" "$source"
}
