-- what: a sequence as a side channel
-- outcome: masked
CREATE SEQUENCE scratch.s;
SELECT nextval('scratch.s') FROM crm.customer WHERE phone = mediation.mark(42, 'PHONE');
SELECT mediation.mark(42) FROM scratch.s WHERE is_called;
