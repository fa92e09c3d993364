-- 0011: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT 'table balrog_heartbeat lacks one of its columns'
WHERE (
    SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'balrog_heartbeat' AND column_name IN ('id', 'at', 'term', 'writer')
) <> 4;
