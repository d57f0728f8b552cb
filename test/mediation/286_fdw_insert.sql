-- what: INSERT … SELECT into a foreign table
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
CREATE FOREIGN TABLE scratch.r (a text) SERVER loop OPTIONS (schema_name 'scratch', table_name 't');
INSERT INTO scratch.r SELECT phone FROM crm.customer;
