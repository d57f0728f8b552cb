-- what: through the parent
-- outcome: masked
SELECT tableoid::regclass, *, s FROM crm.site s;
SELECT mediation.mark(customer_id) FROM crm.site WHERE door = mediation.mark(42, 'DOOR');
