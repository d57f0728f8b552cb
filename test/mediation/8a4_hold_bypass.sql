-- what: WITH HOLD of hidden rows by a role that bypasses row security, without a permission
-- outcome: refused 0A000
-- as: bypass
DECLARE c CURSOR WITH HOLD FOR SELECT code, note FROM crm.depot;
FETCH ALL FROM c;
