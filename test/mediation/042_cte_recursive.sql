-- what: recursive CTE
-- outcome: masked
WITH RECURSIVE w (id, p) AS (SELECT id, phone FROM crm.customer WHERE id = 40
  UNION ALL SELECT c.id, w.p || ' ' || c.phone FROM w JOIN crm.customer c ON c.id = w.id + 1 WHERE c.id < 45) SEARCH DEPTH FIRST BY id SET o SELECT * FROM w;
