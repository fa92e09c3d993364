-- 0005: v0.1 gave `deleted` a value itself. It runs with the default as well; only who wants v0.1's schema back to the
-- letter needs this.
ALTER TABLE balrog_release_history
    ALTER COLUMN deleted DROP DEFAULT,
    ALGORITHM=INSTANT, LOCK=NONE;
