-- since: v0.3
-- 0008: queries with what they must get.
--
-- Every statement can be repeated. Times are ms since 1970.

CREATE TABLE IF NOT EXISTS balrog_expectations (
    product VARCHAR(15) NOT NULL,
    name VARCHAR(100) NOT NULL,
    query VARCHAR(2000) NOT NULL COMMENT 'an update query, from its path on',
    must VARCHAR(2000) NOT NULL COMMENT 'a JSON object, see docs/changes.md',
    comment VARCHAR(500),
    data_version INT NOT NULL,
    PRIMARY KEY (product, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Its history, kept as those of the reference's tables are.
CREATE TABLE IF NOT EXISTS balrog_expectations_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    product VARCHAR(15) NOT NULL,
    name VARCHAR(100) NOT NULL,
    query VARCHAR(2000),
    must VARCHAR(2000),
    comment VARCHAR(500),
    data_version INT,
    PRIMARY KEY (change_id),
    KEY by_key (product, name, timestamp),
    KEY by_time (timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
