# Finds what a schema step must not do, for schema-lint. Input: records PHASE:FILE:LINE:STATEMENT (the last two as
# statements.awk prints them) of all steps in order, so that the type of a column is known when a step changes it. Output:
# lines FILE:LINE:START:RULE: WORDS; START is the line that the statement starts on.

BEGIN {
    RS = "\036"
    rank_of("TINYINT SMALLINT MEDIUMINT INT BIGINT", "integer")
    rank_of("TINYTEXT TEXT MEDIUMTEXT LONGTEXT", "text")
    rank_of("TINYBLOB BLOB MEDIUMBLOB LONGBLOB", "blob")
    rank_of("FLOAT DOUBLE", "float")
}

function rank_of(names, kind, list, n, i) {
    n = split(names, list, " ")
    for (i = 1; i <= n; i++) {
        rank[list[i]] = i
        family[list[i]] = kind
    }
}

function found(at, rule, words) {
    printf "%s:%d:%d:%s: %s\n", file, at, line, rule, words
}

# S with single blanks only.
function plain(s) {
    gsub(/[ \t\n]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    return s
}

function bare(name) {
    gsub(/`/, "", name)
    return name
}

function newlines(s) {
    return gsub(/\n/, "\n", s)
}

# Splits S, which starts on the line WHERE, at the commas outside quotes and parentheses. Sets clause[], clause_at[] (their
# lines) and clauses (their number).
function split_clauses(s, where, i, c, depth, quote, part, first) {
    clauses = 0
    depth = 0
    quote = ""
    part = ""
    first = 0
    s = s ","
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "\n") {
            where++
        }
        if (quote != "") {
            quote = c == quote ? "" : quote
        } else if (c == "'" || c == "\"" || c == "`") {
            quote = c
        } else if (c == "(") {
            depth++
        } else if (c == ")") {
            depth--
        } else if (c == "," && depth == 0) {
            clause[++clauses] = plain(part)
            clause_at[clauses] = first ? first : where
            part = ""
            first = 0
            continue
        }
        if (!first && c !~ /[ \t\n]/) {
            first = where
        }
        part = part c
    }
}

# Removes the words that match the regular expression PATTERN from the front of rest. Returns 0 if they are not there.
function take(pattern) {
    if (toupper(rest) !~ "^" pattern "( |$)") {
        return 0
    }
    match(toupper(rest), "^" pattern "( |$)")
    rest = substr(rest, RLENGTH + 1)
    return 1
}

function take_word(word) {
    word = rest
    sub(/[ (].*/, "", word)
    rest = substr(rest, length(word) + 1)
    sub(/^ /, "", rest)
    return bare(word)
}

# A column's type: VARCHAR(15), BIGINT UNSIGNED, ENUM('a','b').
function type_of(definition, type, up) {
    up = toupper(definition)
    if (match(up, /^[A-Z]+ ?\([^)]*\)/)) {
        type = substr(definition, 1, RLENGTH)
        sub(/ \(/, "(", type)
        gsub(/, /, ",", type)
    } else {
        match(up, /^[A-Z]+/)
        type = substr(definition, 1, RLENGTH)
    }
    if (toupper(type) !~ /^(ENUM|SET)/) {
        type = toupper(type)
    }
    return type (up ~ /[ )]UNSIGNED/ ? " UNSIGNED" : "")
}

function base_of(type) {
    sub(/[ (].*/, "", type)
    type = toupper(type)
    return type == "INTEGER" ? "INT" : type
}

function argument_of(type) {
    if (type !~ /\(/) {
        return ""
    }
    sub(/^[^(]*\(/, "", type)
    sub(/\)[^)]*$/, "", type)
    return type
}

# Whether the type NEW can hold every value of the type OLD, unchanged.
function holds(old, new, a, b) {
    a = base_of(old)
    b = base_of(new)
    if ((old ~ / UNSIGNED$/) != (new ~ / UNSIGNED$/)) {
        return 0
    }
    if (a in family && b in family) {
        return family[a] == family[b] && rank[b] >= rank[a]
    }
    if (a == "VARCHAR" || a == "CHAR") {
        return b == a && argument_of(new) + 0 >= argument_of(old) + 0 || family[b] == "text" && b != "TINYTEXT"
    }
    if (a == "ENUM" || a == "SET") {
        return b == a && index(argument_of(new) ",", argument_of(old) ",") == 1
    }
    return old == new
}

# Remembers the type of a column, whether it may be NULL, and whether it has a default.
function note(table, name, definition) {
    known[table, name] = type_of(definition)
    nullable[table, name] = toupper(definition) !~ /NOT NULL|PRIMARY KEY/
    has_default[table, name] = toupper(definition) ~ /[ )]DEFAULT /
}

function create_table(text, table, i, name) {
    rest = plain(text)
    take("CREATE( OR REPLACE)? TABLE")
    if (!take("IF NOT EXISTS") && toupper(text) !~ /^CREATE[ \t\n]+OR[ \t\n]+REPLACE/) {
        found(line, "repeatable", "CREATE TABLE without IF NOT EXISTS")
    }
    table = take_word()
    if (phase == "additive" && step ~ /^0001/ && table !~ /^balrog_/) {
        reference[table] = 1
    }
    if (!match(text, /\(/)) {
        return
    }
    text = substr(text, RSTART + 1)
    sub(/\)[^)]*$/, "", text)
    split_clauses(text, line)
    for (i = 1; i <= clauses; i++) {
        rest = clause[i]
        if (toupper(rest) !~ /^(PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FOREIGN|CHECK|FULLTEXT|SPATIAL)[ (]/) {
            name = take_word()
            note(table, name, rest)
        }
    }
}

function change_column(table, old, definition, at, name, up) {
    rest = definition
    name = old
    up = toupper(definition)
    if (phase == "additive") {
        if (!((table, old) in known)) {
            found(at, "narrowing", "the old type of " table "." old " is not known")
        } else if (!holds(known[table, old], type_of(definition))) {
            found(at, up ~ /^ENUM/ && known[table, old] ~ /^[Ee][Nn][Uu][Mm]/ ? "enum" : "narrowing", \
                table "." old " was " known[table, old] ", and becomes " type_of(definition))
        }
        if (up ~ /NOT NULL/ && up !~ /[ )]DEFAULT |AUTO_INCREMENT/) {
            if (nullable[table, old]) {
                found(at, "not-null", table "." old " becomes NOT NULL, without a default")
            } else if (has_default[table, old]) {
                found(at, "not-null", table "." old " loses its default")
            }
        }
        if (up ~ /CHARACTER SET|CHARSET|COLLATE/) {
            found(at, "charset", "the character set or collation of " table "." old " changes")
        }
    }
}

# One clause of an ALTER TABLE.
function alter_clause(table, at, name, new, up) {
    up = toupper(rest)
    if (up ~ /^(ALGORITHM|LOCK) ?=/) {
        return
    }
    if (take("ADD( COLUMN)?") || take("ADD")) {
        add_clause(table, at)
    } else if (take("DROP")) {
        if (toupper(rest) !~ /IF EXISTS/ && toupper(rest) !~ /^PRIMARY/) {
            found(at, "repeatable", "DROP without IF EXISTS")
        }
        additive_not(at, "drop", "DROP in a step that older programs run under")
        if (table in reference && toupper(rest) !~ /^(INDEX|KEY) /) {
            found(at, "reference", table " is a table of Mozilla's Balrog, which may run beside us")
        }
    } else if (take("RENAME")) {
        additive_not(at, "rename", "RENAME in a step that older programs run under")
    } else if (take("CHANGE( COLUMN)?( IF EXISTS)?")) {
        name = take_word()
        new = take_word()
        if (tolower(name) != tolower(new)) {
            additive_not(at, "rename", "CHANGE renames " name " to " new)
        }
        change_column(table, name, rest, at)
        note(table, new, rest)
    } else if (take("MODIFY( COLUMN)?( IF EXISTS)?")) {
        name = take_word()
        change_column(table, name, rest, at)
        note(table, name, rest)
    } else if (take("ALTER( COLUMN)?( IF EXISTS)?")) {
        name = take_word()
        has_default[table, name] = toupper(rest) ~ /^SET DEFAULT/
        if (toupper(rest) ~ /^DROP DEFAULT/) {
            additive_not(at, "not-null", table "." name " loses its default")
        }
    } else if (up ~ /CONVERT TO|CHARACTER SET|CHARSET|COLLATE/) {
        additive_not(at, "charset", "the character set or collation of " table " changes")
    }
}

function additive_not(at, rule, words) {
    if (phase == "additive") {
        found(at, rule, words)
    }
}

function add_clause(table, at, up, name) {
    up = toupper(rest)
    if (up ~ /^(UNIQUE|PRIMARY|CONSTRAINT [^ ]+ UNIQUE)/) {
        additive_not(at, "unique", "a new UNIQUE or PRIMARY KEY refuses what older programs may write")
    } else if (up ~ /^(CONSTRAINT|FOREIGN|CHECK)/) {
        additive_not(at, "constraint", "a new constraint refuses what older programs may write")
    } else if (up ~ /^(INDEX|KEY|FULLTEXT|SPATIAL)/) {
        up = up
    } else if (up !~ /^PARTITION/) {
        take("IF NOT EXISTS")
        name = take_word()
        if (toupper(rest) ~ /NOT NULL/ && toupper(rest) !~ /DEFAULT|AUTO_INCREMENT|GENERATED|[ )]AS \(/) {
            additive_not(at, "not-null", table "." name " is NOT NULL and has no default: older programs do not write it")
        }
        if (toupper(rest) ~ /[^A-Z]UNIQUE/) {
            additive_not(at, "unique", table "." name " is UNIQUE: older programs all leave it at its default")
        }
        note(table, name, rest)
    }
    if (up !~ /IF NOT EXISTS/ && up !~ /^PRIMARY/) {
        found(at, "repeatable", "ADD without IF NOT EXISTS")
    }
}

function needs_algorithm(up, what) {
    if (up !~ /ALGORITHM ?= ?(INSTANT|NOCOPY|INPLACE)/ || up !~ /LOCK ?= ?(NONE|SHARED)/) {
        found(line, "algorithm", what " must say ALGORITHM=INSTANT, NOCOPY or INPLACE, and LOCK=NONE or SHARED," \
            " so that the server refuses rather than copies")
    }
}

function alter_table(text, table, i, head) {
    rest = plain(text)
    needs_algorithm(toupper(rest), "ALTER TABLE")
    take("ALTER( ONLINE)?( IGNORE)? TABLE( IF EXISTS)?")
    table = take_word()
    # The clauses start after the table's name.
    match(text, "^[A-Za-z \t\n]+[ \t\n]`?" table "`?")
    head = substr(text, 1, RLENGTH)
    split_clauses(substr(text, RLENGTH + 1), line + newlines(head))
    for (i = 1; i <= clauses; i++) {
        rest = clause[i]
        alter_clause(table, clause_at[i])
    }
}

function drop_statement(up, i, count, names) {
    if (up !~ /IF EXISTS/) {
        found(line, "repeatable", "DROP without IF EXISTS")
    }
    additive_not(line, "drop", "DROP in a step that older programs run under")
    if (up ~ /^DROP TABLE/) {
        rest = plain(statement)
        take("DROP TABLE( IF EXISTS)?")
        count = split(rest, names, / ?, ?/)
        for (i = 1; i <= count; i++) {
            rest = names[i]
            if (take_word() in reference) {
                found(line, "reference", "a table of Mozilla's Balrog, which may run beside us")
            }
        }
    }
    if (up ~ /^DROP INDEX/) {
        needs_algorithm(up, "DROP INDEX")
    }
}

/^[ \t\n]*$/ {
    next
}

{
    phase = $0
    sub(/:.*/, "", phase)
    statement = substr($0, length(phase) + 2)
    file = statement
    sub(/:.*/, "", file)
    statement = substr(statement, length(file) + 2)
    line = statement + 0
    sub(/^[0-9]+:/, "", statement)
    step = file
    sub(/\/[^\/]*$/, "", step)
    sub(/.*\//, "", step)
    up = toupper(plain(statement))
    if (up ~ /^CREATE( OR REPLACE)? TABLE/) {
        create_table(statement)
    } else if (up ~ /^ALTER( ONLINE)?( IGNORE)? TABLE/) {
        alter_table(statement)
    } else if (up ~ /^CREATE( OR REPLACE)?( UNIQUE)? INDEX/) {
        needs_algorithm(up, "CREATE INDEX")
        if (up ~ /^CREATE( OR REPLACE)? UNIQUE/) {
            additive_not(line, "unique", "a new UNIQUE key refuses what older programs may write")
        }
        if (up !~ /IF NOT EXISTS|OR REPLACE/) {
            found(line, "repeatable", "CREATE INDEX without IF NOT EXISTS")
        }
    } else if (up ~ /^DROP /) {
        drop_statement(up)
    } else if (up ~ /^(TRUNCATE|DELETE|REVOKE)/) {
        additive_not(line, "drop", "it removes what older programs may need")
    } else if (up ~ /^RENAME/) {
        additive_not(line, "rename", "RENAME in a step that older programs run under")
        found(line, "repeatable", "RENAME cannot be repeated")
    } else if (up ~ /^CREATE / && up !~ /IF NOT EXISTS|OR REPLACE/) {
        found(line, "repeatable", "CREATE without IF NOT EXISTS or OR REPLACE")
    } else if (up ~ /^INSERT/ && up !~ /^INSERT IGNORE|ON DUPLICATE KEY|NOT EXISTS/) {
        found(line, "repeatable", "INSERT without IGNORE, ON DUPLICATE KEY or NOT EXISTS")
    }
    if (up ~ /^(UPDATE|DELETE|INSERT)/ && up ~ / (WHERE|SELECT) /) {
        found(line, "backfill", "rows are changed in batches, by backfill.sh")
    }
}
