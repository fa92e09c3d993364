-- 0011: programs that need the heartbeat do not start without it; earlier ones do not know it.
-- lint: allow drop: it has nothing that anybody needs later
DROP TABLE IF EXISTS balrog_heartbeat;
