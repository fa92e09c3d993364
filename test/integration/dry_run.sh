#!/bin/bash
# ?dry_run=1: what its answer says, and that nothing is left of it: no row, no event for balrog-public, no audit line.
# (openapi.sh makes a dry run of every request that writes.)
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: dry_run.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

RULE='"priority": 10, "backgroundRate": 100, "update_type": "minor", "mapping": "R1", "product": "Firefox"'
SC=/scheduled_changes/rules

rows() {
    cat <<'END'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('rule@x', 'rule', '{"products": ["Firefox"]}', 1), ('agent', 'scheduled_change', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('rule@x', 'releng', 1), ('admin@x', 'relman', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'releng', 1, 1), ('Firefox', 'release', 'relman', 2, 1), ('Firefox', 'beta', 'relman', 1, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('R1', 'Firefox', 0, '{"name": "R1", "schema_version": 1}', 1);
INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 100, 'R1', 100, 'minor', 'Firefox', 'release', 1), (2, 90, 'R1', 100, 'minor', 'Firefox', 'nightly', 1);
END
}

# The rows that a dry run must leave alone, and how many events there are for balrog-public.
state() {
    query "SELECT (SELECT GROUP_CONCAT(rule_id, ':', data_version, ':', IFNULL(comment, '') ORDER BY rule_id) FROM rules),
        (SELECT COUNT(*) FROM rules_history), (SELECT COUNT(*) FROM rules_scheduled_changes),
        (SELECT COUNT(*) FROM rules_scheduled_changes_history), (SELECT COUNT(*) FROM rules_scheduled_changes_signoffs),
        (SELECT COUNT(*) FROM balrog_changes)"
}

# The value of EXPRESSION, of Python, where `a` is the last answer.
is_value() { # WANTED EXPRESSION
    equal "$1" "$(python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$WORK/body" "$2")"
}

# How many audit lines the admin has logged.
audits() {
    grep -c '"Type": "audit"' "$BOX/log/admin.log" || true
}

audited() {
    (($(audits) > BEFORE_AUDITS))
}

run_direct() {
    check "an update" gives 200 rule@x POST '/rules/2?dry_run=1' '{"data_version": 1, "comment": "dry"}'
    check "takes effect at once" is_value True "a['direct']"
    check "no sign-offs" is_value "({}, None)" "(a['required_signoffs'], a['signs_as'])"
    check "one change" is_value "(1, 'rules', 'update', False)" \
        "(a['count'], *[a['changes'][0][k] for k in ('table', 'change_type', 'scheduled')])"
    check "the old row" is_value "(1, None)" "(a['changes'][0]['old']['data_version'], a['changes'][0]['old']['comment'])"
    check "and the new one" is_value "(2, 'dry', 'nightly')" \
        "tuple(a['changes'][0]['new'][k] for k in ('data_version', 'comment', 'channel'))"
    check "a new rule" gives 200 rule@x POST '/api/rules?dry_run=true' "{$RULE, \"channel\": \"nightly\"}"
    check "has no number yet" is_value "(None, None, 'R1')" \
        "(a['changes'][0]['old'], a['changes'][0]['new']['rule_id'], a['changes'][0]['new']['mapping'])"
    check "a deletion" gives 200 rule@x DELETE '/rules/2?data_version=1&dry_run=1'
    check "leaves no row" is_value "('delete', None)" "(a['changes'][0]['change_type'], a['changes'][0]['new'])"
    check "a role" gives 200 admin@x PUT '/users/agent/roles/r?dry_run=1'
    check "takes effect at once, too" is_value "(True, 0)" "(a['direct'], a['count'])"
    check "nothing was done" equal "$BEFORE" "$(state)"
}

run_scheduled() {
    local id
    check "scheduling" gives 200 rule@x POST "$SC?dry_run=1" \
        "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"when\": $LATER, \"channel\": \"beta\"}"
    check "waits" is_value False "a['direct']"
    check "for the sign-offs of both channels" is_value "[('releng', 1), ('relman', 2)]" \
        "sorted(a['required_signoffs'].items())"
    check "a new rule of a protected channel" gives 200 rule@x POST "$SC?dry_run=1" \
        "{\"change_type\": \"insert\", \"when\": $LATER, $RULE, \"channel\": \"release\"}"
    check "is signed by its author" is_value "(True, 'releng')" "(a['changes'][0]['scheduled'], a['signs_as'])"
    check "nothing was done so far" equal "$BEFORE" "$(state)"

    check "a change is really scheduled" gives 200 rule@x POST "$SC" \
        "{\"change_type\": \"update\", \"rule_id\": 2, \"data_version\": 1, \"when\": $LATER, $RULE, \"channel\": \"nightly\", \"comment\": \"soon\"}"
    id=$(number sc_id)
    BEFORE=$(state)
    check "its edit" gives 200 rule@x POST "$SC/$id?dry_run=1" \
        '{"sc_data_version": 1, "data_version": 1, "comment": "later"}'
    check "is one change of a row" is_value "(1, 'later')" "(a['count'], a['changes'][0]['new']['comment'])"
    check "a sign-off" gives 200 admin@x POST "$SC/$id/signoffs?dry_run=1" '{"role": "relman"}'
    check "is by that role, and changes no row" is_value "('relman', False, 0)" "(a['signs_as'], a['direct'], a['count'])"
    check "enacting" gives 200 agent POST "$SC/$id/enact?dry_run=1"
    check "takes effect" is_value "(True, 'soon')" "(a['direct'], a['changes'][0]['new']['comment'])"
    check "dropping it" gives 200 rule@x DELETE "$SC/$id?data_version=1&dry_run=1"
    check "a direct write that the pending change takes over" gives 200 rule@x POST '/rules/2?dry_run=1' \
        '{"data_version": 1, "version": "1.0"}'
    check "is one change" is_value "(True, 1, '1.0')" "(a['direct'], a['count'], a['changes'][0]['new']['version'])"
    check "nothing was done" equal "$BEFORE" "$(state)"
    check "and it can be done" gives 200 agent POST "$SC/$id/enact"
    BEFORE=$(state)
}

run_refused() {
    local body='{"data_version": 1, "comment": "no"}'
    check "what needs sign-offs" refused 400 'Signoff Required' rule@x POST '/rules/1?dry_run=1' "$body"
    check "an old version" refused 400 OutdatedDataError rule@x POST '/rules/2?dry_run=1' "$body"
    check "no permission" refused 403 'not allowed' agent POST '/rules/1?dry_run=1' "$body"
    check "nobody" gives 401 - POST '/rules/1?dry_run=1' "$body"
    check "a bad body" refused 400 "'data_version' is a required property" rule@x POST '/rules/2?dry_run=1' '{}'
    check "a time in the past" refused 400 'in the past' rule@x POST "$SC?dry_run=1" \
        '{"change_type": "update", "rule_id": 2, "data_version": 2, "when": 1000}'
    check "no such rule" gives 404 rule@x POST '/rules/77?dry_run=1' "$body"
    check "nothing was done" equal "$BEFORE" "$(state)"
}

# Nothing is done where it is not clear whether it should be.
run_unclear() {
    local value body='{"data_version": 2, "comment": "done"}'
    for value in yes 2 '' True -1; do
        check "dry_run=$value" refused 400 'dry_run has to be' rule@x POST "/rules/2?dry_run=$value" "$body"
    done
    check "without a value" refused 400 'dry_run has to be' rule@x POST '/rules/2?dry_run' "$body"
    check "twice" refused 400 'give it once' rule@x POST '/rules/2?dry_run=0&dry_run=1' "$body"
    check "in another case" refused 400 'Extra query parameter' rule@x POST '/rules/2?Dry_Run=1' "$body"
    check "in the body" refused 400 'not part of the body' rule@x POST /rules/2 \
        '{"data_version": 2, "comment": "x", "dry_run": true}'
    check "to read" refused 400 'Extra query parameter' rule@x GET '/rules?dry_run=1'
    check "a simulation" refused 400 'cannot be a dry run' rule@x POST '/simulate?dry_run=1' \
        '{"changes": [], "sample": {"urls": []}}'
    check "an explanation" refused 400 'cannot be a dry run' rule@x POST '/explain?dry_run=1' '{"url": "/", "changes": []}'
    check "nothing was done" equal "$BEFORE" "$(state)"
    check "0" gives 200 rule@x POST '/rules/2?dry_run=0' "$body"
    check "it is done" equal 'done' "$(query 'SELECT comment FROM rules WHERE rule_id = 2')"
    check "false" gives 200 rule@x POST '/rules/2?dry_run=%66alse' '{"data_version": 3, "comment": "again"}'
    check "done, too" equal 'again' "$(query 'SELECT comment FROM rules WHERE rule_id = 2')"
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
BEFORE=$(state)
run_direct
check "no audit line" equal 0 "$(audits)"
run_scheduled
BEFORE_AUDITS=$(audits)
run_refused
check "no audit line of what was refused" equal "$BEFORE_AUDITS" "$(audits)"
run_unclear
check "audit lines of what was done" until_true 5 audited
summary
