-- what: WITH HOLD over columns that are not guarded
-- outcome: masked
-- touches: no
DECLARE c CURSOR WITH HOLD FOR SELECT id, name, city FROM crm.customer ORDER BY id;
FETCH ALL FROM c;
