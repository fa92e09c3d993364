-- 0003: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT 'table app_instances lacks one of its columns'
WHERE (
    SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'app_instances' AND column_name IN ('instance', 'program', 'host',
        'pid', 'version', 'started_at', 'seen_at', 'detail')
) <> 8;
