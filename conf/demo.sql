-- A small Balrog to play with: made-up releases in the shapes that real ones have. Loading it again brings it back to
-- how it was. Hashes and sizes are computed from the names, so that every file has its own.

-- What the application releases are made of.

CREATE OR REPLACE TEMPORARY TABLE demo_platform (
    name VARCHAR(75), bouncer VARCHAR(20), ftp VARCHAR(20)
);
INSERT INTO demo_platform VALUES
    ('WINNT_x86_64-msvc', 'win64', 'win64'),
    ('WINNT_x86-msvc', 'win', 'win32'),
    ('WINNT_aarch64-msvc-aarch64', 'win64-aarch64', 'win64-aarch64'),
    ('Darwin_x86_64-gcc3-u-i386-x86_64', 'osx', 'mac'),
    ('Linux_x86_64-gcc3', 'linux64', 'linux-x86_64');

CREATE OR REPLACE TEMPORARY TABLE demo_alias (name VARCHAR(75), target VARCHAR(75));
INSERT INTO demo_alias VALUES
    ('WINNT_x86_64-msvc-x64', 'WINNT_x86_64-msvc'),
    ('WINNT_x86-msvc-x86', 'WINNT_x86-msvc'),
    ('WINNT_x86-msvc-x64', 'WINNT_x86-msvc'),
    ('Darwin_aarch64-gcc3', 'Darwin_x86_64-gcc3-u-i386-x86_64'),
    ('Darwin_x86_64-gcc3', 'Darwin_x86_64-gcc3-u-i386-x86_64');

CREATE OR REPLACE TEMPORARY TABLE demo_locale (name VARCHAR(20));
INSERT INTO demo_locale VALUES ('en-US'), ('de'), ('fr'), ('es-ES'), ('ja'), ('pt-BR'), ('ru'), ('zh-CN');

-- kind: the schema_version; v2: in the tables releases_json and release_assets rather than in releases.
CREATE OR REPLACE TEMPORARY TABLE demo_release (
    name VARCHAR(100), product VARCHAR(15), file VARCHAR(20), kind INT, v2 INT, version VARCHAR(20),
    build_id VARCHAR(20)
);
INSERT INTO demo_release VALUES
    ('Firefox-72.0.2-build1', 'Firefox', 'firefox', 4, 0, '72.0.2', '20200117190643'),
    ('Firefox-128.0-build1', 'Firefox', 'firefox', 9, 1, '128.0', '20240704121409'),
    ('Firefox-129.0-build2', 'Firefox', 'firefox', 9, 1, '129.0', '20240801122119'),
    ('Firefox-130.0-build3', 'Firefox', 'firefox', 9, 1, '130.0', '20240829075237'),
    ('Firefox-131.0b5-build1', 'Firefox', 'firefox', 9, 1, '131.0', '20240911091532'),
    ('Firefox-mozilla-central-nightly-latest', 'Firefox', 'firefox', 9, 1, '132.0a1', '20240912213104'),
    ('Thunderbird-115.14.0-build1', 'Thunderbird', 'thunderbird', 6, 0, '115.14.0', '20240805160811'),
    ('Thunderbird-128.2.0esr-build1', 'Thunderbird', 'thunderbird', 6, 0, '128.2.0', '20240829143210');

CREATE OR REPLACE TEMPORARY TABLE demo_partial (name VARCHAR(100), origin VARCHAR(100), version VARCHAR(20));
INSERT INTO demo_partial VALUES
    ('Firefox-129.0-build2', 'Firefox-128.0-build1', '128.0'),
    ('Firefox-130.0-build3', 'Firefox-128.0-build1', '128.0'),
    ('Firefox-130.0-build3', 'Firefox-129.0-build2', '129.0'),
    ('Thunderbird-128.2.0esr-build1', 'Thunderbird-115.14.0-build1', '115.14.0');

-- One locale of one platform of a release. Nightly files have names of their own, the others follow from fileUrls.
CREATE OR REPLACE TEMPORARY TABLE demo_asset AS
SELECT r.name AS name, p.name AS platform, l.name AS locale, CONCAT(
    '{"buildID": "', r.build_id, '", "appVersion": "', r.version, '", "displayVersion": "', r.version,
    '", "completes": [{"from": "*", "filesize": ', 55000000 + CRC32(CONCAT(r.name, p.name, l.name)) % 20000000,
    ', "hashValue": "', SHA2(CONCAT(r.name, p.name, l.name), 512), '"',
    IF(r.name LIKE '%nightly%', CONCAT(', "fileUrl": "https://archive.mozilla.org/pub/firefox/nightly/2024/09/',
        '2024-09-12-21-31-04-mozilla-central/firefox-', r.version, '.', l.name, '.', p.ftp, '.complete.mar"'), ''),
    '}]',
    IFNULL((SELECT CONCAT(', "partials": [', GROUP_CONCAT(
            '{"from": "', d.origin, '", "filesize": ',
            9000000 + CRC32(CONCAT(r.name, d.origin, p.name, l.name)) % 8000000,
            ', "hashValue": "', SHA2(CONCAT(r.name, d.origin, p.name, l.name), 512), '"}'
            ORDER BY d.origin DESC SEPARATOR ', '), ']')
        FROM demo_partial d WHERE d.name = r.name), ''),
    '}') AS data
FROM demo_release r, demo_platform p, demo_locale l;

-- The releases' fileUrls: what a channel is sent, where the rest of the channels is.
CREATE OR REPLACE TEMPORARY TABLE demo_urls AS
SELECT r.name AS name, CONCAT(
    '"fileUrls": {"*": {"completes": {"*": "http://download.mozilla.org/?product=', r.file, '-', r.version,
    '-complete&os=%OS_BOUNCER%&lang=%LOCALE%"}, "partials": {',
    IFNULL((SELECT GROUP_CONCAT('"', d.origin, '": "http://download.mozilla.org/?product=', r.file, '-', r.version,
            '-partial-', d.version, '&os=%OS_BOUNCER%&lang=%LOCALE%"' SEPARATOR ', ')
        FROM demo_partial d WHERE d.name = r.name), ''),
    '}}, "release-localtest": {"completes": {"*": "https://archive.mozilla.org/pub/', r.file, '/candidates/',
    r.version, '-candidates/update/%OS_FTP%/%LOCALE%/', r.file, '-', r.version, '.complete.mar"}, "partials": {',
    IFNULL((SELECT GROUP_CONCAT('"', d.origin, '": "https://archive.mozilla.org/pub/', r.file, '/candidates/',
            r.version, '-candidates/update/%OS_FTP%/%LOCALE%/', r.file, '-', d.version, '-', r.version,
            '.partial.mar"' SEPARATOR ', ')
        FROM demo_partial d WHERE d.name = r.name), ''),
    '}}}') AS text
FROM demo_release r;

-- Everything of a release but its locales.
CREATE OR REPLACE TEMPORARY TABLE demo_head AS
SELECT r.name AS name, CONCAT(
    '{"name": "', r.name, '", "schema_version": ', r.kind, ', "hashFunction": "sha512", "appVersion": "', r.version,
    '", "displayVersion": "', r.version, '", ',
    CASE r.kind
        WHEN 4 THEN CONCAT('"platformVersion": "', r.version,
            '", "detailsUrl": "https://www.mozilla.org/%LOCALE%/firefox/', r.version, '/releasenotes/", ')
        WHEN 6 THEN CONCAT('"detailsUrl": "https://www.thunderbird.net/%LOCALE%/thunderbird/', r.version,
            '/releasenotes/", ')
        ELSE CONCAT('"updateLine": [{"for": {}, "fields": {"type": "minor", "detailsURL": ',
            '"https://www.mozilla.org/%LOCALE%/firefox/', r.version, '/releasenotes/"}}, ',
            '{"for": {"locales": ["en-US", "de"], "versions": ["<129.0"], "channels": ["release*"]}, ',
            '"fields": {"actions": "showURL", "openURL": ',
            '"https://www.mozilla.org/%LOCALE%/firefox/', r.version, '/whatsnew/"}}], ')
    END,
    u.text, ', "platforms": {') AS text
FROM demo_release r JOIN demo_urls u ON u.name = r.name;

CREATE OR REPLACE TEMPORARY TABLE demo_aliases AS
SELECT GROUP_CONCAT(', "', name, '": {"alias": "', target, '"}' SEPARATOR '') AS text FROM demo_alias;

-- The application releases: the newer ones in the v2 tables, a row a locale, the others whole in the v1 table.

REPLACE INTO releases_json (name, product, read_only, data, data_version)
SELECT r.name, r.product, 0, CONCAT(h.text,
    (SELECT GROUP_CONCAT('"', p.name, '": {"OS_BOUNCER": "', p.bouncer, '", "OS_FTP": "', p.ftp, '"}' SEPARATOR ', ')
        FROM demo_platform p),
    a.text, '}}'), 1
FROM demo_release r JOIN demo_head h ON h.name = r.name JOIN demo_aliases a WHERE r.v2 = 1;

REPLACE INTO release_assets (name, path, data, data_version)
SELECT a.name, CONCAT('.platforms.', a.platform, '.locales.', a.locale), a.data, 1
FROM demo_asset a JOIN demo_release r ON r.name = a.name WHERE r.v2 = 1;

REPLACE INTO releases (name, product, read_only, data, data_version)
SELECT r.name, r.product, 0, CONCAT(h.text,
    GROUP_CONCAT(t.text ORDER BY t.platform SEPARATOR ', '), MAX(a.text), '}}'), 1
FROM demo_release r JOIN demo_head h ON h.name = r.name JOIN demo_aliases a
JOIN (SELECT s.name AS name, s.platform AS platform, CONCAT('"', s.platform, '": {"OS_BOUNCER": "', p.bouncer,
        '", "OS_FTP": "', p.ftp, '", "locales": {',
        GROUP_CONCAT('"', s.locale, '": ', s.data ORDER BY s.locale SEPARATOR ', '), '}}') AS text
    FROM demo_asset s JOIN demo_platform p ON p.name = s.platform GROUP BY s.name, s.platform, p.bouncer, p.ftp) t
    ON t.name = r.name
WHERE r.v2 = 0 GROUP BY r.name, r.product, h.text;

-- Everything else.

REPLACE INTO releases (name, product, read_only, data, data_version) VALUES
('Firefox-desupport-windows7', 'Firefox', 0, '{"name": "Firefox-desupport-windows7", "schema_version": 50,
    "detailsUrl": "https://support.mozilla.org/%LOCALE%/kb/firefox-users-windows-7-8-and-81-moving-extended-support",
    "displayVersion": "116.0"}', 1),
('GMP-Superblob', 'GMP', 0, '{"name": "GMP-Superblob", "schema_version": 4000,
    "products": ["OpenH264", "Widevine"]}', 1),
('SystemAddons-Superblob', 'SystemAddons', 0, '{"name": "SystemAddons-Superblob", "schema_version": 4000,
    "blobs": ["webcompat@mozilla.org-130.2.0", "formautofill@mozilla.org-1.0.1"]}', 1),
('SystemAddons-none', 'SystemAddons', 0, '{"name": "SystemAddons-none", "schema_version": 5000,
    "hashFunction": "sha512", "uninstall": true}', 1);

REPLACE INTO releases (name, product, read_only, data, data_version)
SELECT name, 'OpenH264', 0, CONCAT('{"name": "', name, '", "schema_version": 1000, "hashFunction": "sha512",
    "vendors": {"gmp-gmpopenh264": {"version": "2.3.2", "platforms": {
    "WINNT_x86_64-msvc": {"filesize": 485721, "hashValue": "', SHA2(CONCAT(name, 'win64'), 512), '",
        "fileUrl": "http://ciscobinary.openh264.org/openh264-win64-2.3.2.zip"},
    "WINNT_x86_64-msvc-x64": {"alias": "WINNT_x86_64-msvc"},
    "Darwin_x86_64-gcc3-u-i386-x86_64": {"filesize": 511243, "hashValue": "', SHA2(CONCAT(name, 'mac'), 512), '",
        "fileUrl": "http://ciscobinary.openh264.org/openh264-macosx64-2.3.2.zip"},
    "Linux_x86_64-gcc3": {"filesize": 526094, "hashValue": "', SHA2(CONCAT(name, 'linux64'), 512), '",
        "fileUrl": "http://ciscobinary.openh264.org/openh264-linux64-2.3.2.zip"}}}}}'), 1
FROM (SELECT 'OpenH264-2.3.2' AS name) t;

REPLACE INTO releases (name, product, read_only, data, data_version)
SELECT name, 'Widevine', 0, CONCAT('{"name": "', name, '", "schema_version": 1000, "hashFunction": "sha512",
    "vendors": {"gmp-widevinecdm": {"version": "4.10.2830.0", "platforms": {
    "WINNT_x86_64-msvc": {"filesize": 19042418, "hashValue": "', SHA2(CONCAT(name, 'win64'), 512), '",
        "fileUrl": "https://redirector.gvt1.com/edgedl/widevine-cdm/4.10.2830.0-win-x64.zip",
        "mirrorUrls": ["https://www.google.com/dl/release2/chrome_component/demo/4.10.2830.0.crx3"]},
    "WINNT_x86_64-msvc-x64": {"alias": "WINNT_x86_64-msvc"},
    "Darwin_x86_64-gcc3-u-i386-x86_64": {"filesize": 17381093, "hashValue": "', SHA2(CONCAT(name, 'mac'), 512), '",
        "fileUrl": "https://redirector.gvt1.com/edgedl/widevine-cdm/4.10.2830.0-mac-x64.zip"},
    "Linux_x86_64-gcc3": {"filesize": 17996401, "hashValue": "', SHA2(CONCAT(name, 'linux64'), 512), '",
        "fileUrl": "https://redirector.gvt1.com/edgedl/widevine-cdm/4.10.2830.0-linux-x64.zip"}}}}}'), 1
FROM (SELECT 'Widevine-4.10.2830.0' AS name) t;

REPLACE INTO releases (name, product, read_only, data, data_version)
SELECT CONCAT(addon, '-', version), 'SystemAddons', 0, CONCAT('{"name": "', addon, '-', version,
    '", "schema_version": 5000, "hashFunction": "sha512", "addons": {"', addon,
    '": {"version": "', version, '", "platforms": {"default": {"filesize": ', 40000 + CRC32(addon) % 90000,
    ', "hashValue": "', SHA2(addon, 512), '", "fileUrl": "https://archive.mozilla.org/pub/system-addons/', addon, '/',
    addon, '-', version, '-signed.xpi"}}}}}'), 1
FROM (SELECT 'webcompat@mozilla.org' AS addon, '130.2.0' AS version
    UNION SELECT 'formautofill@mozilla.org', '1.0.1') t;

REPLACE INTO releases (name, product, read_only, data, data_version)
SELECT name, 'FirefoxVPN', 0, CONCAT('{"name": "', name, '", "product": "FirefoxVPN", "schema_version": 10000,
    "version": "2.24.0", "required": false, "hashFunction": "sha512", "platforms": {
    "WINNT_x86_64": {"fileUrl": "https://archive.mozilla.org/pub/vpn/releases/2.24.0/windows/MozillaVPN.msi",
        "hashValue": "', SHA2(CONCAT(name, 'windows'), 512), '"},
    "Darwin_x86": {"fileUrl": "https://archive.mozilla.org/pub/vpn/releases/2.24.0/mac/MozillaVPN.pkg",
        "hashValue": "', SHA2(CONCAT(name, 'mac'), 512), '"}}}'), 1
FROM (SELECT 'FirefoxVPN-2.24.0' AS name) t;

-- The rules. 130.0 goes to a quarter of those who ask, the others get 129.0; who is older than 72.0 goes through
-- 72.0.2 first; Windows 7 and 8 end at 115.

REPLACE INTO rules (rule_id, alias, priority, mapping, fallbackMapping, backgroundRate, update_type, product, version,
    channel, buildTarget, locale, osVersion, comment, data_version) VALUES
(1, 'firefox-release', 90, 'Firefox-130.0-build3', 'Firefox-129.0-build2', 25, 'minor', 'Firefox', NULL,
    'release', NULL, NULL, NULL, 'A quarter of the release channel', 1),
(2, 'firefox-release-localtest', 91, 'Firefox-130.0-build3', NULL, 100, 'minor', 'Firefox', NULL,
    'release-localtest', NULL, NULL, NULL, 'What testers see', 1),
(3, 'firefox-watershed-72', 200, 'Firefox-72.0.2-build1', NULL, 100, 'minor', 'Firefox', '<72.0',
    'release', NULL, NULL, NULL, 'New profile format', 1),
(4, NULL, 300, 'Firefox-desupport-windows7', NULL, 100, 'minor', 'Firefox', '>=115.0',
    'release', NULL, NULL, 'Windows_NT 6.1,Windows_NT 6.2,Windows_NT 6.3', 'No later version runs there', 1),
(5, 'firefox-beta', 90, 'Firefox-131.0b5-build1', NULL, 100, 'minor', 'Firefox', NULL,
    'beta*', NULL, NULL, NULL, NULL, 1),
(6, 'firefox-nightly', 90, 'Firefox-mozilla-central-nightly-latest', NULL, 100, 'minor', 'Firefox', NULL,
    'nightly', NULL, NULL, NULL, NULL, 1),
(7, NULL, 95, NULL, NULL, 100, 'minor', 'Firefox', NULL,
    'nightly', 'WINNT_x86-msvc-x86', 'zh-CN', NULL, 'No nightly updates here for now', 1),
(10, 'thunderbird-release', 90, 'Thunderbird-128.2.0esr-build1', 'Thunderbird-115.14.0-build1', 100, 'minor',
    'Thunderbird', NULL, 'release', NULL, NULL, NULL, NULL, 1),
(11, NULL, 90, 'Thunderbird-128.2.0esr-build1', NULL, 100, 'minor', 'Thunderbird', NULL,
    'beta', NULL, NULL, NULL, 'Shut off: see the emergency shutoffs', 1),
(20, 'gmp', 90, 'GMP-Superblob', NULL, 100, 'minor', 'GMP', NULL, NULL, NULL, NULL, NULL, NULL, 1),
(21, NULL, 90, 'OpenH264-2.3.2', NULL, 100, 'minor', 'OpenH264', NULL, NULL, NULL, NULL, NULL, NULL, 1),
(22, NULL, 90, 'Widevine-4.10.2830.0', NULL, 100, 'minor', 'Widevine', '>=68.0', NULL, NULL, NULL, NULL, NULL, 1),
(30, 'system-addons', 90, 'SystemAddons-Superblob', NULL, 100, 'minor', 'SystemAddons', '130.*',
    'release', NULL, NULL, NULL, NULL, 1),
(31, NULL, 80, 'SystemAddons-none', NULL, 100, 'minor', 'SystemAddons', NULL,
    'release', NULL, NULL, NULL, 'Take back what older versions got', 1),
(40, 'vpn-release', 90, 'FirefoxVPN-2.24.0', NULL, 100, 'minor', 'FirefoxVPN', '<2.24.0',
    'release', NULL, NULL, NULL, NULL, 1);

-- A history as the admin would have written it: before there was a rule, and the rule.
DELETE FROM rules_history WHERE changed_by = 'demo@example.org';
INSERT INTO rules_history (changed_by, timestamp, rule_id)
SELECT 'demo@example.org', 1725350399999, rule_id FROM rules WHERE rule_id <= 40;
INSERT INTO rules_history (changed_by, timestamp, rule_id, alias, priority, mapping, fallbackMapping, backgroundRate,
    update_type, product, version, channel, buildTarget, locale, osVersion, comment, data_version)
SELECT 'demo@example.org', 1725350400000, rule_id, alias, priority, mapping, fallbackMapping, backgroundRate,
    update_type, product, version, channel, buildTarget, locale, osVersion, comment, data_version
FROM rules WHERE rule_id <= 40;

REPLACE INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES
('Firefox', '128.', 'release', 'Firefox-128.0-build1', 1),
('Firefox', '129.', 'release', 'Firefox-129.0-build2', 1);

REPLACE INTO emergency_shutoffs (product, channel, comment, data_version) VALUES
('Thunderbird', 'beta', 'Crashes at its start', 1);

REPLACE INTO product_req_signoffs (product, channel, role, signoffs_required, data_version) VALUES
('Firefox', 'release', 'releng', 1, 1),
('Firefox', 'release', 'relman', 1, 1);

-- Who may do what. Their passwords are in conf/demo.passwords.
DELETE FROM permissions_history WHERE changed_by = 'demo@example.org';
DELETE FROM user_roles_history WHERE changed_by = 'demo@example.org';

REPLACE INTO permissions (username, permission, options, data_version) VALUES
('admin@example.org', 'admin', NULL, 1),
('releng@example.org', 'rule', '{"products": ["Firefox", "Thunderbird"]}', 1),
('releng@example.org', 'release', '{"products": ["Firefox", "Thunderbird"]}', 1),
('releng@example.org', 'release_locale', '{"products": ["Firefox", "Thunderbird"]}', 1),
('relman@example.org', 'emergency_shutoff', '{"products": ["Firefox", "Thunderbird"]}', 1),
('balrogagent', 'scheduled_change', '{"actions": ["enact"]}', 1);

INSERT INTO permissions_history (changed_by, timestamp, permission, username)
SELECT 'demo@example.org', 1725350399999, permission, username FROM permissions
WHERE username LIKE '%@example.org' OR username = 'balrogagent';
INSERT INTO permissions_history (changed_by, timestamp, permission, username, options, data_version)
SELECT 'demo@example.org', 1725350400000, permission, username, options, data_version FROM permissions
WHERE username LIKE '%@example.org' OR username = 'balrogagent';

REPLACE INTO user_roles (username, role, data_version) VALUES
('releng@example.org', 'releng', 1),
('relman@example.org', 'relman', 1);

INSERT INTO user_roles_history (changed_by, timestamp, username, role)
SELECT 'demo@example.org', 1725350399999, username, role FROM user_roles WHERE username LIKE '%@example.org';
INSERT INTO user_roles_history (changed_by, timestamp, username, role, data_version)
SELECT 'demo@example.org', 1725350400000, username, role, data_version FROM user_roles
WHERE username LIKE '%@example.org';

DROP TEMPORARY TABLE demo_platform, demo_alias, demo_locale, demo_release, demo_partial, demo_asset, demo_urls,
    demo_head, demo_aliases;
