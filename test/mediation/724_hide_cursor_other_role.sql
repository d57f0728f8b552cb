-- what: hidden rows: a cursor that dispatcher opened
-- outcome: refused 55000
-- as: postgres
SET SESSION AUTHORIZATION dispatcher;
BEGIN;
DECLARE c CURSOR FOR SELECT note FROM crm.depot WHERE id > 7;
MOVE 1 FROM c;
SET SESSION AUTHORIZATION anna;
FETCH ALL FROM c;
