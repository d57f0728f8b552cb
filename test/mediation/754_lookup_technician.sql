-- what: a technician looks up: he compares masks
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0042-PHONE';
SELECT mediation.mark(id) FROM crm.customer WHERE phone IN ('GUARDED-0042-PHONE', 'GUARDED-0043-PHONE');
SELECT mediation.mark(id) FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
SELECT mediation.mark(id) FROM crm.customer WHERE phone >= 'GUARDED-0042' AND phone < 'GUARDED-0043';
