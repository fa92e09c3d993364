#!/bin/bash
# GET /history: who has changed what, in all tables, newest first, page by page; and who may see it.
# BALROG_TEST_FULL: 20,000 releases of each kind and 5,000 rules, and as many of everything else.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: history_all.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
# shellcheck source=test/integration/admin_rows.sh
. "$TOP/test/integration/admin_rows.sh"
RELEASES=2000
RULES=500
LIMIT_MS=1000 # a busy machine, and programs without optimization
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    RELEASES=20000
    RULES=5000
    LIMIT_MS=${BALROG_HISTORY_MS:-300}
fi

first_rows() {
    cat <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('qa@x', 'rule', NULL, 1), ('agent', 'scheduled_change', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES ('Firefox', 'release', 'qa', 1, 1);
END_ROWS
}

# entries: of the last answer, "KIND WHAT TYPE KEY BY" for each.
entries() {
    python3 -c '
import json, sys
for e in json.load(sys.stdin)["entries"]:
    print(e["kind"], e["what"], e["change_type"], "/".join(str(v) for k, v in sorted(e["key"].items())), e["changed_by"])' <"$WORK/body"
}

# entry N NAME: a member of entry N, from 0, as JSON.
entry() {
    python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin)["entries"][int(sys.argv[1])].get(sys.argv[2]), sort_keys=True))' "$1" "$2" <"$WORK/body"
}

test_nothing() {
    check "nothing has happened" gives 200 admin@x GET /history
    check "which is said" says '{"entries":[],"next":null}'
}

BLOB='{\"name\": \"R\", \"schema_version\": 1, \"appv\": \"1.0\", \"extv\": \"1.0\", \"hashFunction\": \"sha512\", \"platforms\": {}}'
RULE='"product": "Firefox", "channel": "beta", "mapping": "R", "update_type": "minor", "priority": 1'

make_history() {
    check "a release" gives 201 admin@x POST /releases "{\"name\": \"R\", \"product\": \"Firefox\", \"blob\": \"$BLOB\"}"
    check "a rule" gives 200 admin@x POST /rules "{$RULE, \"backgroundRate\": 10}"
    check "its rate" gives 200 qa@x POST /rules/1 '{"data_version": 1, "backgroundRate": 20}'
    check "a change to come" gives 200 admin@x POST /scheduled_changes/rules "{\"change_type\": \"update\", \"rule_id\": 1,
        \"data_version\": 2, $RULE, \"channel\": \"release\", \"backgroundRate\": 20, \"when\": $LATER}"
    check "signed" gives 200 qa@x POST /scheduled_changes/rules/1/signoffs '{"role": "qa"}'
    check "enacted" gives 200 agent POST /scheduled_changes/rules/1/enact '{}'
    check "a shutoff" gives 201 admin@x POST /emergency_shutoff '{"product": "Fennec", "channel": "beta", "comment": "crashes"}'
    check "a permission" gives 201 admin@x PUT /users/new@x/permissions/rule '{}'
    check "a role" gives 201 admin@x PUT /users/new@x/roles/releng
    check "it goes" gives 200 admin@x DELETE "/users/new@x/roles/releng?data_version=1"
}

ALL="roles row delete releng/new@x admin@x
roles row insert releng/new@x admin@x
permissions row insert rule/new@x admin@x
emergency_shutoff row insert beta/Fennec admin@x
rules row update 1 admin@x
rules scheduled_change enact 1 admin@x
rules signoff insert qa@x qa@x
rules scheduled_change insert 1 admin@x
rules row update 1 qa@x
rules row insert 1 admin@x
releases content insert R admin@x"

test_entries() {
    check "all of it" gives 200 admin@x GET /history
    check "newest first; none twice, and nothing that did not happen" equal "$ALL" "$(entries)"
    check "what went" equal '{}' "$(entry 0 changed)"
    check "of whom" equal '{"role": "releng", "username": "new@x"}' "$(entry 0 key)"
    check "its version" equal 1 "$(entry 0 data_version)"
    check "a shutoff's comment" equal '{"comment": [null, "crashes"]}' "$(entry 3 changed)"
    check "what was enacted" equal '{"channel": ["beta", "release"]}' "$(entry 4 changed)"
    check "which scheduled change" equal 1 "$(entry 5 sc_id)"
    check "of which kind" equal '"update"' "$(entry 5 scheduled_type)"
    check "who signed as what" equal '{"role": [null, "qa"]}' "$(entry 6 changed)"
    check "a rate" equal '{"backgroundRate": [10, 20]}' "$(entry 8 changed)"
    check "its version now" equal 2 "$(entry 8 data_version)"
    check "the release's size" equal "$(query "SELECT size FROM balrog_release_history WHERE name = 'R'")" "$(entry 10 size)"
    check "without its blob" body_lacks hashFunction
    check "under /api too" gives 200 admin@x GET /api/history
    check "the same" equal "$ALL" "$(entries)"
    check "no cache may keep it" grep -qi '^Cache-Control: no-store' "$WORK/head"
}

# lists EXPECTED QUERY: these entries, as a pattern for grep that takes them out of ALL.
lists() {
    gives 200 admin@x GET "/history?$2" && equal "$(grep -E "$1" <<<"$ALL")" "$(entries)"
}

test_filters() {
    local at
    check "a kind" lists '^rules ' object=rules
    check "a rule, its scheduled changes and their sign-offs" lists '^rules ' object=rules:1
    check "another rule" lists '^none$' object=rules:2
    check "a release" lists '^releases' object=releases:R
    check "another" lists '^none$' object=releases:r
    check "a user's roles" lists '^roles' object=roles:new@x
    check "a product; also rows that have gone" lists '^(rules|releases) ' product=Firefox
    check "a channel, before or after" lists '^(rules row|emergency)' channel=beta
    check "that of scheduled changes, and of their sign-offs" lists '^rules (row update 1 admin|scheduled|signoff)' channel=release
    check "both" lists '^emergency' 'product=Fennec&channel=beta'
    check "who" lists ' qa@x$' changed_by=qa@x
    at=$(query "SELECT timestamp FROM emergency_shutoffs_history WHERE data_version IS NOT NULL")
    check "until then" lists '^(rules|releases|emergency)' "timestamp_to=$at"
    check "from then on" lists '^(roles|permissions|emergency)' "timestamp_from=$at"
    check "a kind that there is not" refused 400 "'locales' is not a kind" admin@x GET '/history?object=locales'
    check "a rule by name" refused 400 "a rule's number is expected" admin@x GET '/history?object=rules:1x'
    check "a release without a name" refused 400 "a name is expected" admin@x GET '/history?object=releases:'
    check "a time that is none" refused 400 timestamp_from admin@x GET '/history?timestamp_from=yesterday'
    check "an empty page" refused 400 'less than the minimum of 1' admin@x GET '/history?limit=0'
    check "a big one" refused 400 'greater than the maximum of 200' admin@x GET '/history?limit=201'
    check "any other parameter" refused 400 page admin@x GET '/history?page=2'
    local after
    for after in x h1-0-1 h1-0-1-1x h1-ff-1-1 hffffffffffffffff-0-1-1; do
        check "after: $after" refused 400 "after: this is not" admin@x GET "/history?after=$after"
    done
}

# pages LIMIT: all entries, page after page.
pages() {
    local after='' next
    while ask admin@x GET "/history?limit=$1$after" >/dev/null; do
        entries
        next=$(sed -n 's/.*"next":"\([^"]*\)".*/\1/p' "$WORK/body")
        [[ -n $next ]] || break
        after="&after=$next"
    done
}

test_pages() {
    check "pages of one have the same" equal "$ALL" "$(pages 1)"
    check "pages of three" equal "$ALL" "$(pages 3)"
    # All at the same time: the order among them is the same on pages of any length.
    local table
    for table in rules_history rules_scheduled_changes_history rules_scheduled_changes_signoffs_history permissions_history \
        user_roles_history emergency_shutoffs_history balrog_release_history; do
        run_sql <<<"UPDATE $table SET timestamp = 1700000000000"
    done
    local together
    together=$(pages 200)
    check "none is lost" equal "$(sort <<<"$ALL")" "$(sort <<<"$together")"
    check "at one time, pages of one" equal "$together" "$(pages 1)"
    check "and of four" equal "$together" "$(pages 4)"
}

test_rights() {
    check "who may not see permissions" gives 200 qa@x GET /history
    check "sees everything else" equal "$(grep -vE '^(roles|permissions)' <<<"$ALL" | sort)" "$(entries | sort)"
    check "and is told so if they ask" refused 403 "not authorized to view permissions" qa@x GET '/history?object=roles'
    check "nobody in particular sees nothing" gives 401 - GET /history
    check "nor does somebody without any permission" gives 403 nobody@x GET /history
}

# The best of five, in ms, and the size in bytes: the machine may be busy with something else.
measure() { # PATH
    local best=999999 ms i
    for ((i = 0; i < 5; i++)); do
        ms=$(curl -s --noproxy '*' --max-time 60 -o "$WORK/body" -w '%{time_total}' -H 'X-Test-User: admin@x' "$ADMIN_URL$1" | awk '{ printf "%d", $1 * 1000 }')
        ((ms >= best)) || best=$ms
    done
    echo "$best $(stat -c %s "$WORK/body")"
}

test_size() {
    local few ms bytes path
    few=$(statements admin@x GET /history)
    rows many "$RELEASES" "$RULES" | run_sql
    # Twenty versions of each rule, and a history of what is scheduled.
    run_sql <<<"INSERT INTO rules_history (changed_by, timestamp, rule_id, priority, product, channel, backgroundRate, data_version)
            SELECT 'admin@x', 1600000000000 + seq * 1000 + rule_id, rule_id, 1, product, channel, seq, seq + 1 FROM rules, seq_1_to_20;
        INSERT INTO rules_scheduled_changes_history (changed_by, timestamp, sc_id, complete, change_type, base_rule_id, base_product, data_version)
            SELECT 'admin@x', 1600000000000 + sc_id, sc_id, 0, change_type, base_rule_id, base_product, 1 FROM rules_scheduled_changes;
        ANALYZE TABLE rules_history, rules_scheduled_changes_history;" >/dev/null
    check "however much has happened, the database is asked as often" equal "$few" "$(statements admin@x GET /history)"
    check "and not often ($few statements)" test "$few" -le 40
    for path in /history '/history?product=Firefox' '/history?object=rules:7' '/history?timestamp_to=1600000009000'; do
        read -r ms bytes <<<"$(measure "$path")"
        echo "$path: $ms ms, $bytes bytes"
        check "$path soon enough: $ms ms" test "$ms" -le "$LIMIT_MS"
        check "and small: $bytes bytes" test "$bytes" -le 200000
    done
}

first_rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set public.poll_ms=60000 --set mariadb.innodb-buffer-pool-size=256M
sandbox stop "$BOX" public
test_nothing
make_history
test_entries
test_filters
test_pages
test_rights
test_size
summary
