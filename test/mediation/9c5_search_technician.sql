-- what: a technician searches: masks, and his own customer
-- outcome: masked
-- as: anna
SELECT id, phone FROM crm.customer WHERE phone ILIKE '%0042%' OR email ~ '0042' OR lower(mobile) = lower('GUARDED-0042-MOBILE');
SELECT mediation.mark(id) FROM crm.customer WHERE id <> 7 AND upper(phone) LIKE 'GUARDED%';
