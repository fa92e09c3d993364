# shellcheck shell=bash
# What the tests of the schema's tools share. Sourced after lib.sh, by a test that knows $here; the server is on
# $work/sock.
: "${here=}"

root=$(realpath "$here/../..")
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT
CONNECT=(--socket "$work/sock" --user root)

# The name of a new, empty database is left in $DB.
new_database() { # NAME
    DB=db_$1
    sql "$work" mysql <<<"CREATE OR REPLACE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
}

# Runs a tool of scripts/ on $DB; what it says is left in $SAID. Fails on another exit status.
tool() { # NAME STATUS [OPTION…]
    local name=$1 wanted=$2 status=0
    shift 2
    SAID=$("$root/scripts/$name" "${CONNECT[@]}" --database "$DB" "$@" 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

upgrade() { tool schema-upgrade "$@"; }
said() { [[ $SAID == *"$1"* ]] || { echo "  it said: $SAID" >&2 && return 1; }; }
query() { sql "$work" "$DB"; }

# The rows of SQL, with spaces between columns and semicolons between rows.
answers() { # WANTED SQL
    equal "$1" "$(query <<<"$2" | tr '\t' ' ' | paste -s -d ';')"
}

# Waits until SQL, which may fail until then, answers a number above 0.
wait_for() { # SQL
    local end=$((SECONDS + 120))
    until [[ $(query <<<"$1" 2>/dev/null) =~ ^[1-9] ]]; do
        ((SECONDS < end)) || { echo "  waited in vain for: $1" >&2 && return 1; }
        sleep 0.05
    done
}

# Three small steps in $work/schema, with every kind of file there is. The table things is there already, or is made.
small_schema() {
    local dir=$work/schema
    rm -rf "$dir"
    mkdir -p "$dir/0001_base" "$dir/0002_more" "$dir/0003_gone"
    cat >"$dir/0001_base/additive.sql" <<'END'
-- since: v0.1
CREATE TABLE IF NOT EXISTS things (id INT PRIMARY KEY, old INT, gone INT);
CREATE TABLE IF NOT EXISTS log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(30));
DELIMITER //
CREATE TRIGGER IF NOT EXISTS noted AFTER INSERT ON things FOR EACH ROW
BEGIN
    INSERT INTO log (what) VALUES ('a; b');
END//
DELIMITER ;
END
    cat >"$dir/0002_more/additive.sql" <<'END'
-- since: v0.2
-- Two statements.
ALTER TABLE things ADD COLUMN IF NOT EXISTS doubled INT, ALGORITHM=INSTANT, LOCK=NONE;
ALTER TABLE things ADD INDEX IF NOT EXISTS doubled (doubled), ALGORITHM=NOCOPY, LOCK=NONE;
END
    cat >"$dir/0002_more/backfill.sh" <<'END'
#!/bin/bash
set -euo pipefail
. "$BALROG_LIB/backfill.sh"
backfill_batches "UPDATE things SET doubled = 2 * old WHERE doubled IS NULL LIMIT 100"
exit 0
END
    cat >"$dir/0003_gone/additive.sql" <<'END'
-- since: v0.2
ALTER TABLE things ADD COLUMN IF NOT EXISTS newer INT, ALGORITHM=INSTANT, LOCK=NONE;
END
    cat >"$dir/0003_gone/revert.sql" <<'END'
ALTER TABLE things DROP COLUMN IF EXISTS newer, ALGORITHM=INSTANT, LOCK=NONE;
END
    cat >"$dir/0003_gone/destructive.sql" <<'END'
-- since: v0.2
ALTER TABLE things DROP COLUMN IF EXISTS gone, ALGORITHM=INSTANT, LOCK=NONE;
ALTER TABLE log DROP COLUMN IF EXISTS what, ALGORITHM=INSTANT, LOCK=NONE;
END
    echo "SELECT 'no things' WHERE NOT EXISTS (SELECT 1 FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'things');" | tee "$dir/0001_base/verify.sql" >"$dir/0003_gone/verify.sql"
    echo "SELECT 'something is not doubled' FROM things WHERE doubled IS NULL;" >"$dir/0002_more/verify.sql"
}
