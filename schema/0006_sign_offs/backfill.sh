#!/bin/bash
# Fills balrog_release_members with the superblobs that were there before its triggers.
set -euo pipefail

# shellcheck source=scripts/lib/backfill.sh
. "$BALROG_LIB/backfill.sh"

for table in releases releases_json; do
    backfill_batches "INSERT IGNORE INTO balrog_release_members (tbl, superblob, member)
        SELECT '$table', r.name, m.member
        FROM $table r, JSON_TABLE(r.data, '\$.blobs[*]'
            COLUMNS (member VARCHAR(100) PATH '\$' NULL ON EMPTY NULL ON ERROR)) AS m
        WHERE LOCATE(CAST('\"blobs\"' AS BINARY), CAST(r.data AS BINARY)) > 0 AND JSON_VALID(r.data)
            AND m.member IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM balrog_release_members k
                WHERE k.tbl = '$table' AND BINARY k.superblob = BINARY r.name AND BINARY k.member = BINARY m.member)
        LIMIT 1000"
done
