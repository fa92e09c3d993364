# shellcheck shell=bash
# Data directories for new MariaDB servers. The installer takes seconds. Where BALROG_TEMPLATES names a directory, as the
# tests have it do, what was made once is kept there, of servers that are stopped, and copied from then on. Nothing is
# ever changed there: a template has its name once it is whole, and whoever is first makes it.

# datadir_make DATA: with a root that needs no password. It says why it fails.
datadir_make() {
    local key
    key=$(datadir_key "${BASH_SOURCE[0]%/*}" datadir.sh)
    datadir_copy "$key" "$1" || { datadir_install "$1" && datadir_keep "$1" "$key"; }
}

datadir_install() { # DATA
    local as_user=()
    ((EUID != 0)) || as_user=(--user=root)
    # A MariaDB that starts removes what others have in the same tmpdir, and they crash. --force: even where no name can
    # be looked up.
    mkdir -p -- "$1.tmp"
    mariadb-install-db --no-defaults "${as_user[@]}" --datadir="$1" --tmpdir="$1.tmp" --skip-test-db --force \
        --auth-root-authentication-method=normal --innodb-log-file-size=32M --innodb-buffer-pool-size=64M \
        >"$1.log" 2>&1 || {
        tail -n 15 -- "$1.log" >&2
        return 1
    }
    rm -rf -- "$1.tmp" "$1.log"
}

# A name for what this machine's server makes for this user, out of these files of a tree.
datadir_key() { # TREE FILE…
    {
        mariadbd --version
        printf '%s\n' "$EUID"
        (cd -- "$1" && sha256sum -- "${@:2}")
    } | sha256sum | cut -c 1-20
}

# Fails where there is no such template. Most of the files is holes.
datadir_copy() { # KEY DATA
    [[ -n ${BALROG_TEMPLATES-} && -d $BALROG_TEMPLATES/$1 ]] &&
        cp -a --sparse=always -- "$BALROG_TEMPLATES/$1" "$2"
}

# DATA, of a server that is stopped, becomes a template, unless there is one by now.
datadir_keep() { # DATA KEY
    [[ -n ${BALROG_TEMPLATES-} ]] || return 0
    local new=$BALROG_TEMPLATES/$2.$BASHPID
    mkdir -p -- "$BALROG_TEMPLATES" && cp -a --sparse=always -- "$1" "$new" &&
        { mv -T -- "$new" "$BALROG_TEMPLATES/$2" 2>/dev/null || rm -rf -- "$new"; }
}
