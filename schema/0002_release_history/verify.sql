-- 0002: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'balrog_release_history' AS tbl,
        'change_id,tbl,name,path,data_version,deleted,changed_by,timestamp,base,size,frame' AS cols
    UNION ALL SELECT 'balrog_release_heads', 'tbl,name,path,change_id,data_version,step,tenth,digest'
) AS need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns c
    WHERE c.table_schema = DATABASE() AND c.table_name = need.tbl AND FIND_IN_SET(c.column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));
