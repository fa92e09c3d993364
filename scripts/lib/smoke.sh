# shellcheck shell=bash
# Checks whether a version works on the present schema, for schema-simulate. It tests over HTTP what every version can do:
# the public service, the admin's writes to every kind of table, and that the public service then serves them.

# The user of the requests, and the allow-list entry for its products. The sandbox must permit both.
SMOKE_USER=simulate@example.org
# shellcheck disable=SC2034 # schema-simulate uses it
SMOKE_ALLOW="simulate.example.org Simulate1 Simulate2 Simulate3 Simulate4 Simulate5 Simulate6 Simulate7 Simulate8 Simulate9"
SMOKE_LAST='' # the last answer, or what is wrong with it

# Sends a request and sets SMOKE_LAST to the answer. Returns false if it is not a 2xx answer.
smoke_ask() { # METHOD URL [JSON]
    local body=() status
    [[ -z ${3-} ]] || body=(-H 'Content-Type: application/json' --data "$3")
    SMOKE_LAST=$(curl -gsS --noproxy '*' --max-time 20 -X "$1" -H "X-Remote-User: $SMOKE_USER" "${body[@]}" \
        -w '\n%{http_code}' -- "$2" 2>&1) || return 1
    status=${SMOKE_LAST##*$'\n'}
    SMOKE_LAST=${SMOKE_LAST%$'\n'*}
    [[ $status == 2?? ]] || {
        SMOKE_LAST="$1 $2: $status ${SMOKE_LAST:0:200}"
        return 1
    }
}

smoke_has() { # TEXT: whether the last answer holds it
    [[ $SMOKE_LAST == *"$1"* ]] || {
        SMOKE_LAST="no '$1' in: ${SMOKE_LAST:0:200}"
        return 1
    }
}

# Sends the request again and again until the answer holds TEXT, 60 s at most: it takes a moment until a change is served.
smoke_until() { # URL TEXT
    local end=$((SECONDS + 60))
    until smoke_ask GET "$1" && smoke_has "$2"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

# Prints the body of a release whose update has BYTES bytes.
smoke_release() { # PRODUCT BYTES
    printf '{"product": "%s", "blob": {"name": "%s-1", "schema_version": 9, "hashFunction": "sha512", "platforms": {"P":
        {"OS_BOUNCER": "p", "OS_FTP": "p", "locales": {"de": {
        "buildID": "20300101000000", "completes": [{"filesize": %d, "from": "*", "hashValue": "abc"}]}}}},
        "fileUrls": {"*": {"completes": {"*": "http://simulate.example.org/x.mar"}}},
        "updateLine": [{"for": {}, "fields": {"type": "minor", "detailsURL": "http://example.org"}}], "appVersion": "9.0",
        "displayVersion": "9.0"}}' "$1" "$1" "$2"
}

# Prints a body that adds a locale, based on the release's first version.
smoke_locale() { # LOCALE
    printf '{"old_data_versions": {".": 1}, "blob": {"platforms": {"P": {"locales": {"%s": {
        "buildID": "20300101000000", "completes": [{"filesize": 5, "from": "*",
        "hashValue": "abc"}]}}}}}}' "$1"
}

# Runs all checks. If one fails, returns false, and SMOKE_LAST says which. TAG, a digit, makes the names of each run unique.
smoke() { # PUBLIC_URL ADMIN_URL TAG
    local public=$1 admin=$2 product=Simulate$3 query rule
    query="$public/update/6/$product/1.0/20200101000000/P/de/nightly/OS/ISET:SSE2,MEM:8192/default/default/update.xml"
    smoke_until "$public/__heartbeat__" "" && smoke_until "$admin/__heartbeat__" "" &&
        smoke_ask GET "$public/api/v1/rules" && smoke_ask GET "$public/api/v1/releases?names_only=1" &&
        smoke_ask PUT "$admin/v2/releases/$product-1" "$(smoke_release "$product" 1000)" &&
        smoke_ask POST "$admin/rules" "{\"product\": \"$product\", \"channel\": \"nightly\", \"mapping\": \"$product-1\",
            \"backgroundRate\": 100, \"update_type\": \"minor\", \"priority\": 90}" &&
        rule=$SMOKE_LAST &&
        smoke_until "$query" 'size="1000"' &&
        # The second of these is based on an outdated version: it is merged, which needs the history.
        smoke_ask POST "$admin/v2/releases/$product-1" "$(smoke_locale fr)" &&
        smoke_ask POST "$admin/v2/releases/$product-1" "$(smoke_locale it)" &&
        smoke_until "${query/\/de\//\/it\/}" 'size="5"' &&
        smoke_ask POST "$admin/scheduled_changes/rules" "{\"change_type\": \"update\", \"rule_id\": ${rule//[^0-9]/},
            \"data_version\": 1, \"priority\": 91, \"when\": 4102444800000}" &&
        smoke_ask GET "$admin/scheduled_changes/rules" && smoke_has "\"rule_id\":${rule//[^0-9]/}" &&
        smoke_ask PUT "$admin/users/$product@example.org/permissions/rule" '{"options": "{\"products\": [\"Simulate\"]}"}' &&
        smoke_ask POST "$admin/emergency_shutoff" "{\"product\": \"$product\", \"channel\": \"nightly\", \"comment\": \"x\"}" &&
        smoke_until "$query" "<updates>"$'\n'"</updates>" &&
        smoke_ask PUT "$admin/v2/releases/$product-2" "$(smoke_release "$product" 7 | sed "s/-1\"/-2\"/")" &&
        smoke_ask DELETE "$admin/v2/releases/$product-2" &&
        smoke_ask GET "$admin/rules/${rule//[^0-9]/}/revisions"
}
