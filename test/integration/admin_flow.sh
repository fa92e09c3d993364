#!/bin/bash
# From an empty database to updates, by requests alone: people and what they may do, a release, a rule, a change that is
# scheduled, signed off and enacted, shutoffs, deletions; each seen by clients within a second. Then the audit log is
# held against nginx's: no change without its line, no line without its change.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_flow.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

PUBLIC_URL=
SLOWEST=0 # ms until a client saw a change
SC=/scheduled_changes
HASH=$(printf '5%.0s' {1..128})
REL=rel@example.com
MAN=man@example.com
AUDIT_LINE='"user": "[^"]+", ("in_the_name_of": "[^"]+", )?"action": "[a-z]+", "table": "([a-z_]+", "key": \{"[^}]+\}, ("old_data_version": [0-9]+(, "new_data_version": [0-9]+)?|"new_data_version": [0-9]+)|[a-z_]+_scheduled_changes_signoffs", "key": \{"[^}]+\})\}'

# ---- what clients get ----

# update CHANNEL [BUILDID]: the displayVersion that a client is offered, or "none".
update() {
    curl -s --noproxy '*' --max-time 10 \
        "$PUBLIC_URL/update/3/Firefox/100.0/${2-20220101000000}/Linux/de/$1/Linux/default/default/update.xml" |
        sed -n 's/.*displayVersion="\([^"]*\)".*/\1/p; s/^<updates>$/none/p' | tail -n 1
}

# offered VERSION CHANNEL: soon.
offered() {
    local start now got
    start=$(date +%s%3N)
    while true; do
        got=$(update "$2")
        now=$(($(date +%s%3N) - start))
        [[ $got != "$1" ]] || break
        ((now < 10000)) || equal "$1" "$got" || return 1
        sleep 0.02
    done
    ((now <= SLOWEST)) || SLOWEST=$now
}

# ---- bodies ----

# A locale of VERSION.
locale() {
    printf '{"buildID":"20230101000000","appVersion":"%s","displayVersion":"%s","completes":[{"filesize":1,"from":"*",
        "hashValue":"%s","fileUrl":"https://archive.mozilla.org/pub/firefox/%s.mar"}]}' "$1" "$1" "$HASH" "$1"
}

# A whole release.
blob() { # NAME VERSION
    printf '{"name":"%s","schema_version":9,"hashFunction":"sha512","appVersion":"%s","displayVersion":"%s",
        "platforms":{"Linux":{"locales":{"de":%s}}}}' "$1" "$2" "$2" "$(locale "$2")"
}

# JSON as a JSON string.
quoted() {
    printf '"%s"' "$(tr -d '\n' <<<"$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

rule() { # MAPPING CHANNEL
    printf '{"product":"Firefox","channel":"%s","mapping":"%s","priority":90,"backgroundRate":100,"update_type":"minor"}' "$2" "$1"
}

# later BODY MEMBERS: BODY with MEMBERS and a time.
later() {
    printf '%s,%s,"when":%s}' "${1%\}}" "$2" "$LATER"
}

# sign PATH: by the second role.
sign() {
    gives 200 "$MAN" POST "$1/signoffs" '{"role":"relman"}'
}

# ---- the flow ----

people() {
    "$TOP/scripts/create-admin" --execute --socket "$DB_SOCKET" --user root --database "$DB_NAME" boss@example.com >"$WORK/log"
    local permission
    for permission in rule release release_locale emergency_shutoff; do
        check "may: $permission" gives 201 boss@example.com PUT "/users/$REL/permissions/$permission" '{"options":"{\"products\":[\"Firefox\"]}"}'
    done
    check "may a little" gives 201 boss@example.com PUT "/users/$MAN/permissions/emergency_shutoff" '{}'
    check "the agent" gives 201 boss@example.com PUT /users/balrogagent/permissions/scheduled_change '{"options":"{\"actions\":[\"enact\"]}"}'
    check "who signs" gives 201 boss@example.com PUT "/users/$REL/roles/releng"
    check "who signs besides" gives 201 boss@example.com PUT "/users/$MAN/roles/relman"
    check "who he is" gives 200 "$REL" GET /whoami
    check "what he may" body_has '"roles":{"releng":{"data_version":1}}'
}

first_update() {
    check "nothing yet" offered none release
    check "a v1 release" gives 201 "$REL" POST /releases "{\"name\":\"Fx-110\",\"product\":\"Firefox\",\"blob\":$(quoted "$(blob Fx-110 110.0)")}"
    check "a v2 release" gives 200 "$REL" PUT /v2/releases/Fx-111 "{\"product\":\"Firefox\",\"blob\":$(blob Fx-111 111.0)}"
    check "a rule" gives 200 "$REL" POST /rules "$(rule Fx-110 release)"
    check "is served" offered 110.0 release
    check "another" gives 200 "$REL" POST /rules "$(rule Fx-111 beta)"
    check "is served too" offered 111.0 beta
    check "a locale of a v1 release" gives 200 "$REL" PUT /releases/Fx-110/builds/Linux/de \
        "{\"product\":\"Firefox\",\"schema_version\":9,\"data_version\":1,\"data\":$(quoted "$(locale 110.1)")}"
    check "changes what is served" offered 110.1 release
    check "one of a v2 release" gives 200 "$REL" POST /v2/releases/Fx-111 \
        "{\"blob\":{\"platforms\":{\"Linux\":{\"locales\":{\"de\":$(locale 111.1)}}}},\"old_data_versions\":{\"platforms\":{\"Linux\":{\"locales\":{\"de\":1}}}}}"
    check "does so too" offered 111.1 beta
    check "a rule's change" gives 200 "$REL" POST /rules/2 '{"mapping":"Fx-110","data_version":1}'
    check "is served at once" offered 110.1 beta
    check "its deletion" gives 200 "$REL" DELETE '/rules/2?data_version=2'
    check "as well" offered none beta
}

protect() {
    local path=/required_signoffs/product
    check "the first is posted" gives 201 boss@example.com POST "$path" '{"product":"Firefox","channel":"release","role":"releng","signoffs_required":1}'
    check "the second is scheduled" gives 200 boss@example.com POST "$SC$path" \
        "{\"change_type\":\"insert\",\"product\":\"Firefox\",\"channel\":\"release\",\"role\":\"relman\",\"signoffs_required\":1,\"when\":$LATER}"
    check "and signed off" gives 200 "$REL" POST "$SC$path/1/signoffs" '{"role":"releng"}'
    check "and enacted" gives 200 balrogagent POST "$SC$path/1/enact"
    check "now there are two" gives 200 - GET "$path"
    check "required" body_has '"count":2'
}

scheduled_rule() {
    check "a direct change is refused" refused 400 "Signoff Required" "$REL" POST /rules/1 '{"mapping":"Fx-111","data_version":1}'
    check "a scheduled one" gives 200 "$REL" POST "$SC/rules" "$(later "$(rule Fx-111 release)" '"change_type":"update","rule_id":1,"data_version":1')"
    check "is signed by whom it was scheduled" body_has "\"signoffs\":{\"$REL\":\"releng\"}"
    check "and not enough" refused 400 "Signoff Required" balrogagent POST "$SC/rules/1/enact"
    check "nothing has changed" equal 110.1 "$(update release)"
    check "the other signs" sign "$SC/rules/1"
    check "nothing has changed yet" equal 110.1 "$(update release)"
    check "enacted" gives 200 balrogagent POST "$SC/rules/1/enact"
    check "served" offered 111.1 release
    check "an enacted one is done" gives 200 - GET "$SC/rules"
    check "none is left" body_has '"count":0'
    check "a new rule, scheduled" gives 200 "$REL" POST "$SC/rules" "$(later "$(rule Fx-110 aurora)" '"change_type":"insert"')"
    check "needs none to sign" gives 200 balrogagent POST "$SC/rules/2/enact"
    check "and is served" offered 110.1 aurora
}

scheduled_release() {
    local body='{"blob":{"platforms":{"Linux":{"locales":{"de":'
    body+="$(locale 111.2)}}}},\"old_data_versions\":{\"platforms\":{\"Linux\":{\"locales\":{\"de\":2}}}}"
    check "a protected release" refused 400 "Signoff Required" "$REL" POST /v2/releases/Fx-111 "$body}"
    check "scheduled" gives 200 "$REL" POST /v2/releases/Fx-111 "$body,\"when\":$LATER}"
    check "signed" gives 200 "$MAN" PUT /v2/releases/Fx-111/signoff '{"role":"relman"}'
    check "enacted" gives 200 balrogagent POST /v2/releases/Fx-111/enact '{}'
    check "served" offered 111.2 release
}

shutoff() {
    check "off" gives 201 "$REL" POST /emergency_shutoff '{"product":"Firefox","channel":"release","comment":"crashes"}'
    check "none is served" offered none release
    check "on again is not as easy" refused 400 "Signoff Required" "$REL" DELETE '/emergency_shutoff/Firefox/release?data_version=1'
    check "scheduled" gives 200 "$REL" POST "$SC/emergency_shutoff" \
        "{\"change_type\":\"delete\",\"product\":\"Firefox\",\"channel\":\"release\",\"data_version\":1,\"when\":$LATER}"
    check "signed" sign "$SC/emergency_shutoff/1"
    check "enacted" gives 200 balrogagent POST "$SC/emergency_shutoff/1/enact"
    check "served again" offered 111.2 release
    check "another channel is off" gives 201 "$REL" POST /emergency_shutoff '{"product":"Firefox","channel":"aurora"}'
    check "it is" offered none aurora
    check "and on" gives 200 "$REL" DELETE '/emergency_shutoff/Firefox/aurora?data_version=1'
    check "again" offered 110.1 aurora
}

rule_goes() {
    check "a protected rule's deletion" refused 400 "Signoff Required" "$REL" DELETE '/rules/1?data_version=2'
    check "scheduled" gives 200 "$REL" POST "$SC/rules" "{\"change_type\":\"delete\",\"rule_id\":1,\"data_version\":2,\"when\":$LATER}"
    check "signed" sign "$SC/rules/3"
    check "a signature taken back" gives 200 "$MAN" DELETE "$SC/rules/3/signoffs"
    check "is missed" refused 400 "Signoff Required" balrogagent POST "$SC/rules/3/enact"
    check "signed again" sign "$SC/rules/3"
    check "enacted" gives 200 balrogagent POST "$SC/rules/3/enact"
    check "gone" offered none release
    check "its release may go now" gives 200 "$REL" DELETE /v2/releases/Fx-111
    check "and one that is mapped may not" refused 400 "has rules pointing to it" "$REL" DELETE '/releases/Fx-110?data_version=2'
}

# ---- the audit log ----

# The ids of requests that changed something, as nginx logged them.
changing_requests() {
    sed -n 's/.*"request_id":"\([0-9a-f]*\)".*"request":"\(POST\|PUT\|DELETE\) .*"status":2[0-9][0-9].*/\1/p' "$BOX/log/admin-access.log" | sort -u
}

audit() {
    local log=$WORK/audit
    # shellcheck disable=SC1003 # the message is JSON in a JSON string; without backslashes it is easier to read
    grep -h '"Type": "audit"' "$BOX/log/admin.log" | tr -d '\\' >"$log"
    sed -n 's/.*"requestid": "\([0-9a-f]*\)".*/\1/p' "$log" | sort -u >"$WORK/audited"
    changing_requests >"$WORK/changing"
    check "there are some" test "$(wc -l <"$WORK/changing")" -gt 30
    check "what changed something was logged, and nothing else" diff "$WORK/changing" "$WORK/audited"
    # A sign-off has no version.
    check "each line says who, what, which and the versions" equal '' "$(grep -vE "$AUDIT_LINE" "$log" || true)"
    local line
    for line in '"user": "rel@example.com", "action": "insert", "table": "rules", "key": {"rule_id": 1}, "new_data_version": 1' \
        '"user": "balrogagent", "in_the_name_of": "rel@example.com", "action": "update", "table": "rules", "key": {"rule_id": 1}, "old_data_version": 1, "new_data_version": 2' \
        '"user": "balrogagent", "in_the_name_of": "rel@example.com", "action": "delete", "table": "rules", "key": {"rule_id": 1}, "old_data_version": 2'; do
        check "a line: $line" grep -qF -- "$line" "$log"
    done
}

main() {
    admin_up /dev/null --cache off # which may keep an answer for another second
    people
    first_update
    protect
    scheduled_rule
    scheduled_release
    shutoff
    rule_goes
    check "each change was seen within a second (the last one: $SLOWEST ms)" test "$SLOWEST" -le 1000
    audit
    summary
}

main
