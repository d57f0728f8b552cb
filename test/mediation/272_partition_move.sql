-- what: an UPDATE that moves rows
-- outcome: masked
BEGIN;
UPDATE crm.site SET zone = 's' WHERE id IN (40, 41) RETURNING *;
ROLLBACK;
