-- 0006: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'balrog_signoff_content' AS tbl, 'base_table,sc_id,username,content' AS cols
    UNION ALL SELECT 'balrog_release_members', 'tbl,superblob,member'
) need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = need.tbl AND FIND_IN_SET(column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));

SELECT CONCAT('trigger ', need.name, ' is missing')
FROM (
    SELECT 'balrog_members_releases_i' AS name
    UNION ALL SELECT 'balrog_members_releases_u'
    UNION ALL SELECT 'balrog_members_releases_d'
    UNION ALL SELECT 'balrog_members_releases_json_i'
    UNION ALL SELECT 'balrog_members_releases_json_u'
    UNION ALL SELECT 'balrog_members_releases_json_d'
) need
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() AND trigger_name = need.name
);
