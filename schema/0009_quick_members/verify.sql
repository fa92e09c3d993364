-- 0009: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT 'trigger balrog_members_releases_u is missing, or is the one of step 0006'
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() AND trigger_name = 'balrog_members_releases_u'
        AND action_statement LIKE '%CONVERT(NEW.data USING binary)%'
);
