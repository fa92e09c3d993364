-- since: v0.2
-- 0005: v0.1 is the last that reads balrog_release_history.deleted.
--
-- Every statement can be repeated.

ALTER TABLE balrog_release_history
    DROP COLUMN IF EXISTS deleted,
    ALGORITHM=INSTANT, LOCK=NONE;
