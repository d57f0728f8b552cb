-- what: look-ups on both sides of a join
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(c.id), mediation.mark(s.customer_id) FROM crm.customer c, crm.site s WHERE c.phone = 'GUARDED-0007-PHONE' AND s.door LIKE 'GUARDED-004%';
