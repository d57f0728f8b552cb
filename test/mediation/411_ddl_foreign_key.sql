-- what: a foreign key on a guarded column
-- outcome: refused 0A000
-- as: owner
BEGIN;
CREATE TABLE scratch.t (p text REFERENCES crm.customer (phone));
