#!/bin/bash
# A release day: all that release automation (mozilla-releng/scriptworker-scripts, balrogscript) sends to an admin, and
# what clients are served after it. The requests, and a list of what they cover, are in release_day.py.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: release_day.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
PUBLIC_URL=

# The users as they are in life: machines that may do what they need, two people who sign off, the agent.
rows() {
    cat <<'SQL'
INSERT INTO permissions (username, permission, options, data_version) VALUES
    ('ffxbld', 'release', '{"products": ["Firefox", "SystemAddons"], "actions": ["create", "modify"]}', 1),
    ('ffxbld', 'release_locale', '{"products": ["Firefox"], "actions": ["modify"]}', 1),
    ('ffxbld', 'release_read_only', '{"products": ["Firefox"], "actions": ["set"]}', 1),
    ('ffxbld', 'pinnable_release', '{"products": ["Firefox"]}', 1),
    ('ffxbld', 'rule', '{"products": ["Firefox", "SystemAddons"], "actions": ["modify"]}', 1),
    ('tbirdbld', 'release', '{"products": ["Thunderbird"]}', 1),
    ('tbirdbld', 'release_locale', '{"products": ["Thunderbird"]}', 1),
    ('tbirdbld', 'rule', '{"products": ["Thunderbird"]}', 1),
    ('qa@example.com', 'scheduled_change', NULL, 1), ('relman@example.com', 'scheduled_change', NULL, 1),
    ('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);
INSERT INTO user_roles (username, role, data_version) VALUES ('qa@example.com', 'qa', 1), ('relman@example.com', 'relman', 1);
INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
    ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release', 'relman', 1, 1);
INSERT INTO releases (name, product, read_only, data, data_version) VALUES ('Firefox-99.0-build1', 'Firefox', 0,
    '{"name": "Firefox-99.0-build1", "schema_version": 9, "hashFunction": "sha512", "appVersion": "99.0", "displayVersion": "99.0",
      "updateLine": [{"for": {}, "fields": {"detailsURL": "https://www.mozilla.org/notes", "type": "minor"}}],
      "fileUrls": {"*": {"completes": {"*": "https://download.mozilla.org/?product=firefox-99.0-complete"}}},
      "platforms": {"Linux_x86_64-gcc3": {"OS_BOUNCER": "linux64", "OS_FTP": "linux", "locales": {"de": {
        "buildID": "20220102000000", "appVersion": "99.0", "displayVersion": "99.0",
        "completes": [{"from": "*", "filesize": 1990, "hashValue": "ab"}]}}}}}', 1);
INSERT INTO rules (rule_id, alias, priority, mapping, backgroundRate, update_type, product, channel, data_version) VALUES
    (1, 'release', 100, 'Firefox-99.0-build1', 100, 'minor', 'Firefox', 'release', 1),
    (2, 'localtest', 100, NULL, 100, 'minor', 'Firefox', 'release-localtest', 1),
    (3, 'cdntest', 100, NULL, 100, 'minor', 'Firefox', 'release-cdntest', 1),
    (4, 'nightly', 100, 'Firefox-mozilla-central-nightly-latest', 100, 'minor', 'Firefox', 'nightly', 1),
    (5, 'oak', 100, 'Firefox-oak-nightly-latest', 100, 'minor', 'Firefox', 'nightly-oak', 1),
    (6, 'addons', 100, NULL, 100, 'minor', 'SystemAddons', NULL, 1);
SQL
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql"
python3 "$TOP/test/integration/release_day.py" "$ADMIN_URL" "$PUBLIC_URL"
