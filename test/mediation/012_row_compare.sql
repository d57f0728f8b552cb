-- what: predicate on a whole row
-- outcome: masked
SELECT mediation.mark(c.id) FROM crm.customer c WHERE id <> 7 AND c::text LIKE '%GUARDED%';
SELECT phone FROM crm.customer WHERE id = 42;
