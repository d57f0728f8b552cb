-- what: time as a side channel
-- outcome: masked
SELECT clock_timestamp() AS t \gset
SELECT pg_sleep(CASE WHEN phone = mediation.mark(42, 'PHONE') THEN 1 ELSE 0 END) IS NULL FROM crm.customer WHERE id = 42;
SELECT mediation.mark(42) WHERE clock_timestamp() - :'t'::timestamptz > interval '0.9 s';
