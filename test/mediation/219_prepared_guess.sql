-- what: a guess as a parameter
-- outcome: masked
PREPARE p (text) AS SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1;
EXECUTE p (mediation.mark(42, 'PHONE'));
