-- since: v0.2
-- 0005: the history of releases needs no column `deleted`: a version's text has a byte at least, and the entry of a
-- deletion has none.
--
-- Here v0.2, which does not write the column, is let write: it gets the value that v0.1 would have written, for v0.1
-- still reads it. Every statement can be repeated.

ALTER TABLE balrog_release_history
    ALTER COLUMN deleted SET DEFAULT (frame IS NULL),
    ALGORITHM=INSTANT, LOCK=NONE;
