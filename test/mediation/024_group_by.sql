-- what: groups of a guarded column
-- outcome: masked
SELECT phone, count(*) FROM crm.customer GROUP BY phone;
SELECT mobile FROM crm.customer GROUP BY mobile HAVING mobile LIKE 'GUARD%';
