-- 0002: what releases and release assets have been.
--
-- Every statement can be repeated. Times are ms since 1970.

-- A version of a row of releases, releases_json or release_assets (tbl), or its deletion. What it held is frame, a
-- zstd frame: of the whole text (a key frame, base is NULL), or with the text of the version base as its prefix.
CREATE TABLE IF NOT EXISTS balrog_release_history (
    change_id BIGINT NOT NULL AUTO_INCREMENT,
    tbl VARCHAR(20) NOT NULL,
    name VARCHAR(100) NOT NULL,
    path VARCHAR(200) NOT NULL COMMENT 'of an asset; else empty',
    data_version INT NOT NULL COMMENT 'of a deletion: the version that went',
    deleted TINYINT(1) NOT NULL,
    changed_by VARCHAR(100) COMMENT 'NULL: written by somebody else, found when it was replaced',
    timestamp BIGINT COMMENT 'NULL as changed_by',
    base BIGINT,
    size INT UNSIGNED NOT NULL COMMENT 'bytes of the text',
    frame LONGBLOB COMMENT 'NULL: a deletion',
    PRIMARY KEY (change_id),
    KEY by_key (tbl, name, path, data_version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Where the history of a row ends: what the next version is written with. It is read by its whole key alone, so that
-- writers of neighbouring rows do not lock each other out.
CREATE TABLE IF NOT EXISTS balrog_release_heads (
    tbl VARCHAR(20) NOT NULL,
    name VARCHAR(100) NOT NULL,
    path VARCHAR(200) NOT NULL,
    change_id BIGINT COMMENT 'the newest version; NULL: none, or it was deleted',
    data_version INT,
    step INT COMMENT 'how many versions came after the last key frame',
    tenth BIGINT COMMENT 'the change_id of the last version whose step is a multiple of ten',
    digest BINARY(32) COMMENT 'SHA-256 of the text',
    PRIMARY KEY (tbl, name, path)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
