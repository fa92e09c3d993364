# shellcheck shell=bash
# Taking people out of a copy of Balrog's database. Sourced after restored.sh; DIR is the restored server's directory.
#
# Who changed, scheduled, signed off or may do something becomes a pseudonym, the same one wherever the name stands and
# each time, as long as the key is the same. Names without an @ are programs' accounts and stay. In comments every word
# with an @ goes. The history of releases is compressed, so that nobody could look whether it names somebody: it is left
# out, as are the instances of programs that ran there.

# The columns that hold an account's name.
SCRUB_NAMES="'username', 'base_username', 'changed_by', 'scheduled_by', 'granted_by', 'confirmed_by'"
# Those that people write into as they like.
SCRUB_TEXTS="'comment', 'base_comment', 'options', 'base_options'"
# Those where an @ may well stand for something else: an add-on's identifier.
SCRUB_OTHERS="'name', 'base_name', 'path', 'base_path', 'mapping', 'base_mapping', 'fallbackMapping',
    'base_fallbackMapping', 'data', 'base_data', 'k', 'superblob', 'member'"

# TABLE <tab> COLUMN of every text column of the database whose name is in the list.
scrub_columns() { # DIR DATABASE CONDITION
    server_sql "$1" information_schema -e "SELECT c.table_name, c.column_name FROM columns c JOIN tables t
        ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
        WHERE c.table_schema = '$2' AND c.collation_name IS NOT NULL AND c.column_name $3 ORDER BY 1, 2"
}

# The statements that scrub the database. The key stays out of sight: it comes through the client's standard input.
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

# Scrubs the database; the names that were there go to the file DIR/people, for scrub_check.
scrub() { # DIR DATABASE KEY
    scrub_sql "$1" "$2" "$3" >"$1/scrub.sql" || die 1 "cannot look at what there is to be scrubbed"
    server_sql "$1" "$2" <"$1/scrub.sql" || die 1 "the copy cannot be scrubbed"
    server_sql "$1" "$2" -e "SELECT name FROM balrog_scrub" >"$1/people"
    server_sql "$1" "$2" -e "DROP TABLE balrog_scrub"
    rm -f -- "$1/scrub.sql"
}

# Refuses a copy in which anybody is left: by every column, and by the text of the dump DIR/dump.sql.
scrub_check() { # DIR DATABASE
    local table column left
    left=$(
        while IFS=$'\t' read -r table column; do
            echo "SELECT CONCAT(COUNT(*), ' rows of $table hold an @ in $column') FROM \`$table\`
                WHERE \`$column\` LIKE '%@%' HAVING COUNT(*) > 0;"
        done < <(scrub_columns "$1" "$2" "NOT IN ($SCRUB_OTHERS)") | server_sql "$1" "$2"
    ) || die 1 "cannot look whether the copy is clean"
    [[ -z $left ]] || die 1 "nothing was loaded: ${left//$'\n'/; }"
    if [[ -s $1/people ]] && grep -q -i -F -f "$1/people" -- "$1/dump.sql"; then
        die 1 "the copy still names $(grep -o -i -F -f "$1/people" -- "$1/dump.sql" | sort -u | wc -l) people, probably in a release: nothing was loaded"
    fi
}
