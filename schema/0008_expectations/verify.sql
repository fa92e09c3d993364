-- 0008: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'balrog_expectations' AS tbl, 'product,name,query,must,comment,data_version' AS cols
    UNION ALL SELECT 'balrog_expectations_history',
        'change_id,changed_by,timestamp,product,name,query,must,comment,data_version'
) AS need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns c
    WHERE c.table_schema = DATABASE() AND c.table_name = need.tbl AND FIND_IN_SET(c.column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));
