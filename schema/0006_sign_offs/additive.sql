-- since: v0.3
-- 0006: what a sign-off covers, and which releases are members of superblobs.
--
-- Every statement can be repeated.

-- What each sign-off covered when it was given: a JSON object {release: fingerprint of its content}, see
-- store/signoff_content.h. A sign-off without a row here (given by the reference, or before this step) covers whatever is
-- enacted.
CREATE TABLE IF NOT EXISTS balrog_signoff_content (
    base_table VARCHAR(64) NOT NULL COMMENT 'the table that is to be changed: rules, …',
    sc_id BIGINT NOT NULL,
    username VARCHAR(100) NOT NULL,
    content MEDIUMTEXT NOT NULL,
    PRIMARY KEY (base_table, sc_id, username)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The members of superblobs, of releases (tbl 'releases') and of releases_json. Triggers keep it, so that any writer
-- counts.
CREATE TABLE IF NOT EXISTS balrog_release_members (
    tbl VARCHAR(64) NOT NULL,
    superblob VARCHAR(100) NOT NULL,
    member VARCHAR(100) NOT NULL,
    PRIMARY KEY (tbl, superblob, member),
    KEY by_member (member, superblob)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The triggers run as the change feed's account, see 0001. A release that does not hold the text "blobs" costs one search
-- through its bytes. JSON is stored as json.dumps prints it, so the name of the member is never written with escapes.
GRANT SELECT (name, data), TRIGGER ON releases TO 'balrog_feed'@'localhost';
GRANT SELECT (name, data), TRIGGER ON releases_json TO 'balrog_feed'@'localhost';
GRANT SELECT, INSERT, DELETE ON balrog_release_members TO 'balrog_feed'@'localhost';

DELIMITER //
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_i
    AFTER INSERT ON releases FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(NEW.data AS BINARY)) > 0 AND JSON_VALID(NEW.data) THEN
        INSERT IGNORE INTO balrog_release_members (tbl, superblob, member)
            SELECT 'releases', NEW.name, m.member
            FROM JSON_TABLE(NEW.data, '$.blobs[*]'
                COLUMNS (member VARCHAR(100) PATH '$' NULL ON EMPTY NULL ON ERROR)) AS m
            WHERE m.member IS NOT NULL;
    END IF;
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_u
    AFTER UPDATE ON releases FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(OLD.data AS BINARY)) > 0 THEN
        DELETE FROM balrog_release_members WHERE tbl = 'releases' AND superblob = OLD.name;
    END IF;
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(NEW.data AS BINARY)) > 0 AND JSON_VALID(NEW.data) THEN
        INSERT IGNORE INTO balrog_release_members (tbl, superblob, member)
            SELECT 'releases', NEW.name, m.member
            FROM JSON_TABLE(NEW.data, '$.blobs[*]'
                COLUMNS (member VARCHAR(100) PATH '$' NULL ON EMPTY NULL ON ERROR)) AS m
            WHERE m.member IS NOT NULL;
    END IF;
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_d
    AFTER DELETE ON releases FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(OLD.data AS BINARY)) > 0 THEN
        DELETE FROM balrog_release_members WHERE tbl = 'releases' AND superblob = OLD.name;
    END IF;
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_json_i
    AFTER INSERT ON releases_json FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(NEW.data AS BINARY)) > 0 AND JSON_VALID(NEW.data) THEN
        INSERT IGNORE INTO balrog_release_members (tbl, superblob, member)
            SELECT 'releases_json', NEW.name, m.member
            FROM JSON_TABLE(NEW.data, '$.blobs[*]'
                COLUMNS (member VARCHAR(100) PATH '$' NULL ON EMPTY NULL ON ERROR)) AS m
            WHERE m.member IS NOT NULL;
    END IF;
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_json_u
    AFTER UPDATE ON releases_json FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(OLD.data AS BINARY)) > 0 THEN
        DELETE FROM balrog_release_members WHERE tbl = 'releases_json' AND superblob = OLD.name;
    END IF;
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(NEW.data AS BINARY)) > 0 AND JSON_VALID(NEW.data) THEN
        INSERT IGNORE INTO balrog_release_members (tbl, superblob, member)
            SELECT 'releases_json', NEW.name, m.member
            FROM JSON_TABLE(NEW.data, '$.blobs[*]'
                COLUMNS (member VARCHAR(100) PATH '$' NULL ON EMPTY NULL ON ERROR)) AS m
            WHERE m.member IS NOT NULL;
    END IF;
END//
CREATE DEFINER='balrog_feed'@'localhost' TRIGGER IF NOT EXISTS balrog_members_releases_json_d
    AFTER DELETE ON releases_json FOR EACH ROW
BEGIN
    IF LOCATE(CAST('"blobs"' AS BINARY), CAST(OLD.data AS BINARY)) > 0 THEN
        DELETE FROM balrog_release_members WHERE tbl = 'releases_json' AND superblob = OLD.name;
    END IF;
END//
DELIMITER ;
