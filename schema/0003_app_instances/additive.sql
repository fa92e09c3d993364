-- since: v0.2
-- 0003: the programs that run.
--
-- Every statement can be repeated. Times are ms since 1970, by the database's clock.

-- A program writes its row when it starts, again every 10 s, and deletes it at a clean end. One that was not seen for
-- 120 s is dead. A destructive upgrade waits for all older ones to go.
CREATE TABLE IF NOT EXISTS app_instances (
    instance VARCHAR(160) NOT NULL COMMENT 'HOST:PROGRAM:PID:STARTED_MS',
    program VARCHAR(30) NOT NULL,
    host VARCHAR(100) NOT NULL,
    pid INT NOT NULL,
    version VARCHAR(30) NOT NULL COMMENT 'as in VERSION: 0.2',
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    detail VARCHAR(2000) COMMENT 'JSON: what the program tells of itself',
    PRIMARY KEY (instance),
    KEY seen_at (seen_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
