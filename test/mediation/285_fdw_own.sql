-- what: postgres_fdw, at the customer with a window
-- outcome: shown
SELECT phone FROM mediation.remote WHERE id = 7;
