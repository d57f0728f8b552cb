-- what: the mask of one customer as the value of a new one
-- outcome: refused 42501
-- touches: no
INSERT INTO crm.customer (id, name, phone) VALUES (99, 'x', 'WITHHELD');
