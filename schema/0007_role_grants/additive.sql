-- since: v0.3
-- 0007: roles that wait for a second person's confirmation.
--
-- Every statement can be repeated. Times are ms since 1970.

-- A role that was granted while permissions needed sign-offs. Until it is confirmed it does not count for sign-offs. A row of
-- user_roles without one here (from before, or granted by the reference, or while nothing was needed) counts.
CREATE TABLE IF NOT EXISTS balrog_role_grants (
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    granted_by VARCHAR(100) NOT NULL,
    granted_at BIGINT NOT NULL,
    confirmed_by VARCHAR(100) COMMENT 'NULL: not yet',
    confirmed_at BIGINT,
    PRIMARY KEY (username, role),
    KEY by_role (role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Its history, kept as those of the reference's tables are.
CREATE TABLE IF NOT EXISTS balrog_role_grants_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    changed_by VARCHAR(100) NOT NULL,
    timestamp BIGINT NOT NULL,
    username VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL,
    granted_by VARCHAR(100),
    granted_at BIGINT,
    confirmed_by VARCHAR(100),
    confirmed_at BIGINT,
    PRIMARY KEY (change_id),
    KEY by_key (username, role, timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
