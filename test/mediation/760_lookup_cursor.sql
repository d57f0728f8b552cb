-- what: a look-up whose cursor dispatcher opened
-- outcome: refused 55000
-- as: postgres
SET SESSION AUTHORIZATION dispatcher;
BEGIN;
DECLARE c CURSOR FOR SELECT mediation.mark(id) FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
MOVE 1 FROM c;
SET SESSION AUTHORIZATION anna;
FETCH ALL FROM c;
