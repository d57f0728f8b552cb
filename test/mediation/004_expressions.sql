-- what: expressions over a guarded column
-- outcome: masked
SELECT id, 'tel:' || phone, upper(phone), reverse(reverse(phone)), format('%s', mobile), concat(email, '!') FROM crm.customer;
