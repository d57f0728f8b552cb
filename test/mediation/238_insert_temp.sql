-- what: into a temporary table
-- outcome: refused 42501
CREATE TEMP TABLE t (a text);
INSERT INTO t SELECT phone FROM crm.customer;
SELECT * FROM t;
