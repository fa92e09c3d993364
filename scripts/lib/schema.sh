# shellcheck shell=bash
# The steps of a schema directory, as files: their order, phases, versions, statements and checksums. It needs no database.
# Uses messages.sh. docs/schema.md describes the format.

# shellcheck source=scripts/lib/messages.sh
. "${BASH_SOURCE[0]%/*}/messages.sh"

# shellcheck disable=SC2034 # the scripts that use this file read it
PHASES=(additive destructive)

# ---- versions: two numbers, 0.2 or v0.2 ----

# Prints the version without its v. Returns false if it is not a version.
version_plain() { # VERSION
    [[ $1 =~ ^v?(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$ ]] && printf '%s\n' "${1#v}"
}

version_older() { # A B: whether A is older than B
    local a=${1#v} b=${2#v}
    ((${a%%.*} < ${b%%.*} || (${a%%.*} == ${b%%.*} && ${a#*.} < ${b#*.})))
}

# ---- steps ----

# Sets STEPS to the steps of DIR, in order: 0001_name, 0002_name, … Dies if a number is missing, or a step lacks a file.
steps_list() { # DIR
    local dir expected=0 step
    STEPS=()
    for dir in "$1"/[0-9][0-9][0-9][0-9]_*/; do
        [[ -d $dir ]] || die 2 "there are no steps (NNNN_name/) in $1"
        step=$(basename -- "$dir")
        expected=$((expected + 1))
        ((10#${step:0:4} == expected)) || die 3 "step $(printf %04d "$expected") is missing in $1"
        [[ -f $dir/additive.sql || -f $dir/destructive.sql ]] ||
            die 3 "$1/$step has neither additive.sql nor destructive.sql"
        [[ -f $dir/verify.sql ]] || die 3 "$1/$step has no verify.sql"
        STEPS+=("$step")
    done
}

step_number() { # STEP
    echo $((10#${1:0:4}))
}

# Prints the version in a file's header `-- since: v0.2`, as 0.2. The first steps were applied to databases before this
# header existed, and an applied file must not change: their versions are in the file `versions` beside them.
step_since() { # DIR STEP PHASE
    local dir=$1/$2 since
    since=$(sed -n '1,5s/^-- since: *\([^ ]*\) *$/\1/p' "$dir/$3.sql")
    if [[ -z $since && -f $dir/versions ]]; then
        since=$(sed -n "s/^$3 *//p" "$dir/versions")
    fi
    version_plain "$since" || die 3 "$dir/$3.sql: one of the first five lines must be '-- since: vX.Y'"
}

# ---- checksums ----

file_sum() { # FILE
    sha256sum <"$1" | cut -d ' ' -f 1
}

# Prints the next checksum in the chain of a phase: over the checksum BEFORE, the step's name, its file and its backfill.
chain_next() { # BEFORE DIR STEP PHASE
    local backfill=-
    if [[ $4 == additive && -f $2/$3/backfill.sh ]]; then
        backfill=$(file_sum "$2/$3/backfill.sh")
    fi
    printf '%s\n' "$1" "$3" "$4" "$(file_sum "$2/$3/$4.sql")" "$backfill" | sha256sum | cut -d ' ' -f 1
}

# ---- statements ----

# Sets STATEMENTS to the statements of a file, without comments, and LINES to the lines that they start on. It understands
# strings, comments and DELIMITER.
statements_read() { # FILE
    local entry entries
    STATEMENTS=() LINES=()
    mapfile -d $'\036' -t entries < <(awk -f "${BASH_SOURCE[0]%/*}/statements.awk" "$1")
    for entry in "${entries[@]}"; do
        LINES+=("${entry%%:*}")
        STATEMENTS+=("${entry#*:}")
    done
}

# Prints a statement on one line, shortened, for messages.
statement_brief() { # STATEMENT
    local text=${1//[$'\n\t ']/ }
    while [[ $text == *'  '* ]]; do
        text=${text//'  '/ }
    done
    if ((${#text} > 90)); then
        text=${text:0:87}...
    fi
    printf '%s\n' "$text"
}

# Prints a checksum over statements: each one over the checksum before it and the statement.
statements_sum() { # STATEMENT…
    local sum='' statement
    for statement in "$@"; do
        sum=$(printf '%s%s' "$sum" "$statement" | sha256sum | cut -d ' ' -f 1)
    done
    printf '%s\n' "$sum"
}
