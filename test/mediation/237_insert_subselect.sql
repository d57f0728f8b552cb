-- what: INSERT … VALUES of a sub-select
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
INSERT INTO scratch.t VALUES ((SELECT mobile FROM crm.customer WHERE id = 42));
