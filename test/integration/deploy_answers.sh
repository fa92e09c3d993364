#!/bin/bash
# The answers of a canary are compared with those of the stable version: before it gets requests, and before it is promoted.
# Another person confirms the promotion.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

# different_tarball FILE: the release $V2, as $V3 and with answers that call an attribute by another name.
different_tarball() {
    local dir=$WORK/different
    mkdir "$dir"
    tar --extract --file "$WORK/v2.tar" --directory "$dir"
    rename_programs "$dir" "$V2" "$V3"
    perl -0777 -pi -e 's/detailsURL/detailsUrl/g' "$dir/sbin/balrog-public"
    tar --create --file "$1" --directory "$dir" .
}

# Signatures, which are another one each time; and rules that draw a random number for each query.
make_answers_vary() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$WORK/key.pem" 2>/dev/null
    chmod 640 "$WORK/key.pem"
    printf '[signing]\ncontent_signature_products = %s\nkey_file = %s\nx5u = https://chain.example/chain.pem\n' \
        "$(db <<<"SELECT GROUP_CONCAT(DISTINCT product SEPARATOR ' ') FROM rules WHERE product <> ''")" "$WORK/key.pem" >>"$WORK/etc/balrog.conf"
    db <<<"UPDATE rules SET backgroundRate = 50, data_version = data_version + 1"
}

answers_said() { # prints "ASKED DIFFER" of the last comparison
    sed -n 1p "$ROOT/state/canary.answers"
}

figure() { # NAME: the canary's figure, of $SAID
    sed -n "s/^$1 .* \([0-9]*\)$/\1/p" <<<"$SAID"
}

lacks() { # TEXT
    [[ $SAID != *"$1"* ]]
}

# as NAME COMMAND…: runs it as whom NAME called sudo for.
as() {
    SUDO_USER=$1 "${@:2}"
}

# Changes every rule three times as soon as both versions are asked. The canary takes changes over later than the stable
# version does.
change_rules() {
    until_true 300 grep -q "asking both versions" "$ROOT/state/deploy.log"
    db <<<"UPDATE rules SET data_version = data_version + 1; DO SLEEP(0.3); UPDATE rules SET data_version = data_version + 1;
        DO SLEEP(0.3); UPDATE rules SET data_version = data_version + 1"
}

test_same_answers() {
    local asked differ changes
    set_setting poll_ms 3000
    change_rules &
    changes=$!
    check "a canary" operate 0 deploy --from "$WORK/v2.tar" public "$V2"
    wait "$changes"
    check "both versions are asked before it gets requests" said "asking both versions"
    check "with queries that were made from rules" said "queries of rules"
    read -r asked differ < <(answers_said)
    sed -n 's/.*: \(asked [0-9]* questions.*\)/\1/p' <<<"$SAID"
    check "there were questions" test "$asked" -ge 20
    check "some were asked again, because rules changed" lacks " 0 of them twice"
    check "no answer differs, in spite of changes, signatures and random draws" equal 0 "$differ"
    check "the record says so" grep -qP "\tcompared\t.*\tpublic $V2: 0 of $asked answers of $V2 differ from those of $V1" "$ROOT/state/deploys"
    check "canary-status says so" operate 8 canary-status
    check "in a sentence" said "0 of $asked answers of $V2 differ from those of $V1, on 20"
    check "too few requests are a reason not to ask again" operate 3 promote
    check "they are what it says" said "has answered too few requests"
    check "nobody was asked" lacks "asking both versions"
    check "promoted in a dry run, nobody is asked either" operate 0 promote --dry-run --despite-few
    check "it says what it would do" said "would compare the answers of $V1 and $V2"
}

# promote asks both versions again, and then waits for another person.
test_confirmation() {
    local pid status=0
    set_env require_confirmation=yes confirmation_wait_s=0
    check "nobody confirms" as him operate 6 promote --despite-few
    check "both versions were asked" said "answers of $V2 differ from those of $V1"
    check "it was announced" grep -q "^confirm promotion of public $V2 on t is ready; it waits for: scripts/confirm -e t promote $V2" \
        "$WORK/told"
    check "the canary is still one" equal "$V1 $V2" "$(serving public) $(serving public-canary)"
    check "canary-status" operate 8 canary-status
    check "the questions are not requests by which it is judged" equal 0 "$(figure "answers to update queries")"
    set_env confirmation_wait_s=600
    as him "$TOP/scripts/promote" -e t --despite-few </dev/null >"$WORK/promote.log" 2>&1 &
    pid=$!
    check "promote waits" until_true 300 grep -q "waiting for another person: scripts/confirm -e t promote $V2" "$WORK/promote.log"
    check "the same person cannot confirm" as him operate 3 confirm promote "$V2"
    check "a confirmation of the deploy is not one of the promotion" as her operate 0 confirm public "$V2"
    check "promote still waits" kill -0 "$pid"
    check "another person confirms" as her operate 0 confirm promote "$V2"
    wait "$pid" || status=$?
    check "it is promoted" equal "0 $V2" "$status $(serving public)"
    check "the record says who confirmed" grep -qP "\tconfirmed\thim\tpromotion of public $V2 on t, by her$" "$ROOT/state/deploys"
    check "a confirmation is used once" test ! -e "$ROOT/state/confirmed/promote-$V2"
    set_env require_confirmation=no
}

test_different_answers() {
    local asked differ
    check "a version that answers otherwise" operate 0 deploy --from "$WORK/v3.tar" public "$V3"
    read -r asked differ < <(answers_said)
    echo "asked $asked, $differ differ"
    check "some answers differ" test "$differ" -gt 5 -a "$differ" -lt "$asked"
    check "the hook is told" grep -q "^canary public $V3 gets .*; $differ compared answers differ" "$WORK/told"
    check "canary-status" operate 8 canary-status
    check "it may not be promoted" said "it may not be promoted: $differ of $asked answers of $V3 differ from those of $V2"
    check "the first ones are shown" grep -qE "^  /update/.*[?&]force=-?1 \(here\)$" <<<"$SAID"
    check "as the stable version answers" grep -q '^      < .*detailsURL="' <<<"$SAID"
    check "and as the canary does" grep -q '^      > .*detailsUrl="' <<<"$SAID"
    check "but not all of them" equal 5 "$(grep -c '^  /update/' <<<"$SAID")"
    check "promote refuses" operate 3 promote --despite-few
    check "with the option" said "to continue anyway: --despite-differences"
    check "the log has the first ones" grep -q '^      > .*detailsUrl="' "$ROOT/state/deploy.log"
    set_env canary_max_differences=99999
    check "so many may differ" operate 0 promote --dry-run --despite-few
    set_env canary_max_differences=0
    check "a person may think otherwise" operate 0 promote --despite-few --despite-differences
    check "which is recorded" grep -qP "\toverridden\t.*\tdifferences: $differ of $asked answers" "$ROOT/state/deploys"
    check "it serves" equal "$V3" "$(serving public)"
}

# What clients have asked, where balrog-uptake runs.
test_queries_of_clients() {
    local locale
    printf '[uptake]\nsocket = %s\nlog = %s\nstate_dir = %s\n' "$WORK/uptake.sock" "$WORK/access.log" "$WORK" >"$WORK/etc/uptake.conf"
    "$BUILD/balrog-uptake" --config "$WORK/etc/uptake.conf" >"$WORK/uptake.log" 2>&1 &
    WRK_PIDS+=("$!")
    for locale in de fr ja; do
        get "$(query_path 20200101000000 "$locale")" >/dev/null
    done
    check "balrog-uptake has a sample" until_true 60 sample_has 3
    check "both versions are asked what clients have asked" operate 0 host answers "$V2" "$V2"
    check "it says so" said "3 questions, made from 3 queries of clients"
    check "their own force stays" said "asked 3"
}

sample_has() { # QUERIES
    [[ $(REQUEST_METHOD=GET REQUEST_URI=/__uptake__/sample cgi-fcgi -bind -connect "$WORK/uptake.sock" 2>/dev/null | grep -c '^{"count"') == "$1" ]]
}

# A version that hangs: the time is limited, and a signal ends what waits for it.
test_limits() {
    local old pid status=0 since
    old=$(pgrep -f "^$ROOT/releases/$V2/sbin/balrog-public ")
    kill -STOP "$old"
    set_env canary_answers_s=1
    check "a version that hangs" operate 0 host answers "$V2" "$V2"
    check "is given up when the time is over" said "after 1 s (canary_answers_s) 1 of 3 questions were asked"
    check "no answer is a difference" said "differ 1"
    set_env canary_answers_s=300
    "$TOP/scripts/deploy" -e t public "$V3" --from "$WORK/v3.tar" </dev/null >"$WORK/waiting.log" 2>&1 &
    pid=$!
    check "a deploy asks both versions" until_true 300 grep -q "asking both versions" "$WORK/waiting.log"
    since=${EPOCHREALTIME/./}
    kill -TERM "$pid"
    wait "$pid" || status=$?
    check "a signal ends it" equal 143 "$status"
    check "it ends within two seconds" test $((${EPOCHREALTIME/./} - since)) -lt 2000000
    check "nothing asks any more" equal gone "$(pgrep -f "^/bin/bash $TOP/scripts/host -e t answers" || echo gone)"
    kill -CONT "$old"
    set_env canary_answers=0
    check "the same command continues" operate 0 deploy --from "$WORK/v3.tar" public "$V3"
    check "no queries, no questions" lacks "asking both versions"
    check "which is no reason against a promotion" operate 0 promote --despite-few
    set_env canary_answers=45
}

# A rollback is urgent: nothing is compared, and nobody need confirm its promotion.
test_rollback() {
    check "a rollback" operate 0 rollback public "$V2"
    check "asks nothing" lacks "asking both versions"
    set_env require_confirmation=yes confirmation_wait_s=0
    check "nobody confirms it" operate 0 promote --despite-few
    check "it is not compared either" lacks "asking both versions"
    check "it serves" equal "$V2" "$(serving public)"
    set_env require_confirmation=no
}

set_setting() { # KEY VALUE: of balrog.conf's [public]
    sed -i "/^$1 = /d; s/^\[public\]$/&\n$1 = $2/" "$WORK/etc/balrog.conf"
}

PORT=$(free_port)
make_database
make_configuration
make_nginx
make_repository
built_tarball "$WORK/v1.tar"
renamed_tarball "$WORK/v1.tar" "$WORK/v2.tar"
different_tarball "$WORK/v3.tar"
make_answers_vary
set_setting poll_ms 20
set_env canary_answers=45 canary_watch_s=0
operate 0 deploy --from "$WORK/v1.tar" public "$V1"

test_same_answers
if ((EUID == 0)); then
    test_confirmation
else
    echo "skipped: confirmations by other people, because only root can call sudo for them here"
    check "promoted" operate 0 promote --despite-few
fi
test_different_answers
test_rollback
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    test_queries_of_clients
    test_limits
fi
summary
