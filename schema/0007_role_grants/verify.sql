-- 0007: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'balrog_role_grants' AS tbl, 'username,role,granted_by,granted_at,confirmed_by,confirmed_at' AS cols
    UNION ALL SELECT 'balrog_role_grants_history',
        'change_id,changed_by,timestamp,username,role,granted_by,granted_at,confirmed_by,confirmed_at'
) AS need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns c
    WHERE c.table_schema = DATABASE() AND c.table_name = need.tbl AND FIND_IN_SET(c.column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));
