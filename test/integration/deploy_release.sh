#!/bin/bash
# scripts/release: what it shows, what it refuses, that an interrupted one is completed. In full, a whole one: the
# distribution made and built, and brought to a stage with MariaDB and nginx.
set -euo pipefail
# shellcheck source=test/integration/deploy_lib.sh
. "$(dirname -- "$0")/deploy_lib.sh"

release() { # STATUS ARG…: in the repository itself
    local wanted=$1 status=0
    shift
    SAID=$("$REPO/scripts/release" -e t --out "$WORK" "$@" </dev/null 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { printf '  release %s: exit status %s, wanted %s:\n%s\n' "$*" "$status" "$wanted" "$SAID" >&2 && return 1; }
}

# The tree becomes what VERSION's release is about to be, with a step of the schema.
prepare_version() { # VERSION
    printf '%s\n' "${1#v}" >"$REPO/VERSION"
    sed -i "0,/^## /s//## $1\n\nNot released yet.\n\n- A thing of $1.\n\n## /" "$REPO/NEWS.md"
    add_schema_steps "$1"
    git -C "$REPO" add --all --force
    git -C "$REPO" commit --quiet -m "A thing"
}

# The next commit in the repository kills the release that makes it.
kill_at_commit() {
    cat >"$REPO/.git/hooks/pre-commit" <<'END_HOOK'
#!/bin/bash
rm -- "$0"
kill -KILL "$(ps -o ppid= -p "$PPID" | tr -d ' ')"
exit 1
END_HOOK
    chmod +x "$REPO/.git/hooks/pre-commit"
}

in_head() { # NAME
    git -C "$REPO" show "HEAD:$1"
}

clean() {
    [[ -z $(git -C "$REPO" status --porcelain --untracked-files=no) ]]
}

# ---- without a stage ----

test_refused() {
    check "another version than VERSION's" release 3 "$V2"
    check "says which" said "VERSION says ${V1#v}: it must say ${V2#v}"
    printf '%s\n' "${V2#v}" >"$REPO/VERSION"
    check "what is not committed" release 3 "$V2"
    check "is told" said "not committed"
    git -C "$REPO" commit --quiet --all -m "Begin $V2"
    check "what is not in NEWS.md" release 3 "$V2"
    check "is told, too" said "NEWS.md says nothing under '## $V2'"
    check "three parts" release 2 v1.2.3
    check "no version" release 2
    check "no such directory" release 2 --out "$WORK/nowhere" "$V2"
    check "no such environment" equal 2 "$("$REPO/scripts/release" -e nowhere "$V2" >/dev/null 2>&1; echo $?)"
}

test_plan() {
    prepare_version "$V2"
    check "the plan" release 0 "$V2"
    check "shows what is new" said "- A thing of $V2."
    check "and the commits" said " A thing"$'\n'
    check "and the schema" said "${STEP}_deploy_test/additive.sql"
    check "and in which order it is deployed" said "deploy $V2: admin and agent, then public"
    check "and does nothing" equal '' "$(git -C "$REPO" tag --list "$V2")"
    check "without a signature where one is needed" release 2 --execute --no-sign --no-deploy "$V2"
}

# Killed at its commits, with somebody's tarball in the way: the same command completes it.
test_interrupted() {
    local file=$WORK/balrog-${V2#v}.tar.xz
    kill_at_commit
    check "killed where it writes the date" release 137 --execute --no-deploy "$V2"
    check "there is no tag" equal '' "$(git -C "$REPO" tag --list "$V2")"
    git -C "$REPO" archive --prefix="balrog-${V2#v}/" HEAD | xz -0 >"$file"
    check "a tarball of something else" release 3 --execute --no-deploy "$V2"
    check "is not signed" test ! -e "$file.asc"
    check "but named" said "$file is there, and was not made from the tag $V2: remove it"
    : >"$file"
    check "nor is half a one" release 3 --execute --no-deploy "$V2"
    # What makes it is shown below, in full, and by the distribution's own check.
    git -C "$REPO" archive --prefix="balrog-${V2#v}/" "$V2" | xz -0 >"$file"
    kill_at_commit
    check "killed where the next version begins" release 137 --execute --no-deploy "$V2"
    check "it has not begun" equal "${V2#v}" "$(in_head VERSION)"
    check "the release" release 0 --execute --no-deploy "$V2"
}

test_released() {
    check "$1: a signed tag" git -C "$REPO" verify-tag "$1" 2>/dev/null
    check "$1: it says what is new" equal 1 "$(git -C "$REPO" tag --list --format='%(contents)' "$1" | grep -c "^- A thing of $1.")"
    check "$1: and the date" git -C "$REPO" grep -q "^Released 20" "$1" -- NEWS.md
    check "$1: the tarball is signed" gpg --batch --quiet --verify "$WORK/balrog-${1#v}.tar.xz.asc" \
        "$WORK/balrog-${1#v}.tar.xz" 2>/dev/null
    check "$1: $2 has begun" equal "${2#v}" "$(in_head VERSION)"
    check "$1: and has its news" equal "## $2" "$(in_head NEWS.md | grep -m 1 '^## ')"
    check "$1: the release before is still dated" equal 1 "$(in_head NEWS.md | sed -n "/^## $1\$/,/^## /p" | grep -c '^Released 20')"
    check "$1: everything is committed" clean
}

test_again() {
    check "once more" release 0 --execute --no-deploy "$V2"
    check "changes nothing" equal "Begin $V3" "$(git -C "$REPO" log -1 --format=%s)"
    printf '%s\n' "${V2#v}" >"$REPO/VERSION"
    git -C "$REPO" commit --quiet --all -m "Back"
    check "the tag does not move" release 0 "$V2"
    git -C "$REPO" reset --quiet --hard HEAD~1
}

# ---- the whole, to a stage that runs the version before ----

# The UI is built by others; the tag holds what they made.
add_ui() {
    mkdir -p "$REPO/ui/dist/assets"
    echo "/* $1 */" >"$REPO/ui/dist/assets/main.js"
    echo "<html>$1</html>" >"$REPO/ui/dist/index.html"
    git -C "$REPO" add --all --force
    git -C "$REPO" commit --quiet -m "The UI of $1"
}

makes_tarball() {
    [[ -e $WORK/balrog-${V3#v}.tar.xz.log ]]
}

start_stage() {
    set_env require_signed=no
    built_tarball "$WORK/v1.tar"
    check "stage runs the version before" operate 0 deploy --from "$WORK/v1.tar" "$V1"
    set_env require_signed=yes
}

test_whole() {
    local pid after=${V1%.*}.$((${V1##*.} + 3))
    prepare_version "$V3" # begun already, without a line
    add_ui "$V3"
    check "the plan" release 0 "$V3"
    # Killed while it makes the tarball, then while the deploy tells that the canary is on.
    "$REPO/scripts/release" -e t --out "$WORK" --execute "$V3" </dev/null >"$WORK/killed.log" 2>&1 &
    pid=$!
    check "it makes the tarball" until_true 300 makes_tarball
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    check "no half a tarball" test ! -e "$WORK/balrog-${V3#v}.tar.xz"
    echo canary >"$WORK/kill-at"
    check "a deploy that is killed" release 137 --execute "$V3"
    check "stops the release" equal "${V3#v}" "$(in_head VERSION)"
    check "the whole release" release 0 --execute "$V3"
    test_released "$V3" "$after"
    check "admin and agent run it" equal "$V3 $V3" "$(running admin) $(running agent)"
    check "it is made of the tag's commit" equal "$(git -C "$REPO" rev-parse "$V3^{commit}")" \
        "$(sed -n 's/^commit = //p' "$ROOT/releases/$V3/RELEASE")"
    check "public has a canary" equal "$V1 $V3" "$(serving public) $(serving public-canary)"
    check "the UI is served" equal "<html>$V3</html>" "$(<"$ROOT/current/ui/index.html")"
    check "the canary is no worse" until_true 300 may_be_promoted
    check "and promoted" operate 0 promote
    check "stage runs it" equal "$V3 $V3" "$(current public) $(running public)"
}

# Everything that is in the tree is in the tarball, so whoever has it can do what README says.
test_tarball() {
    local dir=$WORK/unpacked/balrog-${V3#v}
    unpack_tarball
    check "nothing of the tag is missing" equal '' "$(git -C "$REPO" ls-tree -r --name-only "$V3" -- scripts fcgi schema conf docs |
        while read -r name; do [[ -e $dir/$name ]] || echo "$name"; done)"
    # shellcheck disable=SC2016 # the inner shell expands it
    check "it builds as README says" in_dir "$dir" 'autoreconf -i && ./configure --prefix="$PWD/prefix" && make && make install'
    check "and runs" equal "balrog-public ${V3#v}" "$("$dir/prefix/sbin/balrog-public" --version)"
    unpack_tarball
    check "the demo starts" in_dir "$dir" "scripts/quickstart --port $(free_port)"
    check "and stops" in_dir "$dir" "scripts/quickstart stop"
}

unpack_tarball() {
    rm -rf -- "$WORK/unpacked"
    mkdir "$WORK/unpacked"
    tar --extract --file "$WORK/balrog-${V3#v}.tar.xz" --directory "$WORK/unpacked"
}

in_dir() { # DIR COMMANDS
    (cd "$1" && bash -euc "$2") >"$WORK/in_dir.log" 2>&1 </dev/null || { tail -n 20 "$WORK/in_dir.log" >&2 && return 1; }
}

# Where there is no repository, the tarball is enough.
test_from_tarball() {
    set_env "root=$WORK/root2" repository= "user=$(id -un)"
    check "a deploy of the tarball" operate 0 deploy --from "$WORK/balrog-${V3#v}.tar.xz" agent "$V3"
    check "is built and runs" equal "$V3" "$(running agent)"
    "$TOP/scripts/host" -e t stop agent "$V3" 2>/dev/null
}

PORT=$(free_port)
make_configuration
make_repository
make_key
set_env require_signed=yes keyring="$GNUPGHOME"
test_refused
test_plan
test_interrupted
test_released "$V2" "$V3"
test_again
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    make_database
    make_nginx
    start_stage
    start_load release
    test_whole
    end_load release
    test_from_tarball
    test_tarball
    ((FAILED == 0)) || tail -n 60 "$ROOT/state/deploy.log" >&2
fi
summary
