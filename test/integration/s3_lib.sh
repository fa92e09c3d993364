# shellcheck shell=bash
# An S3-compatible store of the test's own: OpenStack Swift with its s3api, which Debian has. Its four servers run on the loopback,
# with one copy of everything below $WORK/s3. Sourced after service.sh.
: "${TOP=}" "${WORK=}"
S3_KEY=testing

# Starts the store. Sets S3_URL.
s3_up() {
    local dir=$WORK/s3 kind port cache user
    user=$(id -un)
    mkdir -p "$dir/node/d1"
    unset AWS_CA_BUNDLE # rclone 1.60 cannot use it
    export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
    for kind in account container object; do
        port=$(free_port)
        # Ring files: where which data are. One place.
        (cd "$dir" && swift-ring-builder "$kind.builder" create 1 1 0 && swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1 &&
            swift-ring-builder "$kind.builder" rebalance) >>"$dir/log" 2>&1
        printf '%s\n' '[DEFAULT]' 'bind_ip = 127.0.0.1' "bind_port = $port" "devices = $dir/node" 'mount_check = false' "swift_dir = $dir" \
            "user = $user" 'workers = 0' '[pipeline:main]' "pipeline = $kind-server" "[app:$kind-server]" "use = egg:swift#$kind" >"$dir/$kind.conf"
        swift-"$kind"-server --verbose "$dir/$kind.conf" </dev/null >>"$dir/log" 2>&1 &
        LOOSE+=("$!")
    done
    cache=$(free_port)
    memcached -l 127.0.0.1 -p "$cache" -u "$user" </dev/null >>"$dir/log" 2>&1 &
    LOOSE+=("$!")
    port=$(free_port)
    printf '%s\n' '[DEFAULT]' 'bind_ip = 127.0.0.1' "bind_port = $port" "swift_dir = $dir" "user = $user" 'workers = 0' \
        '[pipeline:main]' 'pipeline = catch_errors cache s3api tempauth slo proxy-server' \
        '[app:proxy-server]' 'use = egg:swift#proxy' 'account_autocreate = true' \
        '[filter:tempauth]' 'use = egg:swift#tempauth' "user_test_tester = $S3_KEY .admin" \
        '[filter:s3api]' 'use = egg:swift#s3api' 's3_acl = false' '[filter:slo]' 'use = egg:swift#slo' \
        '[filter:cache]' 'use = egg:swift#memcache' "memcache_servers = 127.0.0.1:$cache" \
        '[filter:catch_errors]' 'use = egg:swift#catch_errors' >"$dir/proxy.conf"
    swift-proxy-server --verbose "$dir/proxy.conf" </dev/null >>"$dir/log" 2>&1 &
    S3_PID=$!
    LOOSE+=("$S3_PID")
    S3_URL=http://127.0.0.1:$port
    if ! until_true 60 curl -s --noproxy '*' -o /dev/null "$S3_URL/"; then
        tail -n 20 "$dir/log" >&2
        return 1
    fi
}

# Writes rclone's configuration of the store "store".
s3_conf() { # FILE
    printf '%s\n' '[store]' 'type = s3' 'provider = Other' "endpoint = $S3_URL" 'access_key_id = test:tester' "secret_access_key = $S3_KEY" \
        'region = us-east-1' >"$1"
    chmod 600 "$1"
}
