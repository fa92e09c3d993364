# shellcheck shell=bash
# Removing people's names from a copy of Balrog's database. Uses restored.sh; DIR is the restored server's directory.
#
# An account name with an @ becomes a pseudonym. With the same key, the same name always gets the same pseudonym. Names
# without an @ belong to programs and stay. In comments, every word with an @ is replaced. The history of releases is
# compressed and cannot be searched for names, so it is removed. The list of running programs is removed, too.

# Columns that hold the name of an account.
SCRUB_NAMES="'username', 'base_username', 'changed_by', 'scheduled_by', 'granted_by', 'confirmed_by'"
# Columns that hold free text.
SCRUB_TEXTS="'comment', 'base_comment', 'options', 'base_options'"
# Columns where an @ may be part of something else, such as an add-on's identifier.
SCRUB_OTHERS="'name', 'base_name', 'path', 'base_path', 'mapping', 'base_mapping', 'fallbackMapping',
    'base_fallbackMapping', 'data', 'base_data', 'k', 'superblob', 'member',
    'query', 'must'"

# Prints TABLE <tab> COLUMN for every text column whose name satisfies CONDITION.
scrub_columns() { # DIR DATABASE CONDITION
    server_sql "$1" information_schema -e "SELECT c.table_name, c.column_name FROM columns c JOIN tables t
        ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
        WHERE c.table_schema = '$2' AND c.collation_name IS NOT NULL AND c.column_name $3 ORDER BY 1, 2"
}

# Prints the statements that scrub the database. The caller passes them on standard input, so the key is on no command line.
scrub_sql() { # DIR DATABASE KEY
    local table column
    cat <<END
SET SESSION sql_mode = '', foreign_key_checks = 0;
CREATE OR REPLACE TABLE balrog_scrub (name VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PRIMARY KEY,
    pseudonym VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL UNIQUE) ENGINE=InnoDB;
END
    while IFS=$'\t' read -r table column; do
        [[ $table != balrog_scrub ]] || continue
        echo "INSERT IGNORE INTO balrog_scrub SELECT DISTINCT \`$column\`,
            CONCAT('person-', LEFT(SHA2(CONCAT('$3', \`$column\`), 256), 16)) FROM \`$table\` WHERE \`$column\` LIKE '%@%';"
    done < <(scrub_columns "$1" "$2" "IN ($SCRUB_NAMES)")
    while IFS=$'\t' read -r table column; do
        echo "UPDATE \`$table\` t JOIN balrog_scrub s ON BINARY t.\`$column\` = BINARY s.name SET t.\`$column\` = s.pseudonym;"
    done < <(scrub_columns "$1" "$2" "IN ($SCRUB_NAMES)")
    while IFS=$'\t' read -r table column; do
        echo "UPDATE \`$table\` SET \`$column\` = REGEXP_REPLACE(\`$column\`, '[^[:space:],;:<>()\"]*@[^[:space:],;:<>()\"]*',
            'somebody') WHERE \`$column\` LIKE '%@%';"
    done < <(scrub_columns "$1" "$2" "IN ($SCRUB_TEXTS)")
    while read -r table; do
        echo "DELETE FROM \`$table\`;"
    done < <(server_sql "$1" "$2" -e "SHOW TABLES" | grep -xE 'balrog_release_history|balrog_release_heads|balrog_changes|app_instances')
    while read -r table; do
        echo "DELETE x FROM \`${table}_conditions\` x JOIN \`$table\` s USING (sc_id) WHERE s.complete = 0;
            DELETE x FROM \`${table}_signoffs\` x JOIN \`$table\` s USING (sc_id) WHERE s.complete = 0;
            DELETE FROM \`$table\` WHERE complete = 0;"
    done < <(server_sql "$1" "$2" -e "SHOW TABLES" | grep -xE '[a-z_]*_scheduled_changes')
}

# Scrubs the database. Writes the names that were in it to the file DIR/people, for scrub_check.
scrub() { # DIR DATABASE KEY
    scrub_sql "$1" "$2" "$3" >"$1/scrub.sql" || die 1 "cannot list the columns that have to be scrubbed"
    server_sql "$1" "$2" <"$1/scrub.sql" || die 1 "the copy cannot be scrubbed: see the message above"
    server_sql "$1" "$2" -e "SELECT name FROM balrog_scrub" >"$1/people"
    server_sql "$1" "$2" -e "DROP TABLE balrog_scrub"
    rm -f -- "$1/scrub.sql"
}

# Dies if the copy still holds a name: in any column that is not excepted, or anywhere in the dump DIR/dump.sql. SCRUB_ALLOWED are
# regular expressions of whole addresses that are known to be nobody's.
SCRUB_ALLOWED=()
scrub_check() { # DIR DATABASE
    local table column left
    left=$(
        while IFS=$'\t' read -r table column; do
            echo "SELECT CONCAT(COUNT(*), ' rows of $table hold an @ in $column') FROM \`$table\`
                WHERE \`$column\` LIKE '%@%' HAVING COUNT(*) > 0;"
        done < <(scrub_columns "$1" "$2" "NOT IN ($SCRUB_OTHERS)") | server_sql "$1" "$2"
    ) || die 1 "cannot check the copy for names"
    [[ -z $left ]] || die 1 "nothing was loaded: ${left//$'\n'/; }"
    if [[ -s $1/people ]] && grep -q -i -F -f "$1/people" -- "$1/dump.sql"; then
        die 1 "the copy still names $(grep -o -i -F -f "$1/people" -- "$1/dump.sql" | sort -u | wc -l) people, probably in a release: nothing was loaded"
    fi
    left=$(scrub_addresses "$1/dump.sql")
    [[ -z $left ]] || die 1 "the copy holds what looks like e-mail addresses; nothing was loaded. Remove them from production, or allow them with --allow-address: $left"
}

# Prints the e-mail addresses in a dump, with their tables: at most ten, in one line. Names of add-ons look the same; those are the
# addresses that are keys of JSON objects somewhere, and all at mozilla.org (also as a part of a file's name, before a "-").
scrub_addresses() { # FILE
    local address='[a-z0-9._%+-]+@([a-z0-9-]+[.])+[a-z]{2,}' allowed='[^@]*@([a-z0-9-]+[.])*mozilla[.]org(-.*)?' pattern
    for pattern in "${SCRUB_ALLOWED[@]}"; do
        allowed+="|$pattern"
    done
    { LC_ALL=C grep -o -i -E "^INSERT INTO \`[a-z_]+\`|$address(\\\\\":)?" -- "$1" || true; } | LC_ALL=C awk -v allowed="^($allowed)\$" '
        /^INSERT INTO / {
            table = substr($3, 2, length($3) - 2)
            next
        }
        {
            key = sub(/\\":$/, "")
            address = tolower($0)
            if (key) {
                addon[address] = 1
            } else if (address !~ allowed) {
                where[address] = table
            }
        }
        END {
            for (address in where) {
                if (!(address in addon) && ++n <= 10) {
                    printf "%s%s (in %s)", (n > 1 ? ", " : ""), address, where[address]
                }
            }
            if (n > 10) {
                printf ", and %d more", n - 10
            }
        }'
}
