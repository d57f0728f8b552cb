-- what: a unique violation tells that a value exists
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (99, 'x', 'y', mediation.mark(42, 'PHONE'));
