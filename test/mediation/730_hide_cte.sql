-- what: hidden rows: CTEs
-- outcome: masked
WITH d AS MATERIALIZED (SELECT * FROM crm.depot) SELECT * FROM d;
WITH d AS NOT MATERIALIZED (SELECT note FROM crm.area) SELECT * FROM d;
WITH RECURSIVE d AS (SELECT 1::bigint AS id, '' AS note UNION ALL SELECT d.id + 1, a.note FROM d JOIN crm.depot a ON a.id = d.id + 1) SELECT * FROM d;
