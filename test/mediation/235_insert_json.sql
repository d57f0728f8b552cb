-- what: INSERT … SELECT of whole rows
-- outcome: refused 42501
CREATE TABLE scratch.t (a jsonb);
INSERT INTO scratch.t SELECT to_jsonb(c) FROM crm.customer c;
