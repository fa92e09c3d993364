-- since: v0.3
-- 0010: stops for a part of a product's channel: only queries that match get nothing.
--
-- Every statement can be repeated. Times are ms since 1970. The conditions are the columns of a rule, and match as a rule's
-- do. emergency_shutoffs, the reference's table, has the stops of whole channels. Mozilla's Balrog does not know this table.

CREATE TABLE IF NOT EXISTS balrog_partial_stops (
    stop_id INT NOT NULL AUTO_INCREMENT,
    product VARCHAR(15) NOT NULL,
    channel VARCHAR(75) NOT NULL,
    version VARCHAR(75),
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
    PRIMARY KEY (stop_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS balrog_partial_stops_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    stop_id INT NOT NULL,
    product VARCHAR(15),
    channel VARCHAR(75),
    version VARCHAR(75),
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
    KEY by_key (stop_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Their scheduled deletions, with the tables that each schedule has.
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes (
    sc_id INT NOT NULL AUTO_INCREMENT,
    scheduled_by VARCHAR(100) NOT NULL,
    complete TINYINT(1) DEFAULT 0,
    change_type VARCHAR(50) NOT NULL,
    base_stop_id INT,
    base_product VARCHAR(15),
    base_channel VARCHAR(75),
    base_version VARCHAR(75),
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
    KEY pending (complete, base_stop_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    scheduled_by VARCHAR(100),
    complete TINYINT(1),
    change_type VARCHAR(50),
    base_stop_id INT,
    base_product VARCHAR(15),
    base_channel VARCHAR(75),
    base_version VARCHAR(75),
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
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes_conditions (
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT NOT NULL,
    PRIMARY KEY (sc_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes_conditions_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    `when` BIGINT,
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes_signoffs (
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    PRIMARY KEY (sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE IF NOT EXISTS balrog_partial_stops_scheduled_changes_signoffs_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    sc_id INT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50),
    PRIMARY KEY (change_id),
    KEY by_key (sc_id, username, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Every change is in the feed, as those of the tables of 0001 are, and the triggers run as the same account.
GRANT TRIGGER ON balrog_partial_stops TO 'balrog_feed'@'localhost';

DELIMITER //
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_partial_stops_i
    AFTER INSERT ON balrog_partial_stops FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('balrog_partial_stops', 'I')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_partial_stops_u
    AFTER UPDATE ON balrog_partial_stops FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('balrog_partial_stops', 'U')//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_feed_partial_stops_d
    AFTER DELETE ON balrog_partial_stops FOR EACH ROW
    INSERT INTO balrog_changes (tbl, op) VALUES ('balrog_partial_stops', 'D')//
DELIMITER ;
