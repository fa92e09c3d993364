#!/bin/bash
# GET /pending: everything that is scheduled as one list, who can sign it, and what the agent could not enact. Then many of them.
# BALROG_TEST_FULL: 20,000 releases of each kind, 5,000 rules and as many pending changes of each kind.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: pending.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
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
    LIMIT_MS=600 # six times 5,000, which may take 100 ms: see docs/performance.md
fi
SOON=$((LATER - 1000))
SC=/scheduled_changes

first_rows() {
    cat <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('qa@x', 'rule', NULL, 1), ('rel@x', 'rule', NULL, 1), ('agent', 'scheduled_change', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('rel@x', 'releng', 1), ('admin@x', 'qa', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1);
INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version) VALUES ('Firefox', 'qa', 1, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('R', 'Firefox', 0, '{"name": "R", "schema_version": 1, "appv": "1.0", "extv": "1.0", "hashFunction": "sha512", "secret": "blob", "platforms": {}}', 1);
INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
    ('V', 'Firefox', 0, '{"name": "V", "schema_version": 9, "hashFunction": "sha512", "secret": "blob"}', 1);
INSERT INTO release_assets (name, path, data, data_version) VALUES ('V', '.platforms.P.locales.de', '{"secret": "blob"}', 1);
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'fx', 100, 'R', 25, 'minor', 'Firefox', 'release', 1), (2, NULL, 90, 'R', 100, 'minor', 'Thunderbird', 'beta*', 1),
    (3, NULL, 80, 'V', 100, 'minor', 'Firefox', 'release', 1),
    (4, NULL, 70, 'V', 100, 'minor', 'Firefox', 'esr', 1);
END_ROWS
}

# entries: of the last answer, "KIND ID STATE [ROLES]" for each.
entries() {
    python3 -c '
import json, sys
for e in json.load(sys.stdin)["pending"]:
    print(e["kind"], e["id"], e["state"], ",".join(e["can_sign"]) or "-")' <"$WORK/body"
}

# field NAME KIND: a member of the first entry of that kind, as JSON.
field() {
    python3 -c '
import json, sys
found = [e for e in json.load(sys.stdin)["pending"] if e["kind"] == sys.argv[2]]
print(json.dumps(found[0][sys.argv[1]], sort_keys=True) if found else "no such entry")' "$1" "$2" <"$WORK/body"
}

test_empty() {
    check "nothing waits" gives 200 - GET /pending
    check "which is said" says '{"count":0,"mine":0,"next":null,"pending":[]}'
}

schedule_all() {
    check "a rule's rate" gives 200 rel@x POST $SC/rules "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1,
        \"backgroundRate\": 50, \"channel\": \"release\", \"product\": \"Firefox\", \"mapping\": \"R\", \"update_type\": \"minor\",
        \"priority\": 100, \"alias\": \"fx\", \"when\": $SOON}"
    check "a rule that goes to another channel" gives 200 admin@x POST $SC/rules "{\"change_type\": \"update\", \"rule_id\": 2,
        \"data_version\": 1, \"channel\": \"nightly\", \"product\": \"Thunderbird\", \"mapping\": \"R\", \"update_type\": \"minor\",
        \"priority\": 90, \"backgroundRate\": 100, \"telemetry_product\": \"Thunderbird\", \"telemetry_channel\": \"beta\",
        \"telemetry_uptake\": 1000, \"when\": 0}"
    check "a permission" gives 200 admin@x POST $SC/permissions "{\"change_type\": \"insert\", \"username\": \"new@x\", \"permission\": \"rule\",
        \"options\": \"{\\\"products\\\": [\\\"Firefox\\\"]}\", \"when\": $LATER}"
    run_sql <<<"$(scheduled releases 1 "name='R'" "product='Firefox'" 'read_only=0')
        $(scheduled releases_json 1 "name='V'" "product='Firefox'" 'read_only=0')
        $(scheduled release_assets 1 "name='V'" "path='.platforms.P.locales.de'")
        DELETE FROM releases_scheduled_changes_signoffs; DELETE FROM releases_json_scheduled_changes_signoffs; DELETE FROM release_assets_scheduled_changes_signoffs;"
}

test_list() {
    check "the list of one who can sign as qa" gives 200 qa@x GET /pending
    check "soonest first; who has signed cannot again; a release in parts is one entry" equal \
        "rules 1 signoffs qa
releases 1 signoffs qa
v2/releases V signoffs qa
permissions 1 time -
rules 2 uptake -" "$(entries)"
    check "without blobs" body_lacks secret
    check "how many, and how many are theirs" body_has '"count":5,"mine":3'
    check "what changes" equal '{"backgroundRate": [25, 50]}' "$(field changed rules)"
    check "and nothing that stays" equal '{}' "$(field changed releases)"
    check "a title" equal '"rule fx"' "$(field title rules)"
    check "who has signed" equal '{"rel@x": "releng"}' "$(field signoffs rules)"
    check "who has to" equal '{"qa": 1, "releng": 1}' "$(field required_signoffs rules)"
    check "the parts" equal 2 "$(field parts v2/releases)"
    check "the uptake" body_has '"telemetry":{"channel":"beta","product":"Thunderbird","uptake":1000,"uptake_now":null}'
    check "the list of who has signed" gives 200 rel@x GET "/pending?kind=rules"
    check "has nothing more to sign" body_has '"count":2,"mine":0'
    check "nobody in particular sees it too" gives 200 - GET /api/pending
    check "and can sign nothing" body_has '"count":5,"mine":0'
    check "no cache may keep it" grep -qi '^Cache-Control: no-store' "$WORK/head"
}

counts() { # COUNT PATH
    gives 200 qa@x GET "$2" && body_has "\"count\":$1,"
}

test_filters() {
    check "mine" counts 3 '/pending?mine=1'
    check "not only mine" counts 5 '/pending?mine=0'
    check "a kind" counts 1 '/pending?kind=v2/releases'
    check "a product" counts 1 '/pending?product=Thunderbird'
    check "a channel, as it becomes" counts 1 '/pending?product=Thunderbird&channel=nightly'
    check "a channel, as it is: beta*" counts 1 '/pending?product=Thunderbird&channel=beta-cdntest'
    check "another" counts 0 '/pending?product=Thunderbird&channel=release'
    check "a product that there is not" counts 0 '/pending?product=firefox'
    check "an unknown kind" refused 400 "'locales' is not one of" qa@x GET '/pending?kind=locales'
    check "mine, but how" refused 400 "'yes' is not one of" qa@x GET '/pending?mine=yes'
    check "an empty page" refused 400 'less than the minimum of 1' qa@x GET '/pending?limit=0'
    check "a big one" refused 400 'greater than the maximum of 60' qa@x GET '/pending?limit=61'
    check "any other parameter" refused 400 whose qa@x GET '/pending?whose=mine'
    local after
    for after in x p1-0-1x pffffffffffffffff-0-1 p1-63-1 p1-0 "p 1-0-1"; do
        check "after: $after" refused 400 "after: this is not" qa@x GET "/pending?after=${after// /%20}"
    done
}

# pages LIMIT: all entries, page after page.
pages() {
    local after='' next
    while ask qa@x GET "/pending?limit=$1$after" >/dev/null; do
        entries
        next=$(sed -n 's/.*"next":"\([^"]*\)".*/\1/p' "$WORK/body")
        [[ -n $next ]] || break
        after="&after=$next"
    done
}

test_pages() {
    local all
    all=$(pages 60)
    check "pages of one have the same in the same order" equal "$all" "$(pages 1)"
    check "pages of two" equal "$all" "$(pages 2)"
}

test_states() {
    check "the second signature" gives 200 qa@x POST "$SC/rules/1/signoffs" '{"role": "qa"}'
    check "the rule" gives 200 qa@x GET "/pending?kind=rules"
    check "waits for its time" equal '"time"' "$(field state rules)"
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = 1000 WHERE sc_id = 1"
    check "then" gives 200 qa@x GET "/pending?kind=rules"
    check "it is due" equal '"due"' "$(field state rules)"
    check "the agent tells that it failed" gives 200 agent PUT /app_instances/host:balrog-agent:1:1 '{"program": "balrog-agent",
        "host": "host", "pid": 1, "version": "0.3", "detail": {"failing": [{"kind": "rules", "id": 1, "at": 5, "next": 6, "what": "no such release"}],
        "uptakes": [{"product": "Thunderbird", "channel": "beta", "uptake": 612.5}, {"product": "Thunderbird"}]}}'
    check "the list" gives 200 qa@x GET "/pending?kind=rules"
    check "says so" equal '"failing"' "$(field state rules)"
    check "and why" equal '{"at": 5, "next": 6, "what": "no such release"}' "$(field failed rules)"
    check "and the uptake that the agent has read" body_has '"uptake":1000,"uptake_now":612.5}'
    check "nobody in particular" gives 200 - GET "/pending?kind=rules"
    check "is not told" equal null "$(field failed rules)"
    check "nor the uptake" body_has '"uptake":1000,"uptake_now":null}'
    check "a rule whose sign-off" equal false "$(field stale rules)"
    run_sql <<<"DELETE FROM user_roles WHERE username = 'qa@x'; UPDATE rules SET data_version = 7 WHERE rule_id = 1"
    check "the signer is no longer qa" gives 200 admin@x GET "/pending?kind=rules"
    check "another one can sign" equal '["qa"]' "$(field can_sign rules)"
    check "it waits again" equal '"signoffs"' "$(field state rules)"
    check "the sign-off that does not count is named" body_has '"invalid_signoffs":{"qa@x":'
    check "the rule has changed meanwhile" equal true "$(field stale rules)"
}

# ---- many ----

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
    local few ms bytes
    few=$(statements admin@x GET /pending)
    rows many "$RELEASES" "$RULES" | run_sql
    check "however many wait, the database is asked no more often" test "$(statements admin@x GET /pending)" -le "$few"
    check "and not often ($few statements)" test "$few" -le 60
    read -r ms bytes <<<"$(measure /pending)"
    echo "the first page of $(number count) pending changes: $ms ms, $bytes bytes"
    check "all are counted" test "$(number count)" -gt $((5 * RULES))
    check "soon enough: $ms ms" test "$ms" -le "$LIMIT_MS"
    check "and small: $bytes bytes" test "$bytes" -le 200000
    read -r ms bytes <<<"$(measure '/pending?kind=rules')"
    echo "the first page of rules: $ms ms, $bytes bytes"
    check "all rules" test "$(number count)" -ge "$RULES"
}

first_rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set public.poll_ms=60000 --set mariadb.innodb-buffer-pool-size=256M
sandbox stop "$BOX" public
test_empty
schedule_all
test_list
test_filters
test_pages
test_states
rows few 20 20 | run_sql
test_size
summary
