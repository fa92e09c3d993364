#!/bin/bash
# Deploy, canary, promote, schema upgrades, rollback and abort of real versions, under load. No request fails or gets a wrong
# answer.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

# The machine gets the tree's own version, as a tarball that was built.
test_first_deploy() {
    check "a version that is no tag" operate 3 deploy admin v9.99
    check "is named" said "v9.99 is not a tag"
    check "nothing was deployed" equal '' "$(running admin)"
    check "a file in place of the upstreams' file" operate 3 deploy --from "$WORK/v1.tar" public "$V1"
    check "is not overwritten" said "was not written by scripts/deploy"
    rm "$WORK/upstreams.conf"
    check "everything, to a machine that has nothing" operate 0 deploy --from "$WORK/v1.tar" "$V1"
    check "public serves at once" equal "$V1 $V1 $V1" "$(serving public) $(serving public-canary) $(current public)"
    check "admin and agent run" equal "$V1 $V1" "$(running admin) $(running agent)"
    check "admin answers through nginx" equal "OK!" "$(curl -s --noproxy '*' "http://127.0.0.1:$((PORT + 1))/__lbheartbeat__")"
    check "public answers through nginx" test -n "$(get "$(query_path 20200101000000 de)" | grep '<patch ')"
    check "public says what it was made from" equal \
        "{\"commit\":\"unknown\",\"source\":\"v1.tar $(sha256sum <"$WORK/v1.tar" | cut -d ' ' -f 1)\",\"version\":\"${V1#v}\"}" \
        "$(get /__version__)"
    check "so does admin" equal "$(get /__version__)" "$(curl -s --noproxy '*' "http://127.0.0.1:$((PORT + 1))/__version__")"
    test_dry_run
    check "the hook heard of it" grep -q "^deployed public $V1 runs on t" "$WORK/told"
    check "once more changes nothing" operate 0 deploy --from "$WORK/v1.tar" "$V1"
    check "it is current" said "public $V1 is current already"
    check "nginx was started, and not reloaded" equal 1 "$(wc -l <"$WORK/reloads")"
}

# A dry run of what could be done leaves no trace in the log, the record or the state.
test_dry_run() {
    local before
    before=$(sha256sum "$ROOT"/state/deploy* "$WORK/told")
    check "a dry run" operate 0 deploy --dry-run --from "$WORK/v1.tar" "$V1"
    check "says what it would do" said "would run on here: host current admin $V1"
    check "and logs nothing as done" equal "$before" "$(sha256sum "$ROOT"/state/deploy* "$WORK/told")"
}

# The next version: additive phase by admin, canary, promote, destructive phase.
test_order() {
    check "public before the additive phase" operate 3 deploy public "$V2"
    check "is refused with the step" said "lacks the additive step $STEP"
    check "and nothing of it runs" equal "$V1" "$(running public)"
    check "admin" operate 0 deploy admin "$V2"
    check "has run the additive phase" equal 1 \
        "$(db <<<"SELECT COUNT(*) FROM balrog_schema WHERE version = $((10#$STEP)) AND phase = 'additive' AND applied_at > 0")"
    check "has switched" equal "$V2 $V2 $V2" "$(serving admin) $(current admin) $(running admin)"
    check "agent" operate 0 deploy agent "$V2"
    check "has switched, too" equal "$V2 $V2" "$(current agent) $(running agent)"
}

test_canary() {
    check "no canary yet" operate 3 canary-status
    check "nothing to promote" operate 3 promote
    check "nothing to abort" operate 3 abort
    # It dies where it would say that the canary is on, and is begun again.
    echo canary >"$WORK/kill-at"
    check "a deploy that is killed" operate 137 deploy agent public "$V2"
    check "goes on" operate 0 deploy agent public "$V2"
    check "as a canary" equal "$V1 $V2 $V1" "$(serving public) $(serving public-canary) $(current public)"
    check "beside the old one" equal "$V1 $V2" "$(running public)"
    check "another deploy" operate 3 deploy agent "$V2"
    check "waits for it" said "public $V2 is a canary on t (watching)"
    set_env canary_watch_s=3600
    check "promote is too early" operate 3 promote
    check "and says so" said "canary_watch_s is 3600"
    set_env canary_watch_s=1
    check "the canary gets its share and is not worse" until_true 300 may_be_promoted
    check "the two side by side" operate 0 canary-status
    check "with their versions" said "canary $V2"
    test_destructive_refused
    check "somebody watches" until_true 60 somebody_watches
    check "promote" operate 0 promote
    check "all is led to it" equal "$V2 $V2 $V2" "$(serving public) $(serving public-canary) $(current public)"
    check "and the old one is gone" equal "$V2" "$(running public)"
}

destructive() {
    "$TOP/scripts/schema-upgrade" -e t --phase destructive --execute --despite-early \
        --schema "$ROOT/releases/$V2/share/balrog/schema" \
        >"$WORK/destructive.log" 2>&1
}

# The destructive step of $V2 leaves nothing older.
test_destructive() {
    check "destructive" destructive || cat "$WORK/destructive.log"
    check "is done" equal 1 \
        "$(db <<<"SELECT COUNT(*) FROM balrog_schema WHERE version = $((10#$STEP)) AND phase = 'destructive' AND applied_at > 0")"
}

test_destructive_refused() {
    local status=0
    destructive || status=$?
    check "destructive while an old worker lives is refused" equal 6 "$status"
    check "nothing was taken away" equal 1 "$(db <<<"SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'deploy_test' AND column_name = 'gone'")"
}

test_rollback() {
    check "to a version that is not earlier" operate 3 rollback public "$V3"
    check "public goes back" operate 0 rollback public "$V1"
    check "through a canary" equal "$V2 $V1" "$(serving public) $(serving public-canary)"
    check "that is not worse" until_true 300 may_be_promoted
    check "it is promoted, whenever that is killed" survives_kills promote
    check "and alone" equal "$V1 $V1" "$(serving public) $(running public)"
    check "admin goes back at once, whenever that is killed" survives_kills rollback admin "$V1"
    check "and is alone" equal "$V1 $V1" "$(serving admin) $(running admin)"
}

test_forward_again() {
    check "admin once more" operate 0 deploy admin "$V2"
    check "public once more, whenever that is killed" survives_kills deploy public "$V2"
    check "it may be promoted" until_true 300 may_be_promoted
    check "it is" operate 0 promote
    check "nothing old is left" equal "$V2 $V2 $V2" "$(running public) $(running admin) $(running agent)"
}

test_rollback_refused() {
    check "back beyond the destructive step" operate 3 rollback public "$V1"
    check "is refused with the reason" said "its destructive step $((10#$STEP)) (deploy_test) leaves only $V2 and later"
    check "nothing changed" equal "$V2 $V2" "$(serving public) $(running public)"
    check "nor is it deployed" operate 3 deploy --from "$WORK/v1.tar" public "$V1"
}

# A version that is broken ends by itself; clients do not see it.
test_bad_canary() {
    local from=()
    if [[ -z ${BALROG_TEST_FULL-} ]]; then
        check "the bad one is made" broken_tarball "$WORK/v3.tar"
        from=(--from "$WORK/v3.tar")
    fi
    check "the bad one's admin" operate 0 deploy "${from[@]}" admin "$V3"
    check "the bad one" operate 0 deploy "${from[@]}" public "$V3"
    check "gives itself up" until_true 300 test ! -e "$ROOT/state/canary"
    check "only the good one is left" equal "$V2 $V2 $V2" "$(serving public) $(serving public-canary) $(running public)"
    check "the hook heard why" grep -qE "^aborted the canary $V3 was aborted on t: .*(are 5xx|failed by nginx's log)" "$WORK/told"
    check "it had answered some" test "$(grep -c '"upstream_status":"500 : 200"' "$WORK/access.log")" -gt 0
    check "it counts as a failed deploy" operate 3 deploy agent "$V2"
    check "that keeps others away" said "the last deploy failed: the canary of public $V3"
    check "who may go on all the same" operate 0 deploy --despite-failure agent "$V2"
    check "which is recorded" grep -q "overridden" "$ROOT/state/deploys"
}

# crashing_tarball FILE: the release $V2, as $V3 and with a balrog-public that is killed every three seconds. Its counts
# begin again each time, and never show it.
crashing_tarball() {
    local dir=$WORK/crashing
    cp -a "$ROOT/releases/$V2" "$dir"
    rename_programs "$dir" "$V2" "$V3"
    rename_programs "$dir" "$V1" "$V3"
    mv "$dir/sbin/balrog-public" "$dir/sbin/balrog-public.real"
    cat >"$dir/sbin/balrog-public" <<'END'
#!/bin/bash
[[ $# -eq 2 && $1 == --config ]] || exec "$0.real" "$@"
"$0.real" "$@" <&0 &
sleep 3
kill -KILL $!
END
    chmod +x "$dir/sbin/balrog-public"
    tar --create --file "$1" --directory "$dir" .
}

test_crashing_canary() {
    rm -rf -- "${ROOT:?}/releases/$V3"
    crashing_tarball "$WORK/crashing.tar"
    check "a canary that crashes again and again is deployed" operate 0 deploy --despite-failure --from "$WORK/crashing.tar" \
        public "$V3"
    check "it is aborted" until_true 120 test ! -e "$ROOT/state/canary"
    check "the hook is told why" until_true 60 grep -q "^aborted the canary $V3 was aborted on t: .*it was restarted 3 times" "$WORK/told"
    check "only the good version is left" equal "$V2 $V2" "$(serving public) $(serving public-canary)"
}

builds() { # VERSION
    compgen -G "$ROOT/releases/.build-$1.*/installed" >/dev/null
}

# Killed while it builds, or while it tells that it begins: the same command completes it.
test_interrupted() {
    local pid
    "$TOP/scripts/deploy" -e t admin "$V2" </dev/null >"$WORK/killed.log" 2>&1 &
    pid=$!
    check "it builds" until_true 300 builds "$V2"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    check "no half a release" test ! -e "$ROOT/releases/$V2"
    echo begun >"$WORK/kill-at"
    check "killed when it was built" operate 137 deploy admin "$V2"
    check "the release is there" test -x "$ROOT/releases/$V2/sbin/balrog-public"
    check "nothing was switched" equal "$V1" "$(serving admin)"
}

PORT=$(free_port)
make_database
make_configuration
make_nginx
make_repository
built_tarball "$WORK/v1.tar"
add_schema_steps "$V2"
tag_version "$V2"
break_some_answers
tag_version "$V3"
echo "# by hand" >"$WORK/upstreams.conf"

test_first_deploy
start_load upgrade
test_interrupted
test_order
test_canary
end_load upgrade
start_load rollback
test_rollback
end_load rollback
start_load again
test_forward_again
test_destructive
end_load again
start_load bad
test_rollback_refused
test_bad_canary
test_crashing_canary
end_load bad
((FAILED == 0)) || tail -n 60 "$ROOT/state/deploy.log" "$ROOT/log/canary-watch.log" >&2
summary
