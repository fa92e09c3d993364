-- 0008: with the tables go all expectations and their history: export them first (scripts/check-rules --export).
-- lint: allow drop: a version without expectations does not use them
DROP TABLE IF EXISTS balrog_expectations;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_expectations_history;
