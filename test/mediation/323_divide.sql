-- what: an error as a side channel
-- outcome: masked
\set ON_ERROR_STOP off
SELECT 1 / (CASE WHEN phone = mediation.mark(42, 'PHONE') THEN 0 ELSE 1 END) FROM crm.customer WHERE id = 42;
\if :ERROR
\echo GUARDED-0042-GUESSED
\endif
