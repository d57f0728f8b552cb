-- what: a child of one's own
-- outcome: masked
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t VALUES (1, 'x');
SELECT mediation.mark(id) FROM crm.person WHERE phone = mediation.mark(42, 'PERSON');
SELECT * FROM ONLY crm.person;
