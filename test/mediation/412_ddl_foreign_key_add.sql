-- what: ADD FOREIGN KEY
-- outcome: refused 0A000
-- as: owner
BEGIN;
CREATE TABLE scratch.t (p text);
ALTER TABLE scratch.t ADD FOREIGN KEY (p) REFERENCES crm.customer (phone);
