-- what: hidden rows: ON CONFLICT at the customer with a window
-- outcome: shown
BEGIN;
INSERT INTO crm.depot VALUES (7, 7, 'x', 'x') ON CONFLICT (id) DO UPDATE SET note = 'y' RETURNING *;
ROLLBACK;
