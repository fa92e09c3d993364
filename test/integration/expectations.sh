#!/bin/bash
# Expectations against the real servers: mistakes that people make with rules and releases, each as a scheduled change or
# as an edit, and the expectation that catches it, by name; right changes that break nothing; changes that are blocked when
# they are made, by whomever; /pending; import and export; scripts/check-rules; bad input.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: expectations.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

RELENG=releng@example.org RELMAN=relman@example.org ADMIN=admin@example.org
SC=/scheduled_changes/rules
WIN64=WINNT_x86_64-msvc-x64
SCRIPT_PATH=$PATH
TAIL='ISET:SSE4_2,MEM:16384/default/default/update.xml'

# The value of EXPRESSION, of Python, where `a` is the last answer.
value() {
    python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$WORK/body" "$1"
}

is_value() { # WANTED EXPRESSION
    equal "$1" "$(value "$2")"
}

# A client's query.
client() { # VERSION BUILD TARGET LOCALE CHANNEL [OS [PRODUCT]]
    printf '/update/6/%s/%s/%s/%s/%s/%s/%s/%s' "${7-Firefox}" "$1" "$2" "$3" "$4" "$5" "${6-Windows_NT%2010.0}" "$TAIL"
}

FX128="128.0 20240704121409"
# shellcheck disable=SC2086
expectations() {
    local two='"Firefox-130.0-build3", "Firefox-129.0-build2"'
    cat <<END
Firefox|de win64 gets 129 or 130|$(client $FX128 $WIN64 de release)|{"mapping": [$two]}
Firefox|ja linux gets 129 or 130|$(client $FX128 Linux_x86_64-gcc3 ja release Linux)|{"mapping": [$two]}
Firefox|nobody goes back from 130|$(client 130.0 20240829075237 $WIN64 de release)|{"update": "maybe", "no_downgrade": true}
Firefox|watershed at 72|$(client 60.0 20180501000000 $WIN64 de release)|{"mapping": ["Firefox-72.0.2-build1"], "below_version": "73.0"}
Firefox|Windows 7 ends at 115|$(client 115.0 20230629134642 $WIN64 de release Windows_NT%206.1)|{"mapping": ["Firefox-desupport-windows7"]}
Firefox|beta gets 131|$(client 130.0 20240801000000 $WIN64 fr beta)|{"mapping": ["Firefox-131.0b5-build1"], "min_version": "131.0"}
Firefox|testers get 130|$(client $FX128 $WIN64 de release-localtest)|{"min_version": "130.0"}
Firefox|nightly|$(client 132.0a1 20240901000000 Linux_x86_64-gcc3 de nightly Linux)|{"mapping": ["Firefox-mozilla-central-nightly-latest"]}
Firefox|no nightly for zh-CN win32|$(client 132.0a1 20240901000000 WINNT_x86-msvc-x86 zh-CN nightly)|{"update": "never"}
Firefox|pinned to 128|$(client 127.0 20240601000000 $WIN64 de release)?pin=128.|{"mapping": ["Firefox-128.0-build1"]}
Thunderbird|old ones get 128.2|$(client 115.0 20230705000000 $WIN64 de release Windows_NT%2010.0 Thunderbird)|{"min_version": "128.2.0"}
Thunderbird|arm Macs|$(client 115.0 20230705000000 Darwin_aarch64-gcc3 de release Darwin%2022 Thunderbird)|{"update": "always"}
FirefoxVPN|gets 2.24|/json/1/FirefoxVPN/2.20.0/WINNT_x86_64/release/update.json|{"mapping": ["FirefoxVPN-2.24.0"]}
GMP|gets its parts|$(client $FX128 $WIN64 de release Windows_NT%2010.0 GMP)|{"mapping": ["GMP-Superblob"]}
END
}

make_expectations() {
    local product name query must
    while IFS='|' read -r product name query must; do
        check "made: $name" gives 201 $ADMIN POST /expectations \
            "{\"product\": \"$product\", \"name\": \"$name\", \"query\": \"$query\", \"must\": $must}"
    done < <(expectations)
    check "all of them hold" gives 200 $ADMIN GET /expectations/check
    check "none is broken" is_value "[]" "[(x['name'], x['why']) for x in a['broken']]"
    check "all were looked at" is_value "14 14" "'%d %d' % (a['count'], a['checked'])"
}

# ---- mistakes, not made ----

# caught NAME: the last check says that this expectation breaks, and it held before.
caught() {
    is_value True "'$1' in [x['name'] for x in a['broken'] if x['newly'] and x['got'] and x['gets'] and x['why']]"
}

# The mistake, as a change of POST /expectations/check, is caught by the expectation NAME.
edit_caught() { # WHAT NAME CHANGE
    check "$1" gives 200 $RELENG POST /expectations/check "{\"changes\": [$3]}"
    check "$1: caught by '$2'" caught "$2"
}

# The same for a change of rules that was scheduled, which is dropped again.
scheduled_caught() { # WHAT NAME BODY
    local id
    check "$1" gives 200 $ADMIN POST $SC "$3"
    id=$(number sc_id)
    check "$1: looked at" gives 200 $RELENG GET "/expectations/check?with=rules:$id"
    check "$1: caught by '$2'" caught "$2"
    check "$1: /pending has it" gives 200 $RELENG GET "/pending?expectations=1"
    check "$1: with its name" is_value True "'$2' in [x['name'] for x in a['pending'][0]['breaks']['expectations']]"
    check "$1: dropped" gives 200 $ADMIN DELETE "$SC/$id?data_version=1"
}

# A rule as scheduling wants it: all of its columns. rule ID COLUMN=VALUE…, values in JSON
rule() {
    gives 200 - GET "/rules/$1" && shift && python3 - "$WORK/body" "$LATER" "$@" <<'END'
import json, sys
row = {k: v for k, v in json.load(open(sys.argv[1])).items() if v is not None}
row |= {"change_type": "update", "when": int(sys.argv[2])}
row |= {name: json.loads(text) for name, text in (one.split("=", 1) for one in sys.argv[3:])}
print(json.dumps(row))
END
}

# A stored release as an edit, after PYTHON has changed `blob`.
edited_release() { # v1|v2 NAME PYTHON
    local path=/releases/$2
    [[ $1 == v1 ]] || path=/v2$path
    gives 200 - GET "$path" && python3 - "$WORK/body" "$1" "$2" "$3" <<'END'
import json, sys
answer = json.load(open(sys.argv[1]))
blob = answer["blob"] if sys.argv[2] == "v2" else answer
exec(sys.argv[4])
table = "v2/releases" if sys.argv[2] == "v2" else "releases"
print(json.dumps({"table": table, "change_type": "update", "name": sys.argv[3], "blob": blob}))
END
}

run_mistakes() {
    local thunderbird=Thunderbird-128.2.0esr-build1
    scheduled_caught "a mapping of another channel" "de win64 gets 129 or 130" "$(rule 1 'mapping="Firefox-131.0b5-build1"')"
    scheduled_caught "another channel" "testers get 130" "$(rule 2 'channel="release"')"
    scheduled_caught "priorities the wrong way round" "watershed at 72" "$(rule 3 priority=80)"
    scheduled_caught "a rate of 0" "beta gets 131" "$(rule 5 backgroundRate=0)"
    scheduled_caught "a deletion" "old ones get 128.2" "{\"change_type\": \"delete\", \"rule_id\": 10, \"data_version\": 1, \"when\": $LATER}"
    scheduled_caught "the osVersion left out" "de win64 gets 129 or 130" "$(rule 4 osVersion=null)"
    scheduled_caught "an older release" "nobody goes back from 130" \
        "$(rule 1 'mapping="Firefox-128.0-build1"' backgroundRate=100)"
    scheduled_caught "a rule that is meant for one locale" "no nightly for zh-CN win32" \
        "{\"change_type\": \"insert\", \"when\": $LATER, \"priority\": 100, \"backgroundRate\": 100, \"update_type\": \"minor\", \"product\": \"Firefox\",
          \"channel\": \"nightly\", \"mapping\": \"Firefox-mozilla-central-nightly-latest\"}"
    edit_caught "an edit that nobody has saved" "Windows 7 ends at 115" \
        '{"table": "rules", "change_type": "update", "rule_id": 4, "version": "<115.0"}'
    edit_caught "a pin that goes" "pinned to 128" \
        '{"table": "pinnable_releases", "change_type": "delete", "product": "Firefox", "channel": "release", "version": "128."}'
    edit_caught "a locale left out" "ja linux gets 129 or 130" "$(edited_release v2 Firefox-130.0-build3 \
        'del blob["platforms"]["Linux_x86_64-gcc3"]["locales"]["ja"]')"
    edit_caught "an alias removed" "arm Macs" "$(edited_release v1 $thunderbird 'del blob["platforms"]["Darwin_aarch64-gcc3"]')"
    edit_caught "a version mistyped" "beta gets 131" "$(edited_release v2 Firefox-131.0b5-build1 \
        'blob["platforms"]["WINNT_x86_64-msvc"]["locales"]["fr"]["appVersion"] = "113.0"')"
    edit_caught "a release deleted" "nightly" \
        '{"table": "v2/releases", "change_type": "delete", "name": "Firefox-mozilla-central-nightly-latest"}'
    edit_caught "two, right alone" "de win64 gets 129 or 130" \
        '{"table": "rules", "change_type": "update", "rule_id": 1, "channel": "release-old"}, {"table": "rules", "change_type": "update", "rule_id": 2, "channel": "release-new"}'
}

# A release's content, as it is scheduled.
run_scheduled_content() {
    local text
    text=$(edited_release v1 Thunderbird-128.2.0esr-build1 \
        'for p in blob["platforms"].values():
    p.get("locales", {}).pop("de", None)')
    text=$(python3 -c 'import json, sys; print(json.dumps(json.dumps(json.loads(sys.argv[1])["blob"])))' "$text")
    check "a release's content is scheduled" gives 200 $ADMIN POST /scheduled_changes/releases "{\"change_type\": \"update\",
        \"name\": \"Thunderbird-128.2.0esr-build1\", \"product\": \"Thunderbird\", \"data_version\": 1, \"when\": $LATER, \"blob\": $text}"
    local id
    id=$(number sc_id)
    check "it is looked at" gives 200 $RELENG GET "/expectations/check?with=releases:$id"
    check "and caught" caught "old ones get 128.2"
    check "dropped" gives 200 $ADMIN DELETE "/scheduled_changes/releases/$id?data_version=1"
    check "of a release in parts" gives 200 $ADMIN POST /v2/releases/Firefox-131.0b5-build1 "{\"blob\": {\"platforms\":
        {\"WINNT_x86_64-msvc\": {\"locales\": {\"fr\": {\"buildID\": \"20240101000000\", \"appVersion\": \"113.0\"}}}}},
        \"old_data_versions\": {\"platforms\": {\"WINNT_x86_64-msvc\": {\"locales\": {\"fr\": 1}}}}, \"when\": $LATER}"
    check "looked at" gives 200 $RELENG GET "/expectations/check?with=v2/releases:Firefox-131.0b5-build1"
    check "caught" caught "beta gets 131"
    check "in /pending, too" gives 200 $RELENG GET "/pending?expectations=1&kind=v2/releases"
    check "by its name" is_value "['beta gets 131'] True" \
        "'%s %s' % ([x['name'] for x in a['pending'][0]['breaks']['expectations']], a['pending'][0]['breaks']['blocked'])"
}

# breaks_nothing WHAT CHANGE
breaks_nothing() {
    check "$1" gives 200 $RELENG POST /expectations/check "{\"changes\": [$2]}"
    check "$1: breaks nothing" is_value "[] False" "'%s %s' % ([x['name'] for x in a['broken']], a['blocked'])"
}

run_right_changes() {
    breaks_nothing "a higher rate" '{"table": "rules", "change_type": "update", "rule_id": 1, "backgroundRate": 50}'
    breaks_nothing "a rule for a product of its own" '{"table": "rules", "change_type": "insert", "priority": 100,
        "backgroundRate": 100, "product": "Fenix", "update_type": "minor", "mapping": "Firefox-128.0-build1"}'
    check "and bears on none" is_value 0 "a['checked']"
    breaks_nothing "another text in a release" "$(edited_release v2 Firefox-130.0-build3 \
        'blob["updateLine"][0]["fields"]["detailsURL"] = "https://www.mozilla.org/new"')"
    check "it was looked at" is_value True "0 < a['checked'] < 6"
    breaks_nothing "a stop" '{"table": "emergency_shutoff", "change_type": "insert", "product": "Firefox", "channel": "release"}'
    check "a change that mends" gives 200 $RELENG POST /expectations/check '{"changes": [
        {"table": "rules", "change_type": "update", "rule_id": 5, "backgroundRate": 0},
        {"table": "rules", "change_type": "update", "rule_id": 5, "backgroundRate": 100}]}'
    check "together they break nothing" is_value "[]" "a['broken']"
}

# ---- changes, made ----

# enacts STATUS ID: it is signed by both, and the agent is answered so.
enacts() {
    ask $RELENG POST "$SC/$2/signoffs" '{"role": "releng"}' >/dev/null
    ask $RELMAN POST "$SC/$2/signoffs" '{"role": "relman"}' >/dev/null
    gives "$1" balrogagent POST "$SC/$2/enact"
}

run_blocks() {
    local id body
    check "a mistake is scheduled" gives 200 $ADMIN POST $SC "$(rule 3 priority=80)"
    id=$(number sc_id)
    check "signed, it is not enacted" enacts 400 "$id"
    check "the expectation is named" body_has "'watershed at 72' of Firefox"
    check "and what to do" body_has "Mend the change or the expectation"
    check "the rule is what it was" equal "200 1" "$(query "SELECT priority, data_version FROM rules WHERE rule_id = 3")"
    body="{\"query\": \"$(client 60.0 20180501000000 $WIN64 de release)\", \"must\": {\"update\": \"always\"}, \"data_version\": 1}"
    check "the expectation is mended" gives 200 $RELENG PUT "/expectations/Firefox/watershed%20at%2072" "$body"
    check "that is shown beside a check" gives 200 $RELENG GET "/expectations/check?with=rules:$id"
    check "with who did it" is_value "('update', '$RELENG', 'watershed at 72')" \
        "[(x['change_type'], x['changed_by'], x['key']['name']) for x in a['edited']][0]"
    check "it is enacted" enacts 200 "$id"
    check "a direct write" refused 400 "'beta gets 131' of Firefox" $RELENG PUT /rules/5 '{"backgroundRate": 0, "data_version": 1}'
    check "a rehearsed one" refused 400 "'beta gets 131'" $RELENG PUT "/rules/5?dry_run=1" '{"backgroundRate": 0, "data_version": 1}'
    check "nothing was written" equal "100 1" "$(query "SELECT backgroundRate, data_version FROM rules WHERE rule_id = 5")"
    check "a right one" gives 200 $RELENG PUT /rules/5 '{"comment": "still", "data_version": 1}'
    check "a deletion" refused 400 "'beta gets 131'" $RELENG DELETE "/rules/5?data_version=2"
    check "going back" gives 200 $RELENG GET "/rules/5/revisions"
    check "all that is scheduled for a release" refused 400 "'beta gets 131'" balrogagent POST /v2/releases/Firefox-131.0b5-build1/enact
    check "it waits on" equal 1 "$(query "SELECT COUNT(*) FROM release_assets_scheduled_changes WHERE complete = 0")"
    check "a release, at once" refused 400 "'nightly' of Firefox" $RELENG POST /v2/releases/Firefox-mozilla-central-nightly-latest \
        '{"blob": {"platforms": {"Linux_x86_64-gcc3": {"locales": {"de": {"buildID": "20240101000000", "appVersion": "111.0a1"}}}}},
          "old_data_versions": {"platforms": {"Linux_x86_64-gcc3": {"locales": {"de": 1}}}}}'
    check "another locale" gives 200 $RELENG POST /v2/releases/Firefox-mozilla-central-nightly-latest \
        '{"blob": {"platforms": {"Linux_x86_64-gcc3": {"locales": {"ja": {"buildID": "20240101000000", "appVersion": "111.0a1"}}}}},
          "old_data_versions": {"platforms": {"Linux_x86_64-gcc3": {"locales": {"ja": 1}}}}}'
    check "where they only inform, it is made" gives 200 $RELENG DELETE "/rules/10?data_version=1"
    check "a stop is never blocked" gives 201 $RELMAN POST /emergency_shutoff '{"product": "Firefox", "channel": "beta"}'
    check "and counts for no expectation" gives 200 $RELENG GET "/expectations/check?product=Firefox"
    check "none is broken" is_value "[]" "a['broken']"
    check "nor is its end" gives 200 $RELMAN DELETE "/emergency_shutoff/Firefox/beta?data_version=1"
}

# What was broken before blocks nothing.
run_broken_before() {
    run_sql <<<"UPDATE rules SET backgroundRate = 0 WHERE rule_id = 5"
    check "a write that breaks nothing more" gives 200 $RELENG PUT /rules/5 '{"backgroundRate": 10, "data_version": 2}'
    check "and one that mends" gives 200 $RELENG PUT /rules/5 '{"backgroundRate": 100, "data_version": 3}'
    check "which then blocks again" gives 400 $RELENG PUT /rules/5 '{"backgroundRate": 0, "data_version": 4}'
}

# Long names: what to do is still said.
run_long_names() {
    local name
    name=$(printf 'n%.0s' {1..95})
    run_sql <<<"INSERT INTO balrog_expectations (product, name, query, must, data_version)
        SELECT 'Firefox', CONCAT('$name', seq), '$(client 130.0 20240801000000 $WIN64 fr beta)', '{\"update\": \"always\"}', 1 FROM seq_1_to_6"
    check "long names" refused 400 "$(printf 'n%.0s' {1..60})' of Firefox and 4 more expectations. Mend the change or the expectation" \
        $RELENG PUT /rules/5 '{"backgroundRate": 0, "data_version": 4}'
    run_sql <<<"UPDATE balrog_expectations SET must = '{\"newer\": 1}' WHERE name LIKE 'nnn%'"
    check "what a newer version has written" gives 200 $RELENG GET "/expectations/check?product=Firefox"
    check "is counted" is_value 6 "a['unreadable']"
    run_sql <<<"DELETE FROM balrog_expectations WHERE name LIKE 'nnn%'"
}

# A release of the first kind without a locale, written at once.
run_v1_release() {
    local name=Firefox-72.0.2-build1 locale text
    run_sql <<<"UPDATE rules SET priority = 200 WHERE rule_id = 3"
    for locale in de ru; do
        text=$(edited_release v1 $name "for p in blob['platforms'].values(): p.get('locales', {}).pop('$locale', None)")
        python3 -c 'import json, sys; print(json.dumps({"name": sys.argv[2], "product": "Firefox", "data_version": 1,
            "blob": json.dumps(json.loads(sys.argv[1])["blob"])}))' "$text" $name >"$WORK/$locale"
    done
    check "a release without a locale that is expected" refused 400 "'watershed at 72' of Firefox" $ADMIN PUT /releases/$name "@$WORK/de"
    check "its history knows nothing of it" equal 0 "$(query "SELECT COUNT(*) FROM balrog_release_history WHERE name = '$name'")"
    check "without another one" gives 200 $ADMIN PUT /releases/$name "@$WORK/ru"
    check "a mistake in one submission" refused 400 "'watershed at 72'" $ADMIN PUT /releases/$name/builds/WINNT_x86_64-msvc/de \
        '{"product": "Firefox", "data_version": 2, "schema_version": 4, "data": "{\"buildID\": \"20100101000000\", \"appVersion\": \"7.0\"}"}'
}

# Whether changes are blocked is what a check says of them: random changes of rules, looked at and rehearsed.
run_property() {
    local seed=${BALROG_EXPECTATIONS_SEED-$RANDOM}
    run_sql <<<"CREATE TABLE kept_signoffs SELECT * FROM product_req_signoffs; DELETE FROM product_req_signoffs"
    check "blocked as a check says, seed $seed" python3 - "$ADMIN_URL" "$ADMIN" "$seed" <<'END'
import json, random, sys, urllib.request
url, user, seed = sys.argv[1:]
random.seed(int(seed))
def ask(method, path, body=None):
    request = urllib.request.Request(url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                                     headers={"X-Test-User": user, "Content-Type": "application/json"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)
rules = ask("GET", "/rules")[1]["rules"]
mappings = sorted({r["mapping"] for r in rules if r["mapping"]})
values = {"priority": (1, 85, 100, 250, 400), "backgroundRate": (0, 25, 100), "mapping": mappings, "fallbackMapping": mappings + [None] * 5,
          "channel": ("release", "beta", "nightly", "release*", None), "version": (None, "<72.0", ">=115.0", "<130.0"),
          "osVersion": (None, "Windows_NT 6.1", "Windows_NT 10.0"), "locale": (None, "de", "fr,ja")}
seen = {True: 0, False: 0}
for n in range(150):
    rule = random.choice(rules)
    kind = random.choice(("update", "update", "update", "insert", "delete"))
    new = {name: random.choice(values[name]) for name in random.sample(list(values), random.choice((1, 1, 2, 3)))}
    change = {"table": "rules", "change_type": kind}
    if kind == "insert":
        new = {"priority": 500, "backgroundRate": 100, "mapping": random.choice(mappings), "update_type": "minor", "product": "Firefox", **new}
        change |= new
        status, answer = ask("POST", "/rules?dry_run=1", new)
    else:
        change |= {"rule_id": rule["rule_id"], **(new if kind == "update" else {})}
        path = f"/rules/{rule['rule_id']}?dry_run=1"
        status, answer = ask("PUT", path, {**new, "data_version": rule["data_version"]}) if kind == "update" else \
            ask("DELETE", path + f"&data_version={rule['data_version']}")
    blocked = ask("POST", "/expectations/check", {"changes": [change]})[1]["blocked"]
    if status == 400 and answer["detail"] != "Broken expectations":
        continue
    if status != (400 if blocked else 200):
        sys.exit(f"{change}: the check says blocked: {blocked}, and it is answered {status}: {answer}")
    seen[blocked] += 1
print(seen)
sys.exit(min(seen.values()) < 10 and f"too few of one kind: {seen}")
END
    run_v1_release
    run_sql <<<"INSERT INTO product_req_signoffs SELECT * FROM kept_signoffs; DROP TABLE kept_signoffs"
}

is_waiting() {
    [[ $(query "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'") -gt 0 ]]
}

# Two deletions at the same time, each right alone: the second one waits for the first, and then sees what it has done.
run_together() {
    local status
    run_sql <<<"INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
        VALUES (50, 80, 'Firefox-131.0b5-build1', 100, 'minor', 'Firefox', 'beta*', 1)"
    check "one alone" gives 200 $RELENG DELETE "/rules/5?data_version=4&dry_run=1"
    mkfifo "$WORK/statements"
    run_sql <"$WORK/statements" >/dev/null &
    exec 9>"$WORK/statements"
    echo "START TRANSACTION; DELETE FROM rules WHERE rule_id = 50;" >&9
    until_true 10 is_deleting
    ask $RELENG DELETE "/rules/5?data_version=4" >"$WORK/status" &
    status=$!
    check "the second one waits" until_true 10 is_waiting
    echo "COMMIT;" >&9
    exec 9>&-
    wait "$status"
    check "and is refused" equal 400 "$(<"$WORK/status")"
    check "by its expectation" body_has "'beta gets 131' of Firefox (it gets no update: no rule matches)"
}

is_deleting() {
    [[ $(query "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 0") -gt 0 ]]
}

# Changes the rule ID five times, one after the other. Prints the statuses.
write_rule() { # ID
    local version
    for version in 1 2 3 4 5; do
        curl -s --noproxy '*' --max-time 60 -o "$WORK/written-body.$1" -w '%{http_code} ' -X PUT -H "X-Test-User: $RELENG" \
            -H 'Content-Type: application/json' --data "{\"comment\": \"$version\", \"data_version\": $version}" "$ADMIN_URL/rules/$1"
    done
}

retries() {
    ask $RELENG GET /status >"$WORK/status" && value "a['database']['retries']"
}

# Eight people change a rule each, again and again: they take turns, so no transaction has to be tried again.
run_parallel() {
    local id before writers=()
    run_sql <<<"INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
        SELECT 60 + seq, 80, 'Firefox-131.0b5-build1', 100, 'minor', 'Firefox', CONCAT('parallel', seq), 1 FROM seq_1_to_8"
    before=$(retries)
    for id in {61..68}; do
        write_rule "$id" >"$WORK/written.$id" &
        writers+=($!)
    done
    wait "${writers[@]}"
    check "40 writes, 8 at a time, are all made" equal "$(printf '200 %.0s' {1..40})" "$(cat "$WORK"/written.*)"
    check "none is tried again" equal "$before" "$(retries)"
    run_sql <<<"DELETE FROM rules WHERE rule_id BETWEEN 61 AND 68"
}

# All parts of a release, however many.
run_many_parts() {
    python3 - "$LATER" >"$WORK/parts" <<'END'
import json, sys
one = {"buildID": "20240913000000", "appVersion": "132.0a1", "displayVersion": "132.0a1", "completes": [
    {"from": "*", "filesize": 1, "hashValue": "ab" * 64, "fileUrl": "https://archive.mozilla.org/pub/x.mar"}]}
locales = {f"x{i:03}": one for i in range(150)}
print(json.dumps({"blob": {"platforms": {"Linux_x86_64-gcc3": {"locales": locales}}}, "old_data_versions": {}, "when": int(sys.argv[1])}))
END
    check "150 parts are scheduled" gives 200 $ADMIN POST /v2/releases/Firefox-mozilla-central-nightly-latest "@$WORK/parts"
    check "and looked at together" gives 200 $RELENG GET "/expectations/check?with=v2/releases:Firefox-mozilla-central-nightly-latest"
    check "all of them" is_value "150 [] True" "'%d %s %s' % (len(a['changes']), a['broken'], a['checked'] > 0)"
    check "in /pending" gives 200 $RELENG GET "/pending?expectations=1&kind=v2/releases"
    check "too" is_value "[None]" \
        "[x['breaks']['unknown'] for x in a['pending'] if x['id'] == 'Firefox-mozilla-central-nightly-latest']"
    check "more changes than are allowed" refused 400 "More than 100 changes" $RELENG POST /expectations/check \
        "{\"changes\": [$(printf '{"table": "rules", "change_type": "update", "rule_id": 1},%.0s' {1..100}) \"rules:1\"]}"
}

# as_many NAME USER METHOD PATH [BODY]: it is answered with 200; the time is printed.
as_many() {
    local name=$1 start=${EPOCHREALTIME/[.,]/}
    shift
    gives 200 "$@" && printf '%s: %d ms\n' "$name" $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}

# The least that a rehearsed write sends in several tries: what is kept for checks is refreshed every second, which counts, too.
write_costs() {
    local tries
    for tries in 1 2 3 4 5; do
        statements $RELENG PUT '/rules/5?dry_run=1' "{\"comment\": \"try $tries\", \"data_version\": 4}"
    done | sort -n | sed -n 1p
}

# The least that a request sends in several tries, as above.
least_statements() {
    local tries
    for tries in 1 2 3 4 5; do
        statements "$@"
    done | sort -n | sed -n 1p
}

# /pending takes the releases from what is kept: with the mistake below each expectation of the release channel is looked at.
run_kept() {
    local id plain
    check "a change of the rate" gives 200 $ADMIN POST $SC "$(rule 1 backgroundRate=10)"
    id=$(number sc_id)
    plain=$(least_statements $RELENG GET /pending)
    check "/pending reads no releases to check it" test "$(least_statements $RELENG GET '/pending?expectations=1')" -le $((plain + 10))
    check "dropped" gives 200 $ADMIN DELETE "$SC/$id?data_version=1"
}

# What a check costs does not depend on the number of expectations but for the reading of their table.
run_many() {
    local few many
    few=$(write_costs)
    run_sql <<END
INSERT INTO balrog_expectations (product, name, query, must, data_version)
    SELECT 'Firefox', CONCAT('many ', seq), '$(client 128.0 20240704121409 $WIN64 de beta)', '{"update": "always"}', 1
    FROM seq_1_to_$((1000 - $(query "SELECT COUNT(*) FROM balrog_expectations WHERE product = 'Firefox'")));
INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
    SELECT 1000 + seq, seq, 'Firefox-131.0b5-build1', 100, 'minor', 'Firefox', CONCAT('other', seq), 1 FROM seq_1_to_1000;
END
    check "no more" refused 400 "A product may have 1000 expectations" $RELENG POST /expectations "{\"product\": \"Firefox\", \"name\": \"x\",
        \"query\": \"$(client 1.0 1 a de release)\", \"must\": {\"update\": \"maybe\"}}"
    many=$(write_costs)
    check "with 1,000 expectations a write sends as many statements" equal "$few" "$many"
    check "a write that no client sees" as_many "1,000 expectations, 1,000 rules: a write" $RELENG PUT /rules/5 \
        '{"comment": "again", "data_version": 4}'
    check "one that all see" as_many "a write that all of them lead to" $RELENG PUT /rules/5 \
        '{"fallbackMapping": "Firefox-130.0-build3", "data_version": 5}'
    check "all of them" as_many "a check of all" $RELENG GET /expectations/check
    check "a page of /pending" as_many "/pending" $RELENG GET "/pending?expectations=1"
}

# ---- the table ----

# refuses TEXT MUST [QUERY [NAME]]: no expectation is made of it.
refuses() {
    refused 400 "$1" $RELENG POST /expectations "{\"product\": \"Firefox\", \"name\": \"${4-x}\", \"query\": \"${3-$(client 1.0 1 a de release)}\", \"must\": $2}"
}

run_refusals() {
    local one
    one="\"product\": \"Firefox\", \"name\": \"x\", \"query\": \"$(client 1.0 1 a de release)\", \"must\": {\"update\": \"always\"}"
    check "an unknown member" refuses "'version' is not known" '{"version": "1.0"}'
    check "nothing" refuses "must has to be an object that says something" '{}'
    check "no object" gives 400 $RELENG POST /expectations "{${one%{*}[]}"
    check "update" refuses "update has to be always, maybe or never" '{"update": true}'
    check "mapping" refuses "mapping has to be a list" '{"mapping": "Firefox"}'
    check "an empty one" refuses "mapping has to be a list" '{"mapping": []}'
    check "a version" refuses "min_version has to be a version" '{"min_version": "new"}'
    check "no version fits" refuses "no version is at least" '{"min_version": "12.0", "below_version": "12.0"}'
    check "never and something" refuses "with update never" '{"update": "never", "min_version": "12.0"}'
    check "no query" refuses "no form of update query fits" '{"update": "always"}' /nope
    check "a parameter" refuses "query: " '{"update": "always"}' "$(client 1.0 1 a de release)?what=1"
    check "another product" refuses "it asks for the product 'Thunderbird'" '{"update": "always"}' "$(client 1.0 1 a de release os Thunderbird)"
    check "a long one" refuses "longer than 2000" '{"update": "always"}' "$(client 1.0 1 a "$(printf 'x%.0s' {1..2000})" release)"
    check "a name" refuses "name: " '{"update": "always"}' "$(client 1.0 1 a de release)" a/b
    check "one that is there" refuses "has an expectation 'nightly' already" '{"update": "always"}' "$(client 1.0 1 a de release)" nightly
    check "no account" gives 401 - POST /expectations "{$one}"
    check "no permission" refused 403 "not allowed to create expectations of product Firefox" $RELMAN POST /expectations "{$one}"
    check "another's product" refused 403 "of product GMP" $RELENG POST /expectations "{${one/Firefox/GMP}}"
    check "checks need an account" gives 401 - GET /expectations/check
    check "with a permission" gives 403 nobody@example.org GET /expectations/check
    check "so does it in /pending" gives 403 - GET "/pending?expectations=1"
    check "which is for all without" gives 200 - GET /pending
    check "an unknown change" refused 400 "no scheduled change 99" $RELENG GET "/expectations/check?with=rules:99"
    check "an unknown kind" refused 400 "is not a kind" $RELENG GET "/expectations/check?with=permissions:1"
    check "an old row" refused 400 "is at data_version 1" $RELENG POST /expectations/check \
        '{"changes": [{"table": "rules", "change_type": "delete", "rule_id": 2, "data_version": 77}]}'
    check "one that is not there" gives 404 - GET /expectations/Firefox/none
    check "nor changed" gives 404 $RELENG PUT /expectations/Firefox/none "{${one#*x\", }, \"data_version\": 1}"
    check "nor deleted" gives 404 $RELENG DELETE "/expectations/Firefox/none?data_version=1"
    check "an old version of one" refused 400 OutdatedDataError $RELENG DELETE "/expectations/Firefox/nightly?data_version=7"
}

run_table() {
    check "readers see them" gives 200 - GET "/api/expectations?product=GMP"
    check "one product's" is_value "['gets its parts']" "[x['name'] for x in a['expectations']]"
    check "one" gives 200 - GET "/expectations/Firefox/pinned%20to%20128"
    check "with its query" body_has "pin=128."
    check "a whole URL and an IMEI" gives 201 $RELENG POST /expectations '{"product": "Firefox", "name": "b2g", "comment": " kept ",
        "query": "https://aus5.mozilla.org/update/5/Firefox/1.0/1/t/de/release/os/default/default/123456789012345/update.xml", "must": {"update": "maybe"}}'
    check "become a path without" equal "/update/5/Firefox/1.0/1/t/de/release/os/default/default/-/update.xml" "$(value "a['query']")"
    check "its comment is trimmed" is_value kept "a['comment']"
    check "deleted" gives 200 $RELENG DELETE "/expectations/Firefox/b2g?data_version=1"
    check "its revisions stay" gives 200 - GET "/expectations/Firefox/b2g/revisions"
    check "with what it was" is_value "[(1, '$RELENG')]" "[(x['data_version'], x['changed_by']) for x in a['revisions']]"
    check "in the history of everything" gives 200 $RELENG GET "/history?object=expectations:b2g"
    check "from its beginning" is_value "['delete', 'insert']" "[x['change_type'] for x in a['entries']]"
}

# ---- scripts/check-rules ----

# rules STATUS ARGUMENT…: the script ends so; what it says is the body.
rules() {
    local wanted=$1 status=0
    shift
    BALROG=$ADMIN_URL PATH=$SCRIPT_PATH "$TOP/scripts/check-rules" --token-file "$WORK/token" "$@" >"$WORK/body" 2>&1 || status=$?
    [[ $status == "$wanted" ]] || { echo "  status $status: $(head -c 500 "$WORK/body")" >&2 && return 1; }
}

run_script() {
    local id
    check "wrong usage" rules 2 --nope
    check "nothing goes with an export" rules 2 --export --with rules:1
    check "the admin refuses" rules 2
    check "and its reason is said" body_has "says 401"
    as_releng
    check "all hold" rules 0
    check "so it says" body_has "0 of 14 expectations are broken."
    check "a scheduled change" gives 200 $ADMIN POST $SC "$(rule 4 osVersion=null)"
    id=$(number sc_id)
    check "would break some" rules 1 --with "rules:$id"
    check "the head counts them" body_has "expectations, of"
    check "the expectation" body_has "Firefox: de win64 gets 129 or 130 (blocks)"
    check "what was" body_has "  - 25 %: Firefox-130.0-build3 (130.0)"
    check "what is to be" body_has "  + 100 %: Firefox-desupport-windows7"
    check "only of a product" rules 0 --with "rules:$id" --product Thunderbird
    check "as JSON" rules 1 --with "rules:$id" --json
    check "which it is" is_value True "a['blocked']"
    printf '[{"table": "rules", "change_type": "update", "rule_id": 1, "backgroundRate": 30}]' >"$WORK/changes"
    check "edits" rules 0 --changes "$WORK/changes"
    check "an unknown change" rules 2 --with rules:99
    check "says so" body_has "There is no scheduled change 99"
    run_import
    check "dropped" gives 200 $ADMIN DELETE "$SC/$id?data_version=1"
}

count_expectations() {
    query "SELECT COUNT(*), SUM(data_version) FROM balrog_expectations"
}

run_import() {
    local before
    before=$(count_expectations)
    check "an export" rules 0 --export
    cp -- "$WORK/body" "$WORK/exported"
    check "imported again" rules 0 --import "$WORK/exported" --execute
    check "changes nothing" body_has "14 are as they should be"
    check "not even versions" equal "$before" "$(count_expectations)"
    python3 - "$WORK/exported" >"$WORK/import" <<'END'
import json, sys
list = json.load(open(sys.argv[1]))["expectations"]
list = [x for x in list if x["name"] not in ("nightly", "gets its parts")]
list[0]["comment"] = "plan"
list.append({**list[0], "name": "a new one"})
print(json.dumps(list))
END
    check "a plan" rules 0 --import "$WORK/import" --delete-others
    for line in "create Firefox: a new one" "delete Firefox: nightly" "update Firefox: " "11 are as they should be" "Nothing was done"; do
        check "says: $line" body_has "$line"
    done
    check "products that are not in it stay" body_lacks "gets its parts"
    check "nothing was done" equal "$before" "$(count_expectations)"
    check "done" rules 0 --import "$WORK/import" --delete-others --execute
    check "so it is" equal "14 15" "$(count_expectations)"
    check "and back" rules 0 --import "$WORK/exported" --delete-others --execute
    check "again" rules 0 --import "$WORK/exported" --delete-others
    check "nothing is left to do" body_has "14 are as they should be"
    echo '{"expectations": [{"product": "Firefox", "name": "z", "query": "/nope", "must": {"update": "always"}}]}' >"$WORK/import"
    check "a wrong one" rules 2 --import "$WORK/import" --execute
    check "is named" body_has "element 0: query: no form"
}

# Makes curl send the name of $RELENG, as nginx would from a password.
as_releng() {
    mkdir -p "$WORK/bin"
    printf '#!/bin/bash\nexec %q -H "X-Test-User: %s" --noproxy "*" "$@"\n' "$(command -v curl)" $RELENG >"$WORK/bin/curl"
    chmod +x "$WORK/bin/curl"
    SCRIPT_PATH=$WORK/bin:$PATH
}

printf 'not-a-token\n' >"$WORK/token"
admin_up "$TOP/conf/demo.sql" --set admin.expectations_block=Firefox
make_expectations
run_refusals
run_table
run_mistakes
run_kept
run_scheduled_content
run_right_changes
run_script
run_blocks
run_broken_before
run_property
run_long_names
run_together
run_parallel
run_many_parts
run_many
summary
