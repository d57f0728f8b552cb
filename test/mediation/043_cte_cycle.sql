-- what: CYCLE on a guarded column
-- outcome: masked
WITH RECURSIVE w (id, p) AS (SELECT id, phone FROM crm.customer WHERE id = 40
  UNION ALL SELECT c.id, c.phone FROM w JOIN crm.customer c ON c.id = w.id + 1 WHERE c.id < 45) CYCLE id, p SET is_cycle USING path SELECT path FROM w;
