-- since: v0.3
-- 0011: the heartbeat, by which everybody sees how far a replica is behind.
--
-- Every statement can be repeated. Times are ms since 1970, by the clock of the server that is written to.

-- One row, which balrog-admin writes each second.
CREATE TABLE IF NOT EXISTS balrog_heartbeat (
    id TINYINT NOT NULL COMMENT 'always 1',
    at BIGINT NOT NULL,
    term BIGINT NOT NULL COMMENT 'raised when another server is made the primary; the highest one is valid',
    writer VARCHAR(100) NOT NULL COMMENT 'the host that wrote it',
    PRIMARY KEY (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
