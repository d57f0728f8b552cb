-- what: ARRAY(), IN, scalar subqueries
-- outcome: masked
SELECT ARRAY(SELECT phone FROM crm.customer ORDER BY id), (SELECT phone FROM crm.customer WHERE id = 42), mediation.mark(42, 'PHONE') IN (SELECT phone FROM crm.customer);
