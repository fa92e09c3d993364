-- 0010: with the tables go all partial stops and their history: clients that are stopped get updates again.
-- lint: allow drop: a version without partial stops does not use it; its triggers go with it
DROP TABLE IF EXISTS balrog_partial_stops;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_history;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes_history;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes_conditions;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes_conditions_history;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes_signoffs;
-- lint: allow drop: as above
DROP TABLE IF EXISTS balrog_partial_stops_scheduled_changes_signoffs_history;
