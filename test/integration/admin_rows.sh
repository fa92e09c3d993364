# shellcheck shell=bash
# The lists of the admin API, and rows that make them long. Sourced by a test and by a benchmark.
: "${LATER:=4102444800000}" # ms; a time that is far

# shellcheck disable=SC2034 # for who sources this
LISTS=(/releases '/releases?names_only=1' '/releases?product=Firefox&name_prefix=v1-1' /releases/columns/name
    /v2/releases '/v2/releases?names_only=1' /rules '/rules?product=Firefox' '/rules?timestamp=1600000000000' /rules/history
    /rules/columns/mapping /scheduled_changes/rules '/scheduled_changes/rules?all=1' /scheduled_changes/releases
    /scheduled_changes/permissions /scheduled_changes/emergency_shutoff /scheduled_changes/pinnable_releases
    /scheduled_changes/required_signoffs/product /scheduled_changes/required_signoffs/permissions /users
    /permissions/history /required_signoffs/product /required_signoffs/product/history /required_signoffs/permissions
    /required_signoffs/permissions/history /emergency_shutoff /app_instances)

# scheduled TABLE COUNT COLUMN=EXPRESSION…: deletions of COUNT rows that are to come, numbered seq, each signed off once.
scheduled() {
    local table=$1_scheduled_changes count=$2 column='' value='' pair
    shift 2
    for pair in "$@"; do
        column+=", base_${pair%%=*}"
        value+=", ${pair#*=}"
    done
    echo "INSERT INTO $table (scheduled_by, complete, change_type, data_version, base_data_version$column)
            SELECT 'admin@x', 0, 'delete', 1, 1$value FROM seq_1_to_$count;
        INSERT INTO ${table}_conditions (sc_id, \`when\`, data_version)
            SELECT sc_id, $LATER, 1 FROM $table WHERE sc_id NOT IN (SELECT sc_id FROM ${table}_conditions);"
    [[ $table == pinnable* ]] || echo "INSERT INTO ${table}_signoffs (sc_id, username, role)
            SELECT sc_id, 'qa@x', 'qa' FROM $table WHERE sc_id NOT IN (SELECT sc_id FROM ${table}_signoffs);"
}

# rows TAG RELEASES RULES: that many of them; as many of all else as rules, but of required sign-offs a tenth. Names begin with TAG.
rows() {
    local tag=$1 releases=$2 rules=$3 signoffs=$(($3 / 10))
    cat <<EOF
SET autocommit = 0;
INSERT INTO releases (name, product, read_only, data, data_version)
    SELECT CONCAT('$tag-v1-', seq), 'Firefox', 0, CONCAT('{"name": "$tag-v1-', seq, '", "schema_version": 4, "hashFunction":
        "sha512", "fill": "', REPEAT(SHA2(seq, 512), 8), '"}'), 1 FROM seq_1_to_$releases;
INSERT INTO releases_json (name, product, read_only, data, data_version)
    SELECT CONCAT('$tag-v2-', seq), 'Firefox', 0, CONCAT('{"name": "$tag-v2-', seq, '", "schema_version": 9, "hashFunction":
        "sha512", "fill": "', REPEAT(SHA2(seq, 512), 8), '"}'), 1 FROM seq_1_to_$releases;
INSERT INTO rules (priority, mapping, fallbackMapping, backgroundRate, update_type, product, channel, alias, data_version)
    SELECT seq, CONCAT('$tag-v', 1 + seq MOD 2, '-', 1 + seq MOD $releases), CONCAT('$tag-v1-', 1 + seq * 7 MOD $releases),
        50, 'minor', 'Firefox', CONCAT('ch-', seq MOD 50), CONCAT('$tag-', seq), 1 FROM seq_1_to_$rules;
INSERT INTO rules_history (changed_by, timestamp, rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
    SELECT 'admin@x', 1500000000000 + rule_id, rule_id, priority, mapping, backgroundRate, update_type, product, channel, 1
    FROM rules WHERE alias LIKE '$tag-%';
INSERT INTO permissions (username, permission, options, data_version)
    SELECT CONCAT('$tag-', seq, '@x'), 'rule', '{"products": ["Firefox"]}', 1 FROM seq_1_to_$rules;
INSERT INTO permissions_history (changed_by, timestamp, username, permission, data_version)
    SELECT 'admin@x', 1500000000000, username, permission, 1 FROM permissions WHERE username LIKE '$tag-%';
INSERT INTO user_roles (username, role, data_version) SELECT CONCAT('$tag-', seq, '@x'), 'qa', 1 FROM seq_1_to_$rules;
INSERT INTO emergency_shutoffs (product, channel, data_version) SELECT '$tag', CONCAT('ch-', seq), 1 FROM seq_1_to_$rules;
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version)
    SELECT '$tag', CONCAT('ch-', seq), 'qa', 1, 1 FROM seq_1_to_$signoffs;
INSERT IGNORE INTO product_req_signoffs (product, channel, role, signoffs_required, data_version)
    SELECT 'Firefox', CONCAT('ch-', seq), 'qa', 1, 1 FROM seq_0_to_49;
INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version)
    SELECT CONCAT('$tag', seq), 'qa', 1, 1 FROM seq_1_to_$signoffs;
$(scheduled rules "$rules" "rule_id=(SELECT rule_id FROM rules WHERE alias = CONCAT('$tag-', seq))" "product='Firefox'")
$(scheduled releases "$rules" "name=CONCAT('$tag-v1-', seq)" "product='Firefox'" 'read_only=0')
$(scheduled releases_json "$rules" "name=CONCAT('$tag-v2-', seq)" "product='Firefox'" 'read_only=0')
$(scheduled release_assets "$rules" "name=CONCAT('$tag-v2-', seq)" "path='.platforms.P.locales.de'")
$(scheduled permissions "$rules" "username=CONCAT('$tag-', seq, '@x')" "permission='rule'")
$(scheduled emergency_shutoffs "$rules" "product='$tag'" "channel=CONCAT('ch-', seq)")
$(scheduled pinnable_releases "$rules" "product='Firefox'" "version=CONCAT('$tag', seq)" "channel='c'" "mapping='x'")
$(scheduled product_req_signoffs "$signoffs" "product='$tag'" "channel=CONCAT('ch-', seq)" "role='qa'")
$(scheduled permissions_req_signoffs "$signoffs" "product=CONCAT('$tag', seq)" "role='qa'")
COMMIT;
EOF
}
