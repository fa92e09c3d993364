# shellcheck shell=bash
# Data directories for new MariaDB servers. The installer takes seconds. If BALROG_TEMPLATES names a directory, as in tests,
# the data directories of stopped servers are kept there and copied later. A template never changes: it gets its name when
# it is complete, and the first one is kept.

# Makes a data directory whose root account needs no password. Prints the reason if it fails.
datadir_make() { # DATA
    local key
    key=$(datadir_key "${BASH_SOURCE[0]%/*}" datadir.sh)
    datadir_copy "$key" "$1" || { datadir_install "$1" && datadir_keep "$1" "$key"; }
}

datadir_install() { # DATA
    local as_user=()
    ((EUID != 0)) || as_user=(--user=root)
    # Its own tmpdir: a MariaDB that starts removes the temporary files of others there, and they crash. --force: works even
    # without name resolution.
    mkdir -p -- "$1.tmp"
    mariadb-install-db --no-defaults "${as_user[@]}" --datadir="$1" --tmpdir="$1.tmp" --skip-test-db --force \
        --auth-root-authentication-method=normal --innodb-log-file-size=32M --innodb-buffer-pool-size=64M \
        >"$1.log" 2>&1 || {
        tail -n 15 -- "$1.log" >&2
        return 1
    }
    rm -rf -- "$1.tmp" "$1.log"
}

# Prints a key for a template. It depends on the server's version, the user, and the contents of the files of TREE.
datadir_key() { # TREE FILE…
    {
        mariadbd --version
        printf '%s\n' "$EUID"
        (cd -- "$1" && sha256sum -- "${@:2}")
    } | sha256sum | cut -c 1-20
}

# Copies a template. Returns false if there is none. (The files are sparse.)
datadir_copy() { # KEY DATA
    [[ -n ${BALROG_TEMPLATES-} && -d $BALROG_TEMPLATES/$1 ]] &&
        cp -a --sparse=always -- "$BALROG_TEMPLATES/$1" "$2"
}

# Keeps DATA, of a stopped server, as a template, unless there is one by now.
datadir_keep() { # DATA KEY
    [[ -n ${BALROG_TEMPLATES-} ]] || return 0
    local new=$BALROG_TEMPLATES/$2.$BASHPID
    mkdir -p -- "$BALROG_TEMPLATES" && cp -a --sparse=always -- "$1" "$new" &&
        { mv -T -- "$new" "$BALROG_TEMPLATES/$2" 2>/dev/null || rm -rf -- "$new"; }
}
