# shellcheck shell=bash
# The steps of a schema directory, as files: their order, phases, versions, statements and checksums. No database. It is
# sourced after operate.sh. docs/schema.md describes the format.

# shellcheck disable=SC2034 # for who sources this
PHASES=(additive destructive)

# ---- versions: two numbers, 0.2 or v0.2 ----

# The version without its v; fails when it is none.
version_plain() { # VERSION
    [[ $1 =~ ^v?(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$ ]] && printf '%s\n' "${1#v}"
}

version_older() { # A B: A is older than B
    local a=${1#v} b=${2#v}
    ((${a%%.*} < ${b%%.*} || (${a%%.*} == ${b%%.*} && ${a#*.} < ${b#*.})))
}

# ---- steps ----

# The steps of DIR into STEPS, in order: 0001_name, 0002_name, … without a hole, each with a file for a phase at least.
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

# The version that a file names in its header, `-- since: v0.2`, as 0.2. The first steps were applied to databases
# before files said so, and an applied file must not change: theirs is in the file `versions` beside it.
step_since() { # DIR STEP PHASE
    local dir=$1/$2 since
    since=$(sed -n '1,5s/^-- since: *\([^ ]*\) *$/\1/p' "$dir/$3.sql")
    if [[ -z $since && -f $dir/versions ]]; then
        since=$(sed -n "s/^$3 *//p" "$dir/versions")
    fi
    version_plain "$since" || die 3 "$dir/$3.sql: a line '-- since: vX.Y' is wanted among the first five"
}

# ---- checksums ----

file_sum() { # FILE
    sha256sum <"$1" | cut -d ' ' -f 1
}

# What a step adds to the chain of its phase: over what came before, its name, its file and its backfill.
chain_next() { # BEFORE DIR STEP PHASE
    local backfill=-
    if [[ $4 == additive && -f $2/$3/backfill.sh ]]; then
        backfill=$(file_sum "$2/$3/backfill.sh")
    fi
    printf '%s\n' "$1" "$3" "$4" "$(file_sum "$2/$3/$4.sql")" "$backfill" | sha256sum | cut -d ' ' -f 1
}

# ---- statements ----

# The statements of a file into STATEMENTS, without comments, and the lines that they start on into LINES. Knows
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

# A statement on one line, shortened, for messages.
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

# The sum over statements, each over the one before.
statements_sum() { # STATEMENT…
    local sum='' statement
    for statement in "$@"; do
        sum=$(printf '%s%s' "$sum" "$statement" | sha256sum | cut -d ' ' -f 1)
    done
    printf '%s\n' "$sum"
}
