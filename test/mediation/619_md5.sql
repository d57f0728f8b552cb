-- what: a guess by hash
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE md5(phone) = md5(mediation.mark(id, 'PHONE')) AND id <> 7;
