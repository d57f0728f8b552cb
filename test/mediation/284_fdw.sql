-- what: postgres_fdw, back to this database
-- outcome: masked
SELECT id, phone FROM mediation.remote;
SELECT mediation.mark(id) FROM mediation.remote WHERE phone = mediation.mark(42, 'PHONE');
