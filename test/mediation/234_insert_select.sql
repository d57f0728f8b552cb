-- what: INSERT … SELECT of withheld values
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
INSERT INTO scratch.t SELECT phone FROM crm.customer;
