-- 0009: the trigger as 0006 makes it.
DELIMITER //
CREATE OR REPLACE DEFINER='balrog_feed'@'localhost' TRIGGER balrog_members_releases_u
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
DELIMITER ;
