-- what: the guarded table becomes a child of an open one
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE TABLE scratch.t (phone text);
ALTER TABLE crm.customer INHERIT scratch.t;
SELECT phone FROM scratch.t;
