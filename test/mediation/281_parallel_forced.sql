-- what: force_parallel_mode
-- outcome: masked
SET :forced_parallel = on;
SELECT phone, c FROM crm.customer c;
