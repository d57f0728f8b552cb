-- what: guessing by IN and = ANY
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE phone IN (mediation.mark(42, 'PHONE'), mediation.mark(43, 'PHONE')) OR mobile = ANY (ARRAY[mediation.mark(41, 'MOBILE')]);
