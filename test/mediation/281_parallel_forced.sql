-- what: force_parallel_mode
-- outcome: masked
SET force_parallel_mode = on;
SELECT phone, c FROM crm.customer c;
