-- what: TABLESAMPLE
-- outcome: masked
SELECT phone, c FROM crm.customer c TABLESAMPLE system (100) REPEATABLE (1);
SELECT phone FROM crm.customer TABLESAMPLE bernoulli (90);
