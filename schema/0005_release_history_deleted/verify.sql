-- 0005: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT 'balrog_release_history.deleted does not follow from frame'
WHERE @phase = 'additive' AND NOT EXISTS (
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'balrog_release_history' AND column_name = 'deleted'
        AND column_default LIKE '%frame% is null%'
);

SELECT 'balrog_release_history.deleted is still there'
FROM information_schema.columns
WHERE @phase = 'destructive' AND table_schema = DATABASE() AND table_name = 'balrog_release_history'
    AND column_name = 'deleted';
