-- what: RETURNING old of an updatable view, of columns that are expressions
-- since: 18
-- outcome: masked
CREATE VIEW scratch.v AS SELECT id, city, phone, upper(phone) AS u, (SELECT max(x.email) FROM crm.customer x WHERE x.phone = c.phone) AS e FROM crm.customer c;
BEGIN;
UPDATE scratch.v SET city = 'x' WHERE id = 42 RETURNING old.phone, old.u, new.u, old, new;
DELETE FROM scratch.v WHERE id = 41 RETURNING old.*, new.*, old.u || new.u, old, new;
ROLLBACK;
