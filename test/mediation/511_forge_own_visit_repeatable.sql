-- what: the same in REPEATABLE READ and SERIALIZABLE
-- outcome: masked
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM crm.note;
INSERT INTO crm.visit VALUES (9, 42, 'anna', '-infinity', 'infinity', 'on_site');
SELECT phone FROM crm.customer;
ROLLBACK;
