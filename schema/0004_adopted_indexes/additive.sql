-- since: v0.2
-- 0004: the indexes that a database lacks that was made by Mozilla's Balrog.
--
-- 0001 leaves tables alone that exist, and the reference makes none but primary and unique keys: a history was read
-- through as a whole to show one rule's, and what is pending as often as a rule was changed. In a database that 0001
-- made all of them are there, and nothing happens here. The reference may run on: indexes change no answer.
--
-- Every statement can be repeated.

ALTER TABLE rules
    ADD INDEX IF NOT EXISTS fallbackMapping (fallbackMapping),
    ADD INDEX IF NOT EXISTS mapping (mapping),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE rules_history
    ADD INDEX IF NOT EXISTS by_key (rule_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE rules_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_rule_id),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE rules_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE rules_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE rules_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases
    ADD INDEX IF NOT EXISTS product (product),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_name),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_json
    ADD INDEX IF NOT EXISTS product (product),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_json_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_name),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_json_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_json_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE releases_json_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE release_assets
    ADD INDEX IF NOT EXISTS versions (name, path, data_version),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE release_assets_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_name, base_path),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE release_assets_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE release_assets_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE release_assets_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions
    ADD INDEX IF NOT EXISTS username (username),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_history
    ADD INDEX IF NOT EXISTS by_key (permission, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_permission, base_username),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE user_roles
    ADD INDEX IF NOT EXISTS role (role),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE user_roles_history
    ADD INDEX IF NOT EXISTS by_key (username, role, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE product_req_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (product, channel, role, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE product_req_signoffs_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_product, base_channel, base_role),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE product_req_signoffs_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE product_req_signoffs_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE product_req_signoffs_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_req_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (product, role, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_req_signoffs_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_product, base_role),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_req_signoffs_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_req_signoffs_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE permissions_req_signoffs_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE emergency_shutoffs_history
    ADD INDEX IF NOT EXISTS by_key (product, channel, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE emergency_shutoffs_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_product, base_channel),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE emergency_shutoffs_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE emergency_shutoffs_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE emergency_shutoffs_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases
    ADD INDEX IF NOT EXISTS mapping (mapping),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases_history
    ADD INDEX IF NOT EXISTS by_key (product, version, channel, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases_scheduled_changes
    ADD INDEX IF NOT EXISTS pending (complete, base_product, base_version, base_channel),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases_scheduled_changes_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases_scheduled_changes_conditions_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
ALTER TABLE pinnable_releases_scheduled_changes_signoffs_history
    ADD INDEX IF NOT EXISTS by_key (sc_id, username, timestamp),
    ADD INDEX IF NOT EXISTS by_time (timestamp),
    ALGORITHM=NOCOPY, LOCK=NONE;
