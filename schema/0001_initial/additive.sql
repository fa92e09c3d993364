-- 0001: the tables of Balrog, and the change feed.
--
-- Tables, columns and their order are those of Mozilla's Balrog, whose databases are adopted as they are: a
-- table that exists is left alone. A new table has 64-bit times, LONGTEXT for JSON and blobs, and a collation
-- that compares identifiers exactly, case and trailing spaces and all (for MySQL 8 schema-upgrade puts
-- utf8mb4_0900_bin in its place). alembic_version belongs to Mozilla's Balrog; nothing here touches it.
--
-- Every statement can be repeated. A history is read by key or by time, newest first; what is scheduled, by
-- whether it is complete and by the key of what it changes. Times are ms since 1970.

-- -------- dockerflow --------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS dockerflow (
    watchdog INT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- rules -------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS rules (
    rule_id INT NOT NULL AUTO_INCREMENT,
    alias VARCHAR(50),
    priority INT,
    mapping VARCHAR(100),
    fallbackMapping VARCHAR(100),
    backgroundRate INT,
    update_type VARCHAR(15) NOT NULL,
    product VARCHAR(15),
    version VARCHAR(75),
    channel VARCHAR(75),
    buildTarget VARCHAR(75),
    buildID VARCHAR(20),
    locale VARCHAR(200),
    osVersion VARCHAR(1000),
    memory VARCHAR(100),
    instructionSet VARCHAR(1000),
    jaws TINYINT(1),
    mig64 TINYINT(1),
    distribution VARCHAR(2000),
    distVersion VARCHAR(100),
    headerArchitecture VARCHAR(10),
    comment VARCHAR(500),
    data_version INT NOT NULL,
    PRIMARY KEY (rule_id),
    UNIQUE KEY alias (alias),
    KEY mapping (mapping),
    KEY fallbackMapping (fallbackMapping)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    rule_id INT NOT NULL,
    alias VARCHAR(50),
    priority INT,
    mapping VARCHAR(100),
    fallbackMapping VARCHAR(100),
    backgroundRate INT,
    update_type VARCHAR(15),
    product VARCHAR(15),
    version VARCHAR(75),
    channel VARCHAR(75),
    buildTarget VARCHAR(75),
    buildID VARCHAR(20),
    locale VARCHAR(200),
    osVersion VARCHAR(1000),
    memory VARCHAR(100),
    instructionSet VARCHAR(1000),
    jaws TINYINT(1),
    mig64 TINYINT(1),
    distribution VARCHAR(2000),
    distVersion VARCHAR(100),
    headerArchitecture VARCHAR(10),
    comment VARCHAR(500),
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (rule_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_rule_id INT,
    base_alias VARCHAR(50),
    base_priority INT,
    base_mapping VARCHAR(100),
    base_fallbackMapping VARCHAR(100),
    base_backgroundRate INT,
    base_update_type VARCHAR(15),
    base_product VARCHAR(15),
    base_version VARCHAR(75),
    base_channel VARCHAR(75),
    base_buildTarget VARCHAR(75),
    base_buildID VARCHAR(20),
    base_locale VARCHAR(200),
    base_osVersion VARCHAR(1000),
    base_memory VARCHAR(100),
    base_instructionSet VARCHAR(1000),
    base_jaws TINYINT(1),
    base_mig64 TINYINT(1),
    base_distribution VARCHAR(2000),
    base_distVersion VARCHAR(100),
    base_headerArchitecture VARCHAR(10),
    base_comment VARCHAR(500),
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_rule_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_rule_id INT,
    base_alias VARCHAR(50),
    base_priority INT,
    base_mapping VARCHAR(100),
    base_fallbackMapping VARCHAR(100),
    base_backgroundRate INT,
    base_update_type VARCHAR(15),
    base_product VARCHAR(15),
    base_version VARCHAR(75),
    base_channel VARCHAR(75),
    base_buildTarget VARCHAR(75),
    base_buildID VARCHAR(20),
    base_locale VARCHAR(200),
    base_osVersion VARCHAR(1000),
    base_memory VARCHAR(100),
    base_instructionSet VARCHAR(1000),
    base_jaws TINYINT(1),
    base_mig64 TINYINT(1),
    base_distribution VARCHAR(2000),
    base_distVersion VARCHAR(100),
    base_headerArchitecture VARCHAR(10),
    base_comment VARCHAR(500),
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    telemetry_product VARCHAR(15),
    telemetry_channel VARCHAR(75),
    telemetry_uptake INT,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    telemetry_product VARCHAR(15),
    telemetry_channel VARCHAR(75),
    telemetry_uptake INT,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS rules_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- releases ----------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS releases (
    name VARCHAR(100) NOT NULL,
    product VARCHAR(15) NOT NULL,
    read_only TINYINT(1) DEFAULT 0,
    data LONGTEXT NOT NULL,
    data_version INT NOT NULL,
    PRIMARY KEY (name),
    KEY product (product)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_name VARCHAR(100) NOT NULL,
    base_product VARCHAR(15),
    base_read_only TINYINT(1),
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_name VARCHAR(100),
    base_product VARCHAR(15),
    base_read_only TINYINT(1),
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- releases_json -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS releases_json (
    name VARCHAR(100) NOT NULL,
    product VARCHAR(15) NOT NULL,
    read_only TINYINT(1) DEFAULT 0,
    data LONGTEXT,
    data_version INT NOT NULL,
    PRIMARY KEY (name),
    KEY product (product)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_name VARCHAR(100) NOT NULL,
    base_product VARCHAR(15),
    base_read_only TINYINT(1),
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_name VARCHAR(100),
    base_product VARCHAR(15),
    base_read_only TINYINT(1),
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS releases_json_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- release_assets ----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS release_assets (
    name VARCHAR(100) NOT NULL,
    path VARCHAR(200) NOT NULL,
    data LONGTEXT,
    data_version INT NOT NULL,
    PRIMARY KEY (name, path),
    KEY versions (name, path, data_version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_name VARCHAR(100) NOT NULL,
    base_path VARCHAR(200) NOT NULL,
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_name, base_path)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_name VARCHAR(100),
    base_path VARCHAR(200),
    base_data LONGTEXT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS release_assets_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- permissions -------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS permissions (
    permission VARCHAR(50) NOT NULL,
    username VARCHAR(100) NOT NULL,
    options LONGTEXT,
    data_version INT NOT NULL,
    PRIMARY KEY (permission, username),
    KEY username (username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    permission VARCHAR(50) NOT NULL,
    username VARCHAR(100) NOT NULL,
    options LONGTEXT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (permission, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_permission VARCHAR(50) NOT NULL,
    base_username VARCHAR(100) NOT NULL,
    base_options LONGTEXT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_permission, base_username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_permission VARCHAR(50),
    base_username VARCHAR(100),
    base_options LONGTEXT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- user_roles --------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS user_roles (
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    data_version INT NOT NULL,
    PRIMARY KEY (username, role),
    KEY role (role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS user_roles_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (username, role, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- product_req_signoffs ----------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS product_req_signoffs (
    product VARCHAR(15) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    role VARCHAR(50) NOT NULL,
    signoffs_required INT NOT NULL,
    data_version INT NOT NULL,
    PRIMARY KEY (product, channel, role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    product VARCHAR(15) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    role VARCHAR(50) NOT NULL,
    signoffs_required INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (product, channel, role, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_product VARCHAR(15) NOT NULL,
    base_channel VARCHAR(75) NOT NULL,
    base_role VARCHAR(50) NOT NULL,
    base_signoffs_required INT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_product, base_channel, base_role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_product VARCHAR(15),
    base_channel VARCHAR(75),
    base_role VARCHAR(50),
    base_signoffs_required INT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS product_req_signoffs_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- permissions_req_signoffs ------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS permissions_req_signoffs (
    product VARCHAR(15) NOT NULL,
    role VARCHAR(50) NOT NULL,
    signoffs_required INT NOT NULL,
    data_version INT NOT NULL,
    PRIMARY KEY (product, role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    product VARCHAR(15) NOT NULL,
    role VARCHAR(50) NOT NULL,
    signoffs_required INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (product, role, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_product VARCHAR(15) NOT NULL,
    base_role VARCHAR(50) NOT NULL,
    base_signoffs_required INT,
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_product, base_role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_product VARCHAR(15),
    base_role VARCHAR(50),
    base_signoffs_required INT,
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS permissions_req_signoffs_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- emergency_shutoffs ------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS emergency_shutoffs (
    product VARCHAR(15) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    comment VARCHAR(500),
    data_version INT NOT NULL,
    PRIMARY KEY (product, channel)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    product VARCHAR(15) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    comment VARCHAR(500),
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (product, channel, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_product VARCHAR(15) NOT NULL,
    base_channel VARCHAR(75) NOT NULL,
    base_comment VARCHAR(500),
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_product, base_channel)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_product VARCHAR(15),
    base_channel VARCHAR(75),
    base_comment VARCHAR(500),
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS emergency_shutoffs_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- pinnable_releases -------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS pinnable_releases (
    product VARCHAR(15) NOT NULL,
    version VARCHAR(75) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    mapping VARCHAR(100) NOT NULL,
    data_version INT NOT NULL,
    PRIMARY KEY (product, version, channel),
    KEY mapping (mapping)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    product VARCHAR(15) NOT NULL,
    version VARCHAR(75) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    mapping VARCHAR(100),
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (product, version, channel, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_product VARCHAR(15) NOT NULL,
    base_version VARCHAR(75) NOT NULL,
    base_channel VARCHAR(75) NOT NULL,
    base_mapping VARCHAR(100),
    base_data_version INT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id),
    KEY pending (complete, base_product, base_version, base_channel)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_product VARCHAR(15),
    base_version VARCHAR(75),
    base_channel VARCHAR(75),
    base_mapping VARCHAR(100),
    base_data_version INT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes_conditions_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS pinnable_releases_scheduled_changes_signoffs_history (
    change_id INT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- -------- the change feed ----------------------------------------------------------------------
-- What was committed to a table that an answer to a client depends on: one row a change, written by triggers, so
-- that any writer counts. k is a release's name (NULL for the other tables: they are read again as a whole), path
-- the asset's. Ids show out of commit order, and a rolled-back change leaves a hole. `at` is for pruning; the
-- newest row is always to be kept.
CREATE TABLE IF NOT EXISTS balrog_changes (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    tbl VARCHAR(64) NOT NULL,
    k VARCHAR(100),
    path VARCHAR(200),
    op CHAR(1) NOT NULL COMMENT 'I, U or D',
    at BIGINT NOT NULL DEFAULT (UNIX_TIMESTAMP() * 1000),
    PRIMARY KEY (id),
    KEY at (at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The triggers run as an account of their own, so that no writer needs rights on the feed. Nobody can log in as it.
-- It needs TRIGGER on the table, SELECT on the columns that a trigger names, and INSERT here: without any of these,
-- or without the account, every write to these tables fails.
CREATE USER IF NOT EXISTS 'balrog_feed'@'localhost' ACCOUNT LOCK;
ALTER USER 'balrog_feed'@'localhost' ACCOUNT LOCK;
GRANT INSERT (tbl, k, path, op) ON balrog_changes TO 'balrog_feed'@'localhost';
GRANT TRIGGER ON rules TO 'balrog_feed'@'localhost';
GRANT SELECT (name), TRIGGER ON releases TO 'balrog_feed'@'localhost';
GRANT SELECT (name), TRIGGER ON releases_json TO 'balrog_feed'@'localhost';
GRANT SELECT (name, path), TRIGGER ON release_assets TO 'balrog_feed'@'localhost';
GRANT TRIGGER ON pinnable_releases TO 'balrog_feed'@'localhost';
GRANT TRIGGER ON emergency_shutoffs TO 'balrog_feed'@'localhost';

DELIMITER //
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_rules_i
    AFTER INSERT ON rules FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('rules', 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_rules_u
    AFTER UPDATE ON rules FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('rules', 'U')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_rules_d
    AFTER DELETE ON rules FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('rules', 'D')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_i
    AFTER INSERT ON releases FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases', NEW.name, 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_u
    AFTER UPDATE ON releases FOR EACH ROW
BEGIN
    IF NOT (BINARY OLD.name <=> BINARY NEW.name) THEN
        INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases', OLD.name, 'U');
    END IF;
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases', NEW.name, 'U');
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_d
    AFTER DELETE ON releases FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases', OLD.name, 'D')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_json_i
    AFTER INSERT ON releases_json FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases_json', NEW.name, 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_json_u
    AFTER UPDATE ON releases_json FOR EACH ROW
BEGIN
    IF NOT (BINARY OLD.name <=> BINARY NEW.name) THEN
        INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases_json', OLD.name, 'U');
    END IF;
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases_json', NEW.name, 'U');
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_releases_json_d
    AFTER DELETE ON releases_json FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, op) VALUES ('releases_json', OLD.name, 'D')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_release_assets_i
    AFTER INSERT ON release_assets FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, path, op) VALUES ('release_assets', NEW.name, NEW.path, 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_release_assets_u
    AFTER UPDATE ON release_assets FOR EACH ROW
BEGIN
    IF NOT (BINARY OLD.name <=> BINARY NEW.name AND BINARY OLD.path <=> BINARY NEW.path) THEN
        INSERT INTO balrog_changes (tbl, k, path, op) VALUES ('release_assets', OLD.name, OLD.path, 'U');
    END IF;
    INSERT INTO balrog_changes (tbl, k, path, op) VALUES ('release_assets', NEW.name, NEW.path, 'U');
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_release_assets_d
    AFTER DELETE ON release_assets FOR EACH ROW
    INSERT INTO balrog_changes (tbl, k, path, op) VALUES ('release_assets', OLD.name, OLD.path, 'D')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_pinnable_releases_i
    AFTER INSERT ON pinnable_releases FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('pinnable_releases', 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_pinnable_releases_u
    AFTER UPDATE ON pinnable_releases FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('pinnable_releases', 'U')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_pinnable_releases_d
    AFTER DELETE ON pinnable_releases FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('pinnable_releases', 'D')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_emergency_shutoffs_i
    AFTER INSERT ON emergency_shutoffs FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('emergency_shutoffs', 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_emergency_shutoffs_u
    AFTER UPDATE ON emergency_shutoffs FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('emergency_shutoffs', 'U')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_emergency_shutoffs_d
    AFTER DELETE ON emergency_shutoffs FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('emergency_shutoffs', 'D')//
DELIMITER ;
