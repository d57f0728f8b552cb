-- what: a copy of a shown value
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
INSERT INTO scratch.t SELECT phone FROM crm.customer WHERE id = 7;
