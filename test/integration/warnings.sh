#!/bin/bash
# Warnings about changes: each of them where it belongs and not elsewhere, in dry runs and in the answers of real writes; which
# of them the configuration refuses; what they cost with many rules.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: warnings.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

PUBLIC_URL=
BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
SC=/scheduled_changes/rules
CODES='product_differs channel_star no_fallback rate_falls shadowed shadows same_columns collides release_older parts_missing not_servable deletion_scheduled'

# blob NAME VERSION BUILD-ID LOCALE-OF-P… : a release with the platforms p, q and r, which is p; with no more locales, p alone.
blob() {
    local name=$1 version=$2 build=$3 more='' locale locales='' data
    shift 3
    data="{\"buildID\": \"$build\", \"completes\": [{\"filesize\": 1, \"from\": \"*\", \"hashValue\": \"$(printf 'ab%.0s' {1..64})\"}]}"
    (($# == 1)) || more=", \"q\": {\"OS_BOUNCER\": \"l\", \"OS_FTP\": \"l\", \"locales\": {\"de\": $data}}, \"r\": {\"alias\": \"p\"}"
    for locale in "$@"; do
        locales+="${locales:+, }\"$locale\": $data"
    done
    printf '%s' "{\"name\": \"$name\", \"schema_version\": 4, \"hashFunction\": \"sha512\", \"appVersion\": \"$version\", " \
        "\"displayVersion\": \"$version\", \"fileUrls\": {\"*\": {\"completes\": {\"*\": \"https://archive.mozilla.org/x.mar\"}}}, " \
        "\"platforms\": {\"p\": {\"OS_BOUNCER\": \"l\", \"OS_FTP\": \"l\", \"locales\": {$locales}}$more}}"
}

release() { # NAME PRODUCT BLOB
    printf "INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('%s', '%s', 0, '%s', 1);\n" "$1" "$2" "$3"
}

rows() {
    release F0 Firefox "$(blob F0 99.0 20200101000000 de fr)"
    release F1 Firefox "$(blob F1 100.0 20200102000000 de fr)"
    release F1-older Firefox "$(blob F1-older 100.0 20200101000000 de fr)"
    release F2 Firefox "$(blob F2 101.0 20200103000000 de fr)"
    release F3 Firefox "$(blob F3 102.0 20200104000000 de)"
    release Forbidden Firefox "$(blob Forbidden 103.0 20200105000000 de fr | sed s/archive.mozilla.org/forbidden.example/)"
    release Broken Firefox '{"name": "Broken", "schema_version": 77}'
    release T1 Thunderbird "$(blob T1 200.0 20200105000000 de fr)"
    cat <<'END'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('me@x', 'admin', NULL, 1), ('agent', 'scheduled_change', NULL, 1);
INSERT INTO rules (rule_id, priority, mapping, fallbackMapping, backgroundRate, update_type, product, channel, version, data_version)
VALUES (1, 100, 'F1', NULL, 100, 'minor', 'Firefox', 'release', '<100.0', 1),
    (2, 90, 'F1', 'F2', 50, 'minor', 'Firefox', 'release*', NULL, 1),
    (3, 90, 'F1', NULL, 100, 'minor', 'Firefox', 'beta', NULL, 1);
END
}

# The value of EXPRESSION, of Python, where `a` is the last answer.
is_value() { # WANTED EXPRESSION
    equal "$1" "$(python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$WORK/body" "$2")"
}

# warns CODES METHOD PATH BODY: the dry run has exactly these warnings.
warns() {
    local mark='?' codes=$1
    [[ $3 != *\?* ]] || mark='&'
    gives 200 me@x "$2" "$3${mark}dry_run=1" "${@:4}" || return 1
    is_value "$codes" "' '.join(sorted(w['code'] for w in a['warnings']))"
}

# The member NAME of the last answer's first warning.
has() { # WANTED NAME
    is_value "$1" "a['warnings'][0]['$2']"
}

NEW='"backgroundRate": 100, "update_type": "minor", "mapping": "F1", "product": "Firefox"'

rule() { # MEMBERS: a new one
    printf '{%s, %s}' "$NEW" "$1"
}

run_columns() {
    check "nothing to say" warns '' POST /rules "$(rule '"priority": 10, "channel": "nightly"')"
    check "a comment alone" warns '' POST /rules/2 '{"data_version": 1, "comment": "c"}'
    check "another product's release" warns product_differs POST /rules/3 '{"data_version": 1, "mapping": "T1"}'
    check "its name" has T1 release
    check "as fallback" warns product_differs POST /rules/3 '{"data_version": 1, "fallbackMapping": "T1"}'
    check "a channel for nobody" warns channel_star POST /rules "$(rule '"priority": 10, "channel": "*"')"
    check "severe" has danger severity
    check "a short glob" warns channel_star POST /rules "$(rule '"priority": 10, "channel": "r*"')"
    check "the shortest one that works" warns '' POST /rules "$(rule '"priority": 10, "channel": "ni*"')"
    check "no fallback, and it falls" warns 'no_fallback rate_falls' POST /rules/3 '{"data_version": 1, "backgroundRate": 99}'
    check "the fallback is taken away" warns no_fallback POST /rules/2 '{"data_version": 1, "fallbackMapping": null}'
    check "a rate that rises" warns '' POST /rules/2 '{"data_version": 1, "backgroundRate": 51}'
    check "a rate that falls" warns rate_falls POST /rules/2 '{"data_version": 1, "backgroundRate": 49}'
    check "from what" body_has 'from 50 to 49'
}

run_releases() {
    check "a newer release with the same parts" warns '' POST /rules/3 '{"data_version": 1, "mapping": "F2"}'
    check "an older one" warns release_older POST /rules/3 '{"data_version": 1, "mapping": "F0"}'
    check "from what to what" is_value "('100.0', '99.0', 'F0')" \
        "tuple(a['warnings'][0][k] for k in ('old_version', 'new_version', 'release'))"
    check "an older build of the same version" warns release_older POST /rules/3 '{"data_version": 1, "mapping": "F1-older"}'
    check "which" body_has 'goes back from build 20200102000000 to 20200101000000'
    check "an older one as fallback" warns '' POST /rules/3 '{"data_version": 1, "fallbackMapping": "F0"}'
    check "one that lacks parts" warns parts_missing POST /rules/3 '{"data_version": 1, "mapping": "F3"}'
    check "these" is_value "['fr p', 'q', 'r']" "[' '.join(sorted(p.values())) for p in a['warnings'][0]['parts']]"
    check "with names in the sentence" body_has ": p (fr), q, r."
    check "not counted, because nobody knows the queries" is_value "(3, None, None, True)" \
        "(*[a['warnings'][0][k] for k in ('count', 'queries', 'of')], 'uptake_url' in a['warnings'][0]['not_counted'])"
    check "it lacks nothing that a new rule had" warns '' POST /rules "$(rule '"priority": 10, "channel": "nightly", "mapping": "F3"')"
    check "a forbidden host" warns not_servable POST /rules/3 '{"data_version": 1, "mapping": "Forbidden"}'
    check "nothing of it" is_value "(3, 'p', 'de')" \
        "(a['warnings'][0]['count'], *[a['warnings'][0]['problems'][0][k] for k in ('platform', 'locale')])"
    check "as fallback" warns not_servable POST /rules/3 '{"data_version": 1, "fallbackMapping": "Forbidden"}'
    check "an unknown format" warns not_servable POST /rules/3 '{"data_version": 1, "mapping": "Broken"}'
    check "the mapping stays: it is not looked at" warns '' POST /rules/3 '{"data_version": 1, "comment": "c"}'
    check "a release in parts" gives 200 me@x PUT /v2/releases/F5 "{\"product\": \"Firefox\", \"blob\": $(blob F5 104.0 20200106000000 de)}"
    check "is compared, too" warns parts_missing POST $SC "$(rule '"rule_id": 3, "data_version": 1, "priority": 90, "change_type": "update",
        "channel": "beta", "mapping": "F5", "when": '"$LATER")"
    check "a pin of a release that is forbidden" warns not_servable POST /scheduled_changes/pinnable_releases '{"product": "Firefox",
        "channel": "beta", "version": "103.", "mapping": "Forbidden", "change_type": "insert", "when": '"$LATER"'}'
}

# Queries of the public site, as balrog-uptake knows them: three of clients that lose their update, two of others.
run_sample() {
    local query
    sandbox up "$BOX" --set "admin.uptake_url=$PUBLIC_URL/__uptake__" >/dev/null
    sandbox restart "$BOX" admin >/dev/null 2>&1
    check "balrog-uptake does not answer: the warning is there" warns parts_missing POST /rules/3 '{"data_version": 1, "mapping": "F3"}'
    check "and says so" is_value "(None, True)" "(a['warnings'][0]['queries'], 'balrog-uptake' in a['warnings'][0]['not_counted'])"
    for query in p/fr/beta q/de/beta r/fr/beta p/de/beta p/de/beta p/fr/nightly x/fr/beta; do
        curl -s --noproxy '*' -o "$WORK/served" "$PUBLIC_URL/update/1/Firefox/60.0/20190101000000/$query/update.xml"
    done
    printf '%s\n' '[uptake]' "socket = $BOX/run/uptake.sock" "log = $BOX/log/access.log" 'state_dir =' \
        'min_queries = 0' '[log]' 'crash_dir =' >"$WORK/uptake.conf"
    "$BUILD/balrog-uptake" --config "$WORK/uptake.conf" >"$WORK/uptake.log" 2>&1 &
    uptake=$!
    check "lost queries are counted" until_true 20 counts "(3, 6)"
    kill "$uptake"
}

counts() { # WANTED
    warns parts_missing POST /rules/3 '{"data_version": 1, "mapping": "F3"}' 2>/dev/null &&
        is_value "$1" "(a['warnings'][0]['queries'], a['warnings'][0]['of'])" 2>"$WORK/counts"
}

run_others() {
    check "hidden" warns shadowed POST /rules "$(rule '"priority": 10, "channel": "release", "version": "<90.0"')"
    check "by the first that does" has 1 rule_id
    check "hidden by a glob" warns shadowed POST /rules "$(rule '"priority": 10, "channel": "release-x"')"
    check "by it" has 2 rule_id
    check "above" warns '' POST /rules "$(rule '"priority": 110, "channel": "release", "version": "<90.0"')"
    check "hides" warns shadows POST /rules "$(rule '"priority": 110')"
    check "all three" has '[1, 2, 3]' rule_ids
    check "raised above" warns shadows POST /rules/2 '{"data_version": 1, "priority": 101}'
    check "that one" has '[1]' rule_ids
    check "lowered, it is hidden" warns shadowed POST /rules/1 '{"data_version": 1, "priority": 80}'
    check "as high, with a lower number" warns '' POST /rules/1 '{"data_version": 1, "priority": 90}'
    check "the same" warns same_columns POST /rules "$(rule '"priority": 90, "channel": "beta"')"
    check "as that" has 3 rule_id
    check "with another priority" warns shadowed POST /rules "$(rule '"priority": 89, "channel": "beta"')"
    check "another product" warns '' POST /rules '{"backgroundRate": 100, "update_type": "minor", "mapping": "T1", "priority": 1,
        "product": "Thunderbird", "channel": "release"}'
    check "scheduled, too" warns 'no_fallback shadowed' POST $SC "$(rule '"priority": 10, "change_type": "insert",
        "channel": "release", "version": "<90.0", "backgroundRate": 5, "when": '"$LATER")"
    check "a deletion has none" warns '' DELETE '/rules/1?data_version=1'
}

run_pending() {
    local id
    check "scheduled" gives 200 me@x POST $SC "$(rule '"priority": 20, "change_type": "insert", "channel": "nightly", "when": '"$LATER")"
    check "without a warning: as the reference answers" body_lacks warnings
    id=$(number sc_id)
    check "another one for the same clients" warns collides POST $SC \
        "$(rule '"priority": 20, "change_type": "insert", "channel": "nightly", "when": '"$LATER")"
    check "which" has "$id" sc_id
    check "one that hides it" warns collides POST /rules "$(rule '"priority": 25, "channel": "nightly"')"
    check "one for others" warns '' POST /rules "$(rule '"priority": 25, "channel": "aurora"')"
    check "its own edit" warns '' POST "$SC/$id" '{"sc_data_version": 1, "priority": 21}'
    check "dropped" gives 200 me@x DELETE "$SC/$id?data_version=1"

    check "a change of a rule" gives 200 me@x POST $SC \
        "$(rule '"rule_id": 3, "data_version": 1, "priority": 90, "change_type": "update", "channel": "beta", "when": '"$LATER")"
    id=$(number sc_id)
    check "a direct write" warns collides POST /rules/3 '{"data_version": 1, "comment": "c"}'
    check "that it takes over" has "$id" sc_id
    check "dropped, too" gives 200 me@x DELETE "$SC/$id?data_version=1"
}

# A release is to be deleted, and a rule is to lead to it.
run_deletion() {
    local id rule deletion='{"change_type": "delete", "name": "F0", "data_version": 1, "when": '"$LATER"'}'
    check "a deletion" gives 200 me@x POST /scheduled_changes/releases "$deletion"
    id=$(number sc_id)
    check "a rule is led there" warns 'deletion_scheduled release_older' POST /rules/3 '{"data_version": 1, "mapping": "F0"}'
    check "as fallback" warns deletion_scheduled POST /rules/3 '{"data_version": 1, "fallbackMapping": "F0"}'
    check "by which change" has "$id" sc_id
    check "of what" body_has "fallbackMapping leads to 'F0', which is to be deleted by scheduled change $id of releases."
    check "a pin, too" warns deletion_scheduled POST /scheduled_changes/pinnable_releases '{"product": "Firefox",
        "channel": "beta", "version": "99.", "mapping": "F0", "change_type": "insert", "when": '"$LATER"'}'
    check "scheduled" gives 200 me@x POST $SC "$(rule '"priority": 10, "change_type": "insert", "channel": "nightly",
        "mapping": "F0", "when": '"$LATER")"
    rule=$(number sc_id)
    check "with a warning" equal deletion_scheduled "$(header)"
    check "the deletion is not enacted" refused 400 "while scheduled change $rule of rules names it" \
        agent POST "/scheduled_changes/releases/$id/enact"
    check "it can be dropped" gives 200 me@x DELETE "/scheduled_changes/releases/$id?data_version=1"
    check "and not be scheduled any more" refused 400 "while scheduled change $rule of rules names it" \
        me@x POST /scheduled_changes/releases "$deletion"
    check "the rule's change is not kept from anything" gives 200 me@x DELETE "$SC/$rule?data_version=1"
    check "no deletion, no warning" warns release_older POST /rules/3 '{"data_version": 1, "mapping": "F0"}'
}

# The header X-Balrog-Warnings of the last answer.
header() {
    sed -n 's/^X-Balrog-Warnings: \(.*\)\r$/\1/Ip' "$WORK/head"
}

run_real() {
    check "an update" gives 200 me@x POST /rules/2 '{"data_version": 1, "backgroundRate": 40}'
    check "is answered as the reference answers" says '{"new_data_version":2}'
    check "with a header" equal rate_falls "$(header)"
    check "one without a warning" gives 200 me@x POST /rules/2 '{"data_version": 2, "backgroundRate": 50}'
    check "as the reference answers" says '{"new_data_version":3}'
    check "no header" equal '' "$(header)"
    check "a new rule" gives 200 me@x POST /rules "$(rule '"priority": 10, "channel": "*", "backgroundRate": 5')"
    check "its number, as in the reference" grep -qxE '[0-9]+' "$WORK/body"
    check "the codes" equal 'channel_star, no_fallback' "$(header)"
    check "removed" gives 200 me@x DELETE "/rules/$(<"$WORK/body")?data_version=1"
    check "scheduled" gives 200 me@x POST $SC "$(rule '"priority": 10, "change_type": "insert", "channel": "*", "when": '"$LATER")"
    check "its answer has no more members than the reference's" is_value "['sc_id', 'signoffs']" "sorted(a)"
    check "with a warning" equal channel_star "$(header)"
    check "enacted" gives 200 agent POST "$SC/$(number sc_id)/enact"
    check "without any" equal '' "$(header)"
    check "a shutoff" gives 201 me@x POST /emergency_shutoff '{"product": "Firefox", "channel": "release"}'
    check "has none" equal '' "$(header)"
}

# Some warnings are refusals. What was scheduled before is enacted.
run_refused() {
    local id before
    gives 200 me@x POST $SC "$(rule '"priority": 10, "change_type": "insert", "channel": "x*", "when": '"$LATER")"
    id=$(number sc_id)
    before=$(query 'SELECT COUNT(*) FROM rules_history')
    sandbox up "$BOX" --set 'admin.refuse=channel_star rate_falls' >/dev/null
    sandbox restart "$BOX" admin >/dev/null 2>&1
    check "refused" refused 400 'Refused warning: channel_star' me@x POST /rules "$(rule '"priority": 10, "channel": "*"')"
    check "and says what to do" body_has '[admin] refuse = channel_star'
    check "a dry run as well" refused 400 channel_star me@x POST '/rules?dry_run=1' "$(rule '"priority": 10, "channel": "*"')"
    check "scheduling, too" refused 400 channel_star me@x POST $SC \
        "$(rule '"priority": 10, "change_type": "insert", "channel": "*", "when": '"$LATER")"
    check "another one" refused 400 'Refused warning: rate_falls' me@x POST /rules/2 '{"data_version": 3, "backgroundRate": 49}'
    check "nothing was changed" equal "$before" "$(query 'SELECT COUNT(*) FROM rules_history')"
    check "those that are not refused" gives 200 me@x POST /rules/2 '{"data_version": 3, "fallbackMapping": null}'
    check "are warnings" equal no_fallback "$(header)"
    check "what was scheduled before can be enacted" gives 200 agent POST "$SC/$id/enact"
    check "shutoffs can be made" gives 201 me@x POST /emergency_shutoff '{"product": "Firefox", "channel": "beta"}'
}

# Every code is one that can be refused, and no other word.
run_configuration() {
    printf '[admin]\nrefuse = %s\n' "$CODES" >"$WORK/refuse.conf"
    check "all codes" is_valid
    printf '[admin]\nrefuse = shadowed rate_rises\n' >"$WORK/refuse.conf"
    check "an unknown code" fails_with 'must be one of: product_differs'
}

is_valid() {
    "$ADMIN" --check-config --config "$WORK/refuse.conf" >/dev/null 2>&1
}

fails_with() { # TEXT
    ! "$ADMIN" --check-config --config "$WORK/refuse.conf" >"$WORK/said" 2>&1 && grep -qF -- "$1" "$WORK/said"
}

# With 5,000 rules of the product no more statements are sent than with a few.
run_many() {
    local few body='{"data_version": 4, "channel": "esr"}'
    few=$(statements me@x POST '/rules/2?dry_run=1' "$body")
    run_sql <<'END'
INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, version, locale, osVersion, data_version)
SELECT 1000 + seq, 5 + seq MOD 90, 'F1', 100, 'minor', 'Firefox', 'esr', CONCAT('<', 1 + seq MOD 97, '.0'), CONCAT('l', seq, ',m'),
    'Windows_NT 6.1,Darwin 6', 1 FROM seq_1_to_5000;
END
    check "with 5,000 rules" warns shadows POST /rules/2 "$body"
    check "statements" equal "$few" "$(statements me@x POST '/rules/2?dry_run=1' "$body")"
    check "a list that stays short" is_value 20 "len(a['warnings'][0]['rule_ids'])"
}

ADMIN=$BUILD/balrog-admin
rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
run_columns
run_releases
run_sample
run_others
run_pending
run_deletion
run_real
run_refused
run_configuration
run_many
summary
