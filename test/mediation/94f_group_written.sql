-- what: setval() with the length of a value of the own visit that the query groups by
-- outcome: refused 42501
CREATE SEQUENCE scratch.s;
SELECT setval('scratch.s', length(phone)) FROM crm.customer WHERE id = 7 GROUP BY phone;
