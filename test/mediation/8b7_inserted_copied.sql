-- what: what one has inserted is not copied elsewhere
-- outcome: refused 42501
BEGIN;
CREATE TABLE scratch.t (a text);
INSERT INTO crm.customer (id, name, phone) VALUES (100, 'x', 'GUARDED-0100-PHONE');
INSERT INTO scratch.t SELECT phone FROM crm.customer WHERE id = 100;
