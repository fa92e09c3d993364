# Splits SQL into statements as the client does: it understands strings, quoted names, comments and DELIMITER. Prints each
# as LINE:STATEMENT, without comments, ended by the record separator (octal 036). LINE is the line that it starts on.

function emit() {
    sub(/^[ \t\n]+/, "", text)
    sub(/[ \t\n]+$/, "", text)
    if (text != "") {
        printf "%d:%s\036", start, text
    }
    text = ""
    start = 0
}

function add(s) {
    if (start == 0 && s !~ /^[ \t\n]*$/) {
        start = NR
    }
    text = text s
}

BEGIN {
    delimiter = ";"
    state = "" # or the quote that is open, or "*" in a comment
}

state == "" && start == 0 && toupper($1) == "DELIMITER" {
    delimiter = $2
    next
}

{
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (state == "*") {
            if (two == "*/") {
                state = ""
                i++
            }
        } else if (state != "") {
            if (c == "\\" && state != "`") {
                add(two)
                i++
            } else {
                add(c)
                if (c == state) {
                    state = ""
                }
            }
        } else if (substr($0, i, length(delimiter)) == delimiter) {
            i += length(delimiter) - 1
            emit()
        } else if (c == "#" || (two == "--" && (i + 1 == n || substr($0, i + 2, 1) ~ /[ \t]/))) {
            break
        } else if (two == "/*" && substr($0, i, 3) != "/*!") {
            state = "*"
            i++
        } else {
            if (c == "'" || c == "\"" || c == "`") {
                state = c
            }
            add(c)
        }
    }
    add("\n")
}

END {
    emit()
}
