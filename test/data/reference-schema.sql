-- A database as Mozilla's Balrog makes it on MariaDB (its table classes, by way of SQLAlchemy), with the collation of
-- a server that nobody configured, and two rows in every table: one full, one with every NULL it may have.
SET NAMES utf8mb4;

CREATE TABLE alembic_version (
  version_num varchar(32) NOT NULL,
  PRIMARY KEY (version_num)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO alembic_version VALUES ('0001');

CREATE TABLE dockerflow (
  `watchdog` int(11) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO dockerflow VALUES
  (2),
  (3);

CREATE TABLE rules (
  `rule_id` int(11) NOT NULL AUTO_INCREMENT,
  `alias` varchar(50) DEFAULT NULL,
  `priority` int(11) DEFAULT NULL,
  `mapping` varchar(100) DEFAULT NULL,
  `fallbackMapping` varchar(100) DEFAULT NULL,
  `backgroundRate` int(11) DEFAULT NULL,
  `update_type` varchar(15) NOT NULL,
  `product` varchar(15) DEFAULT NULL,
  `version` varchar(75) DEFAULT NULL,
  `channel` varchar(75) DEFAULT NULL,
  `buildTarget` varchar(75) DEFAULT NULL,
  `buildID` varchar(20) DEFAULT NULL,
  `locale` varchar(200) DEFAULT NULL,
  `osVersion` varchar(1000) DEFAULT NULL,
  `memory` varchar(100) DEFAULT NULL,
  `instructionSet` varchar(1000) DEFAULT NULL,
  `jaws` int(11) DEFAULT NULL,
  `mig64` int(11) DEFAULT NULL,
  `distribution` varchar(2000) DEFAULT NULL,
  `distVersion` varchar(100) DEFAULT NULL,
  `headerArchitecture` varchar(10) DEFAULT NULL,
  `comment` varchar(500) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`rule_id`),
  UNIQUE KEY `alias` (`alias`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules VALUES
  (2, 'alias1 é', 2, 'mappin1 é', 'fallba1 é', 2, 'update1 é', 'produc1 é', 'versio1 é', 'channe1 é', 'buildT1 é', 'buildI1 é', 'locale1 é', 'osVers1 é', 'memory1 é', 'instru1 é', 1, 1, 'distri1 é', 'distVe1 é', 'header1 é', 'commen1 é', 2),
  (3, NULL, NULL, NULL, NULL, NULL, 'update2 é', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);

CREATE TABLE rules_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `rule_id` int(11) NOT NULL,
  `alias` varchar(50) DEFAULT NULL,
  `priority` int(11) DEFAULT NULL,
  `mapping` varchar(100) DEFAULT NULL,
  `fallbackMapping` varchar(100) DEFAULT NULL,
  `backgroundRate` int(11) DEFAULT NULL,
  `update_type` varchar(15) DEFAULT NULL,
  `product` varchar(15) DEFAULT NULL,
  `version` varchar(75) DEFAULT NULL,
  `channel` varchar(75) DEFAULT NULL,
  `buildTarget` varchar(75) DEFAULT NULL,
  `buildID` varchar(20) DEFAULT NULL,
  `locale` varchar(200) DEFAULT NULL,
  `osVersion` varchar(1000) DEFAULT NULL,
  `memory` varchar(100) DEFAULT NULL,
  `instructionSet` varchar(1000) DEFAULT NULL,
  `jaws` int(11) DEFAULT NULL,
  `mig64` int(11) DEFAULT NULL,
  `distribution` varchar(2000) DEFAULT NULL,
  `distVersion` varchar(100) DEFAULT NULL,
  `headerArchitecture` varchar(10) DEFAULT NULL,
  `comment` varchar(500) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'alias1 é', 2, 'mappin1 é', 'fallba1 é', 2, 'update1 é', 'produc1 é', 'versio1 é', 'channe1 é', 'buildT1 é', 'buildI1 é', 'locale1 é', 'osVers1 é', 'memory1 é', 'instru1 é', 1, 1, 'distri1 é', 'distVe1 é', 'header1 é', 'commen1 é', 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE rules_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_rule_id` int(11) DEFAULT NULL,
  `base_alias` varchar(50) DEFAULT NULL,
  `base_priority` int(11) DEFAULT NULL,
  `base_mapping` varchar(100) DEFAULT NULL,
  `base_fallbackMapping` varchar(100) DEFAULT NULL,
  `base_backgroundRate` int(11) DEFAULT NULL,
  `base_update_type` varchar(15) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_version` varchar(75) DEFAULT NULL,
  `base_channel` varchar(75) DEFAULT NULL,
  `base_buildTarget` varchar(75) DEFAULT NULL,
  `base_buildID` varchar(20) DEFAULT NULL,
  `base_locale` varchar(200) DEFAULT NULL,
  `base_osVersion` varchar(1000) DEFAULT NULL,
  `base_memory` varchar(100) DEFAULT NULL,
  `base_instructionSet` varchar(1000) DEFAULT NULL,
  `base_jaws` int(11) DEFAULT NULL,
  `base_mig64` int(11) DEFAULT NULL,
  `base_distribution` varchar(2000) DEFAULT NULL,
  `base_distVersion` varchar(100) DEFAULT NULL,
  `base_headerArchitecture` varchar(10) DEFAULT NULL,
  `base_comment` varchar(500) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 2, 'base_a1 é', 2, 'base_m1 é', 'base_f1 é', 2, 'base_u1 é', 'base_p1 é', 'base_v1 é', 'base_c1 é', 'base_b1 é', 'base_b1 é', 'base_l1 é', 'base_o1 é', 'base_m1 é', 'base_i1 é', 1, 1, 'base_d1 é', 'base_d1 é', 'base_h1 é', 'base_c1 é', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);

CREATE TABLE rules_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_rule_id` int(11) DEFAULT NULL,
  `base_alias` varchar(50) DEFAULT NULL,
  `base_priority` int(11) DEFAULT NULL,
  `base_mapping` varchar(100) DEFAULT NULL,
  `base_fallbackMapping` varchar(100) DEFAULT NULL,
  `base_backgroundRate` int(11) DEFAULT NULL,
  `base_update_type` varchar(15) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_version` varchar(75) DEFAULT NULL,
  `base_channel` varchar(75) DEFAULT NULL,
  `base_buildTarget` varchar(75) DEFAULT NULL,
  `base_buildID` varchar(20) DEFAULT NULL,
  `base_locale` varchar(200) DEFAULT NULL,
  `base_osVersion` varchar(1000) DEFAULT NULL,
  `base_memory` varchar(100) DEFAULT NULL,
  `base_instructionSet` varchar(1000) DEFAULT NULL,
  `base_jaws` int(11) DEFAULT NULL,
  `base_mig64` int(11) DEFAULT NULL,
  `base_distribution` varchar(2000) DEFAULT NULL,
  `base_distVersion` varchar(100) DEFAULT NULL,
  `base_headerArchitecture` varchar(10) DEFAULT NULL,
  `base_comment` varchar(500) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 2, 'base_a1 é', 2, 'base_m1 é', 'base_f1 é', 2, 'base_u1 é', 'base_p1 é', 'base_v1 é', 'base_c1 é', 'base_b1 é', 'base_b1 é', 'base_l1 é', 'base_o1 é', 'base_m1 é', 'base_i1 é', 1, 1, 'base_d1 é', 'base_d1 é', 'base_h1 é', 'base_c1 é', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE rules_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `telemetry_product` varchar(15) DEFAULT NULL,
  `telemetry_channel` varchar(75) DEFAULT NULL,
  `telemetry_uptake` int(11) DEFAULT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes_conditions VALUES
  (2, 'teleme1 é', 'teleme1 é', 2, 1700000000124, 2),
  (3, NULL, NULL, NULL, NULL, 3);

CREATE TABLE rules_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `telemetry_product` varchar(15) DEFAULT NULL,
  `telemetry_channel` varchar(75) DEFAULT NULL,
  `telemetry_uptake` int(11) DEFAULT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'teleme1 é', 'teleme1 é', 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE rules_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE rules_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO rules_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE releases (
  `name` varchar(100) NOT NULL,
  `product` varchar(15) NOT NULL,
  `read_only` tinyint(1) DEFAULT NULL,
  `data` longtext NOT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases VALUES
  ('Firefox-1', 'produc1 é', 1, '{"name": "Firefox-1-Überraschung", "schema_version": 9}', 2),
  ('Firefox-2', 'produc2 é', NULL, '{"name": "Firefox-2-Überraschung", "schema_version": 9}', 3);

CREATE TABLE releases_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_name` varchar(100) NOT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_read_only` tinyint(1) DEFAULT NULL,
  `base_data` longtext DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', 'base_p1 é', 1, '{"name": "Firefox-1-Überraschung", "schema_version": 9}', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'Firefox-2', NULL, NULL, NULL, NULL, 3);

CREATE TABLE releases_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_name` varchar(100) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_read_only` tinyint(1) DEFAULT NULL,
  `base_data` longtext DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', 'base_p1 é', 1, '{"name": "Firefox-1-Überraschung", "schema_version": 9}', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE releases_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE releases_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE releases_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE releases_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE releases_json (
  `name` varchar(100) NOT NULL,
  `product` varchar(15) NOT NULL,
  `read_only` tinyint(1) DEFAULT NULL,
  `data` JSON DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json VALUES
  ('Firefox-1', 'produc1 é', 1, '{"schema_version": 9, "fünf": [1, null]}', 2),
  ('Firefox-2', 'produc2 é', NULL, NULL, 3);

CREATE TABLE releases_json_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_name` varchar(100) NOT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_read_only` tinyint(1) DEFAULT NULL,
  `base_data` JSON DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', 'base_p1 é', 1, '{"schema_version": 9, "fünf": [1, null]}', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'Firefox-2', NULL, NULL, NULL, NULL, 3);

CREATE TABLE releases_json_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_name` varchar(100) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_read_only` tinyint(1) DEFAULT NULL,
  `base_data` JSON DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', 'base_p1 é', 1, '{"schema_version": 9, "fünf": [1, null]}', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE releases_json_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE releases_json_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE releases_json_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE releases_json_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO releases_json_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE release_assets (
  `name` varchar(100) NOT NULL,
  `path` varchar(200) NOT NULL,
  `data` JSON DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`name`, `path`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets VALUES
  ('Firefox-1', '.platforms.Linux_x86_64-gcc3.locales.de1', '{"schema_version": 9, "fünf": [1, null]}', 2),
  ('Firefox-2', '.platforms.Linux_x86_64-gcc3.locales.de2', NULL, 3);

CREATE TABLE release_assets_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_name` varchar(100) NOT NULL,
  `base_path` varchar(200) NOT NULL,
  `base_data` JSON DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', '.platforms.Linux_x86_64-gcc3.locales.de1', '{"schema_version": 9, "fünf": [1, null]}', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'Firefox-2', '.platforms.Linux_x86_64-gcc3.locales.de2', NULL, NULL, 3);

CREATE TABLE release_assets_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_name` varchar(100) DEFAULT NULL,
  `base_path` varchar(200) DEFAULT NULL,
  `base_data` JSON DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'Firefox-1', '.platforms.Linux_x86_64-gcc3.locales.de1', '{"schema_version": 9, "fünf": [1, null]}', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE release_assets_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE release_assets_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE release_assets_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE release_assets_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO release_assets_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE permissions (
  `permission` varchar(50) NOT NULL,
  `username` varchar(100) NOT NULL,
  `options` text DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`permission`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions VALUES
  ('permis1 é', 'userna1 é', '{"products": ["Firefox"]}', 2),
  ('permis2 é', 'userna2 é', NULL, 3);

CREATE TABLE permissions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `permission` varchar(50) NOT NULL,
  `username` varchar(100) NOT NULL,
  `options` text DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_history VALUES
  (2, 'change1 é', 1700000000124, 'permis1 é', 'userna1 é', '{"products": ["Firefox"]}', 2),
  (3, 'change2 é', 1700000000125, 'permis2 é', 'userna2 é', NULL, NULL);

CREATE TABLE permissions_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_permission` varchar(50) NOT NULL,
  `base_username` varchar(100) NOT NULL,
  `base_options` text DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_u1 é', '{"products": ["Firefox"]}', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'base_p2 é', 'base_u2 é', NULL, NULL, 3);

CREATE TABLE permissions_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_permission` varchar(50) DEFAULT NULL,
  `base_username` varchar(100) DEFAULT NULL,
  `base_options` text DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_u1 é', '{"products": ["Firefox"]}', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE permissions_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE permissions_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE permissions_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE permissions_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE user_roles (
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`username`, `role`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO user_roles VALUES
  ('userna1 é', 'role1 é', 2),
  ('userna2 é', 'role2 é', 3);

CREATE TABLE user_roles_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO user_roles_history VALUES
  (2, 'change1 é', 1700000000124, 'userna1 é', 'role1 é', 2),
  (3, 'change2 é', 1700000000125, 'userna2 é', 'role2 é', NULL);

CREATE TABLE product_req_signoffs (
  `product` varchar(15) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `role` varchar(50) NOT NULL,
  `signoffs_required` int(11) NOT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`product`, `channel`, `role`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs VALUES
  ('produc1 é', 'channe1 é', 'role1 é', 2, 2),
  ('produc2 é', 'channe2 é', 'role2 é', 3, 3);

CREATE TABLE product_req_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `product` varchar(15) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `role` varchar(50) NOT NULL,
  `signoffs_required` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 'produc1 é', 'channe1 é', 'role1 é', 2, 2),
  (3, 'change2 é', 1700000000125, 'produc2 é', 'channe2 é', 'role2 é', NULL, NULL);

CREATE TABLE product_req_signoffs_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_product` varchar(15) NOT NULL,
  `base_channel` varchar(75) NOT NULL,
  `base_role` varchar(50) NOT NULL,
  `base_signoffs_required` int(11) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_c1 é', 'base_r1 é', 2, 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'base_p2 é', 'base_c2 é', 'base_r2 é', NULL, NULL, 3);

CREATE TABLE product_req_signoffs_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_channel` varchar(75) DEFAULT NULL,
  `base_role` varchar(50) DEFAULT NULL,
  `base_signoffs_required` int(11) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_c1 é', 'base_r1 é', 2, 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE product_req_signoffs_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE product_req_signoffs_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE product_req_signoffs_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE product_req_signoffs_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO product_req_signoffs_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE permissions_req_signoffs (
  `product` varchar(15) NOT NULL,
  `role` varchar(50) NOT NULL,
  `signoffs_required` int(11) NOT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`product`, `role`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs VALUES
  ('produc1 é', 'role1 é', 2, 2),
  ('produc2 é', 'role2 é', 3, 3);

CREATE TABLE permissions_req_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `product` varchar(15) NOT NULL,
  `role` varchar(50) NOT NULL,
  `signoffs_required` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 'produc1 é', 'role1 é', 2, 2),
  (3, 'change2 é', 1700000000125, 'produc2 é', 'role2 é', NULL, NULL);

CREATE TABLE permissions_req_signoffs_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_product` varchar(15) NOT NULL,
  `base_role` varchar(50) NOT NULL,
  `base_signoffs_required` int(11) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_r1 é', 2, 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'base_p2 é', 'base_r2 é', NULL, NULL, 3);

CREATE TABLE permissions_req_signoffs_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_role` varchar(50) DEFAULT NULL,
  `base_signoffs_required` int(11) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_r1 é', 2, 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE permissions_req_signoffs_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE permissions_req_signoffs_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE permissions_req_signoffs_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE permissions_req_signoffs_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO permissions_req_signoffs_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE emergency_shutoffs (
  `product` varchar(15) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `comment` varchar(500) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`product`, `channel`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs VALUES
  ('produc1 é', 'channe1 é', 'commen1 é', 2),
  ('produc2 é', 'channe2 é', NULL, 3);

CREATE TABLE emergency_shutoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `product` varchar(15) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `comment` varchar(500) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_history VALUES
  (2, 'change1 é', 1700000000124, 'produc1 é', 'channe1 é', 'commen1 é', 2),
  (3, 'change2 é', 1700000000125, 'produc2 é', 'channe2 é', NULL, NULL);

CREATE TABLE emergency_shutoffs_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_product` varchar(15) NOT NULL,
  `base_channel` varchar(75) NOT NULL,
  `base_comment` varchar(500) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_c1 é', 'base_c1 é', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'base_p2 é', 'base_c2 é', NULL, NULL, 3);

CREATE TABLE emergency_shutoffs_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_channel` varchar(75) DEFAULT NULL,
  `base_comment` varchar(500) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_c1 é', 'base_c1 é', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE emergency_shutoffs_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE emergency_shutoffs_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE emergency_shutoffs_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE emergency_shutoffs_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO emergency_shutoffs_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);

CREATE TABLE pinnable_releases (
  `product` varchar(15) NOT NULL,
  `version` varchar(75) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `mapping` varchar(100) NOT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`product`, `version`, `channel`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases VALUES
  ('produc1 é', 'versio1 é', 'channe1 é', 'mappin1 é', 2),
  ('produc2 é', 'versio2 é', 'channe2 é', 'mappin2 é', 3);

CREATE TABLE pinnable_releases_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `product` varchar(15) NOT NULL,
  `version` varchar(75) NOT NULL,
  `channel` varchar(75) NOT NULL,
  `mapping` varchar(100) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_history VALUES
  (2, 'change1 é', 1700000000124, 'produc1 é', 'versio1 é', 'channe1 é', 'mappin1 é', 2),
  (3, 'change2 é', 1700000000125, 'produc2 é', 'versio2 é', 'channe2 é', NULL, NULL);

CREATE TABLE pinnable_releases_scheduled_changes (
  `sc_id` int(11) NOT NULL AUTO_INCREMENT,
  `scheduled_by` varchar(100) NOT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) NOT NULL,
  `base_product` varchar(15) NOT NULL,
  `base_version` varchar(75) NOT NULL,
  `base_channel` varchar(75) NOT NULL,
  `base_mapping` varchar(100) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes VALUES
  (2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_v1 é', 'base_c1 é', 'base_m1 é', 2, 2),
  (3, 'schedu2 é', NULL, 'change2 é', 'base_p2 é', 'base_v2 é', 'base_c2 é', NULL, NULL, 3);

CREATE TABLE pinnable_releases_scheduled_changes_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `scheduled_by` varchar(100) DEFAULT NULL,
  `complete` tinyint(1) DEFAULT NULL,
  `change_type` varchar(50) DEFAULT NULL,
  `base_product` varchar(15) DEFAULT NULL,
  `base_version` varchar(75) DEFAULT NULL,
  `base_channel` varchar(75) DEFAULT NULL,
  `base_mapping` varchar(100) DEFAULT NULL,
  `base_data_version` int(11) DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'schedu1 é', 1, 'change1 é', 'base_p1 é', 'base_v1 é', 'base_c1 é', 'base_m1 é', 2, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE pinnable_releases_scheduled_changes_conditions (
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) NOT NULL,
  PRIMARY KEY (`sc_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes_conditions VALUES
  (2, 1700000000124, 2),
  (3, NULL, 3);

CREATE TABLE pinnable_releases_scheduled_changes_conditions_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `when` bigint DEFAULT NULL,
  `data_version` int(11) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes_conditions_history VALUES
  (2, 'change1 é', 1700000000124, 2, 1700000000124, 2),
  (3, 'change2 é', 1700000000125, 3, NULL, NULL);

CREATE TABLE pinnable_releases_scheduled_changes_signoffs (
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) NOT NULL,
  PRIMARY KEY (`sc_id`, `username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes_signoffs VALUES
  (2, 'userna1 é', 'role1 é'),
  (3, 'userna2 é', 'role2 é');

CREATE TABLE pinnable_releases_scheduled_changes_signoffs_history (
  `change_id` int(11) NOT NULL AUTO_INCREMENT,
  `changed_by` varchar(100) NOT NULL,
  `timestamp` bigint NOT NULL,
  `sc_id` int(11) NOT NULL,
  `username` varchar(100) NOT NULL,
  `role` varchar(50) DEFAULT NULL,
  PRIMARY KEY (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pinnable_releases_scheduled_changes_signoffs_history VALUES
  (2, 'change1 é', 1700000000124, 2, 'userna1 é', 'role1 é'),
  (3, 'change2 é', 1700000000125, 3, 'userna2 é', NULL);
