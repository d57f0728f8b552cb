-- what: hidden rows: FOR UPDATE, TABLESAMPLE, by ctid
-- outcome: masked
BEGIN;
SELECT * FROM crm.depot FOR UPDATE;
SELECT note FROM crm.area FOR SHARE SKIP LOCKED;
ROLLBACK;
SELECT note FROM crm.depot TABLESAMPLE BERNOULLI (100);
SELECT note FROM crm.area TABLESAMPLE SYSTEM (100);
SELECT note FROM crm.depot WHERE ctid = ANY (ARRAY(SELECT format('(0,%s)', i)::tid FROM generate_series(1, 60) i));
