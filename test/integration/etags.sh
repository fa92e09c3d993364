#!/bin/bash
# ETag and If-None-Match: each list of the admin API is sent again only when it has changed. After each kind of write the tags of
# the lists that show it are different, those of other callers where the answer depends on the caller, and no other tags.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: etags.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
SC=/scheduled_changes
# shellcheck disable=SC2206 # no blanks in it
LISTS=(/rules /releases /v2/releases /emergency_shutoff /v2/pins /users /roles /required_signoffs/product /required_signoffs/permissions
    $SC/rules $SC/releases $SC/permissions $SC/emergency_shutoff /pending /release_index /history '/rules?product=Firefox' /rules/1
    /rules/1/revisions /rules/columns/channel /releases/R /v2/releases/V '/release_diff?left=R&right=V')
declare -A TAG=() # by "USER PATH"

cat >"$BOX.sql" <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('admin@x', 'admin', NULL, 1), ('qa@x', 'rule', NULL, 1), ('rel@x', 'rule', NULL, 1),
    ('rel@x', 'permission', NULL, 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1), ('second@x', 'qa', 1), ('rel@x', 'releng', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'releng', 1, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES
    ('R', 'Firefox', 0, '{"name": "R", "schema_version": 1, "appv": "1.0", "extv": "1.0", "hashFunction": "sha512", "platforms": {}}', 1);
INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES
    ('V', 'Firefox', 0, '{"name": "V", "schema_version": 9, "hashFunction": "sha512", "appVersion": "1.0"}', 1);
INSERT INTO release_assets (name, path, data, data_version) VALUES ('V', '.platforms.P.locales.de', '{"buildID": "1", "appVersion": "1.0"}', 1);
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'fx', 100, 'R', 25, 'minor', 'Firefox', 'release', 1);
END_ROWS

# fetch USER PATH [TAGS]: the status of a GET that sends TAGS.
fetch() {
    local held=()
    (($# < 3)) || held=(-H "If-None-Match: $3")
    : >"$WORK/body"
    curl -s --noproxy '*' --max-time 60 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' -H "X-Test-User: $1" "${held[@]}" "$ADMIN_URL$2" || true
}

tag() {
    sed -n 's/^ETag: \(.*\)\r$/\1/p' "$WORK/head"
}

# learn USER: the tags of all lists.
learn() {
    local path
    for path in "${LISTS[@]}"; do
        fetch "$1" "$path" >/dev/null
        TAG["$1 $path"]=$(tag)
    done
}

# moved USER: of which lists a held tag does not fit any more. A 304 has no body, and the same tag.
moved() {
    local path status
    for path in "${LISTS[@]}"; do
        status=$(fetch "$1" "$path" "${TAG["$1 $path"]}")
        if [[ $status == 304 ]]; then
            [[ ! -s $WORK/body && $(tag) == "${TAG["$1 $path"]}" ]] || printf 'a bad 304: %s ' "$path"
        else
            printf '%s ' "$path"
            [[ $status == 200 ]] || printf 'a %s: ' "$status"
        fi
    done
}

# write DESCRIPTION LISTS USER METHOD PATH [BODY]: it moves the tags of just these LISTS, as rel@x sees them.
write() {
    local what=$1 lists=$2
    shift 2
    learn rel@x
    check "$what" expect_success "$@"
    check "$what: what has changed" equal "$lists " "$(moved rel@x)"
}

expect_success() {
    [[ $(ask "$@") == 20[01] ]] || { head -c 300 "$WORK/body" >&2 && return 1; }
}

test_headers() {
    local path tag
    for path in "${LISTS[@]}"; do
        check "$path" equal 200 "$(fetch rel@x "$path")"
        check "$path has a tag" grep -qE '^"[0-9a-f]{32}"$' <<<"$(tag)"
    done
    fetch rel@x /rules >/dev/null
    tag=$(tag)
    check "under /api it is the same" equal 304 "$(fetch rel@x /api/rules "$tag")"
    check "the tag that nginx makes of it for compressed answers" equal 304 "$(fetch rel@x /rules "W/$tag")"
    check "one of several" equal 304 "$(fetch rel@x /rules "\"x,y\", $tag")"
    check "any" equal 304 "$(fetch rel@x /rules '*')"
    check "another" equal 200 "$(fetch rel@x /rules '"x"')"
    check "no tag at all" equal 200 "$(fetch rel@x /rules "${tag//\"/}")"
    check "what caches must ask about each time" equal 'Cache-Control: no-cache' "$(grep -i '^cache-control' "$WORK/head" | tr -d '\r')"
    check "what they may not keep" equal 200 "$(fetch rel@x /pending)"
    check "says so" equal 'Cache-Control: no-store' "$(grep -i '^cache-control' "$WORK/head" | tr -d '\r')"
    check "HEAD" equal 304 "$(curl -s --noproxy '*' -I -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$ADMIN_URL/rules")"
    check "compressed" equal 200 "$(curl -s --noproxy '*' -H 'Accept-Encoding: gzip' -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "$ADMIN_URL/openapi.json")"
    check "has a weak tag" grep -q '^W/"' <<<"$(tag)"
    check "which fits" equal 304 "$(fetch rel@x /openapi.json "$(tag)")"
    check "an answer that is none of these" equal 404 "$(fetch rel@x /rules/99 '*')"
    check "has none" equal '' "$(tag)"
    check "a write" gives 400 rel@x POST /rules '{}'
    check "has none either" equal '' "$(tag)"
}

test_writes() {
    local when=$(($(date +%s%3N) + 3600000)) rule='"update_type": "minor", "backgroundRate": 100, "priority": 1, "mapping": "R"'
    local stop='{"product": "Firefox", "channel": "nightly"}'
    check "nothing happens" equal '' "$(learn rel@x && moved rel@x)"
    write "a rule" "/rules /releases /release_index /history /rules?product=Firefox /rules/columns/channel" \
        admin@x POST /rules "{$rule, \"product\": \"Firefox\", \"channel\": \"new\"}"
    write "a scheduled change" "$SC/rules /pending /history" rel@x POST $SC/rules "{\"change_type\": \"update\", \"rule_id\": 1,
        \"data_version\": 1, $rule, \"product\": \"Firefox\", \"channel\": \"release\", \"alias\": \"fx\", \"when\": $when}"
    write "a sign-off" "$SC/rules /pending /history" qa@x POST $SC/rules/1/signoffs '{"role": "qa"}'
    write "one that is taken back" "$SC/rules /pending /history" qa@x DELETE $SC/rules/1/signoffs
    write "a later time" "$SC/rules /pending /history" rel@x POST $SC/rules/1 "{\"sc_data_version\": 1, \"data_version\": 1, \"when\": $((when + 1))}"
    write "a stop" "/emergency_shutoff /history" admin@x POST /emergency_shutoff "$stop"
    write "its reason" "/emergency_shutoff /history" admin@x POST /emergency_shutoff/Firefox/nightly '{"comment": "why", "data_version": 1}'
    write "its end" "/emergency_shutoff /history" admin@x DELETE '/emergency_shutoff/Firefox/nightly?data_version=2'
    write "a permission" "/users /history" admin@x PUT /users/new@x/permissions/rule '{}'
    write "a release" "/releases /release_index /history" admin@x POST /releases \
        '{"name": "S", "product": "Firefox", "blob": "{\"name\": \"S\", \"schema_version\": 1, \"hashFunction\": \"sha512\", \"platforms\": {}}"}'
    write "a pin" "/v2/pins /release_index /history" admin@x PUT /v2/releases/V/pinnable '{"product": "Firefox", "channel": "new", "version": "1."}'
    write "its removal" "/v2/pins /release_index /history" admin@x DELETE '/v2/pins/Firefox/new/1.?data_version=1'
    write "required sign-offs" "/required_signoffs/product /history" admin@x POST /required_signoffs/product \
        '{"product": "Firefox", "channel": "new", "role": "qa", "signoffs_required": 1}'
    write "a role" "/users /roles /history" admin@x PUT /users/new@x/roles/other '{}'
}

# What depends on the caller: their own roles, and what they may see.
test_callers() {
    local tag
    fetch qa@x /pending >/dev/null
    tag=$(tag)
    check "who can sign another thing gets another answer" equal 200 "$(fetch rel@x /pending "$tag")"
    check "so does nobody in particular" equal 200 "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$ADMIN_URL/pending")"
    check "oneself does not" equal 304 "$(fetch qa@x /pending "$tag")"
    check "one's role is taken" expect_success admin@x DELETE '/users/qa@x/roles/qa?data_version=1'
    check "then one gets another" equal 200 "$(fetch qa@x /pending "$tag")"
    fetch rel@x /history >/dev/null
    check "lists that everybody sees alike are the same to everybody" equal 304 "$(fetch qa@x /rules "$(fetch rel@x /rules >/dev/null && tag)")"
    check "one's permission is taken" expect_success admin@x DELETE '/users/rel@x/permissions/permission?data_version=1'
    fetch rel@x /users '*' >/dev/null
    check "a refusal is never a 304" equal 403 "$(fetch rel@x /users '*')"
}

is_sent_again() { # TAG
    [[ $(fetch qa@x /pending "$1") == 200 ]]
}

# What depends on the time: a change that becomes due without any write. And what the database is told behind the API's back.
test_time() {
    local tag
    run_sql <<<"UPDATE rules_scheduled_changes_conditions SET \`when\` = $(($(date +%s%3N) + 2000)); INSERT INTO rules_scheduled_changes_signoffs
        (sc_id, username, role) VALUES (1, 'qa@x', 'qa') ON DUPLICATE KEY UPDATE role = 'qa';
        INSERT INTO user_roles (username, role, data_version) VALUES ('qa@x', 'qa', 1)"
    fetch qa@x /pending >/dev/null
    tag=$(tag)
    check "the time comes" until_true 30 is_sent_again "$tag"
    check "and the change is due" body_has '"state":"due"'
    fetch qa@x /rules >/dev/null
    tag=$(tag)
    run_sql <<<"UPDATE rules SET comment = 'by hand' WHERE rule_id = 1"
    check "a row that was changed by hand" equal 200 "$(fetch qa@x /rules "$tag")"
}

admin_up "$BOX.sql"
test_headers
test_writes
test_callers
test_time
summary
