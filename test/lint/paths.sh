#!/bin/bash
# Checks that the files and folders that CONTRIBUTING.md, README.md, docs/architecture.md and docs/glossary.md name exist, and
# the pages of docs/ that messages and comments name.
set -euo pipefail

usage() {
    cat <<'END'
Usage: test/lint/paths.sh [DOCUMENT…]
Checks every link and every `…` with a slash or a file's ending: relative to the tree, to the document, and to fcgi/. A
name without a folder (`engine.h`) may be in any folder of fcgi/ and schema/, in test/unit/ or test/integration/, or
beside the last name that has a folder. Prints one line for each name that is missing. Exit status: 0 none, 1 some, 2 wrong usage.
END
}

TOP=$(realpath -- "$(dirname -- "$0")/../..")

# Prints LINE <tab> NAME for each name in DOCUMENT. Placeholders (NAME, NNNN, …) are left out.
names_in() { # DOCUMENT
    awk '
        function name(text) {
            sub(/[ :].*/, "", text)   # "scripts/test --list", "file.c:12"
            sub(/#.*/, "", text)
            if (text ~ /^[A-Za-z0-9_.][A-Za-z0-9_.*\/-]*$/ && text !~ /(^|[\/_])(NAME|NNNN|COLUMN)/ &&
                (text ~ /\// || text ~ /\.(c|h|md|sh|py|sql|conf|in|awk|yml|inc)$/)) {
                print FNR "\t" text
            }
        }
        # In the drawings, names of files stand without quotes.
        /^```/ { drawing = !drawing }
        {
            rest = $0 " "
            while (drawing ? match(rest, /[a-z0-9_]+\.[ch][^a-z0-9_]/) : match(rest, /`[^`]+`|\]\([^)]+\)/)) {
                text = substr(rest, RSTART, RLENGTH)
                rest = substr(rest, RSTART + RLENGTH)
                gsub(/^`|^\]\(|[`)]$/, "", text)
                sub(/[^a-z0-9_\/*]$/, "", text)
                name(text)
            }
        }' "$1"
}

# Whether NAME exists, read from DOCUMENT. FOLDER is that of the name before it.
exists() { # NAME DOCUMENT FOLDER
    local place
    for place in "$TOP" "$(dirname -- "$2")" "$TOP/fcgi" "$TOP/$3"; do
        # shellcheck disable=SC2086 # a name may be a pattern
        ! compgen -G "$place/${1%/}" >/dev/null || return 0
    done
    [[ $1 != */* ]] || return 1
    for place in "$TOP"/fcgi/* "$TOP"/schema/* "$TOP"/test/unit "$TOP"/test/integration; do
        [[ ! -e $place/$1 ]] || return 0
    done
    return 1
}

# Checks the pages of docs/ that are named outside it.
pages() {
    local file page status=0
    while IFS=: read -r file page; do
        if [[ ! -e $TOP/$page ]]; then
            printf '%s: there is no %s\n' "$file" "$page"
            status=1
        fi
    done < <(cd -- "$TOP" && grep -roE 'docs/[a-z-]+\.(md|json)' scripts fcgi conf schema test ui/src README.md CONTRIBUTING.md NEWS.md | sort -u)
    return "$status"
}

main() {
    local document line name folder status=0
    case ${1-} in
    -h | --help) usage && return ;;
    -*) usage >&2 && return 2 ;;
    esac
    if ((!$#)); then
        pages || status=1
        set -- "$TOP"/{CONTRIBUTING,README,docs/architecture,docs/glossary}.md
    fi
    for document; do
        folder=.
        while IFS=$'\t' read -r line name; do
            if ! exists "$name" "$document" "$folder"; then
                printf '%s:%s: there is no %s\n' "${document#"$TOP/"}" "$line" "$name"
                status=1
            fi
            [[ $name != */* ]] || folder=$(dirname -- "$name")
        done < <(names_in "$document")
    done
    return "$status"
}

main "$@"
