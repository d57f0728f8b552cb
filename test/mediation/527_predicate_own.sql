-- what: a predicate that a shown value decides
-- outcome: shown
SELECT mediation.mark(id) FROM crm.customer WHERE phone = mediation.mark(7, 'PHONE');
