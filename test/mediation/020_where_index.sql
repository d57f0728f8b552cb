-- what: guessing through the index
-- outcome: masked
SET enable_seqscan = off;
SELECT mediation.mark(id) FROM crm.customer WHERE phone = mediation.mark(42, 'PHONE');
