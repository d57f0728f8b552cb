-- what: the row of a join alias
-- outcome: masked
SELECT j, j.phone FROM (crm.customer c CROSS JOIN (VALUES (1)) v (one)) j;
