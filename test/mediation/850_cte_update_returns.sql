-- what: an UPDATE in a CTE whose RETURNING is only selected, as REST servers do it
-- outcome: masked
BEGIN;
WITH s AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING *) SELECT json_agg(s) FROM s;
WITH s AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING crm.customer.id, crm.customer.phone)
	SELECT '' AS total_result_set, pg_catalog.count(t) AS page_total, coalesce(json_agg(t), '[]')::character varying AS body FROM (SELECT s.* FROM s) t;
WITH "__local_0__" AS (UPDATE crm.customer SET city = 'y' WHERE id = 42 RETURNING *)
	SELECT ((CASE WHEN "__local_0__" IS NULL THEN NULL ELSE "__local_0__" END))::text FROM "__local_0__";
WITH "m" AS (UPDATE crm.customer SET city = 'z' WHERE id = 42 RETURNING *, true AS "check__constraint"), "a" AS (SELECT id, phone, mobile, email FROM m)
	SELECT json_build_object('affected_rows', (SELECT count(*) FROM a), 'returning', (SELECT coalesce(json_agg(row_to_json(e)), '[]') FROM (SELECT phone, email FROM a) e)),
		coalesce((SELECT bool_and(check__constraint) FROM m), true);
WITH d AS (DELETE FROM crm.customer WHERE id = 41 RETURNING *) SELECT d.phone, d FROM d ORDER BY d.phone;
WITH i AS (INSERT INTO crm.customer VALUES (42, 'n') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *) SELECT to_jsonb(i), phone || 'x', mobile FROM i WHERE phone IS NOT NULL;
ROLLBACK;
