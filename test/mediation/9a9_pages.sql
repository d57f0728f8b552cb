-- what: pages of LIMIT and OFFSET, whose values are revealed above them
-- outcome: masked
SELECT * FROM crm.customer ORDER BY id LIMIT 20 OFFSET 30;
SELECT c FROM crm.customer c ORDER BY c.id OFFSET 30;
SELECT to_jsonb(c), c.phone || c.email, (c).mobile FROM crm.customer c ORDER BY c.city, c.id LIMIT 20 OFFSET 1;
SELECT phone, (SELECT max(x.phone) FROM crm.customer x WHERE x.id >= c.id) FROM crm.customer c ORDER BY id OFFSET 30;
SELECT c.phone, s.door, v.starts_at FROM crm.customer c LEFT JOIN crm.site s ON s.customer_id = c.id LEFT JOIN crm.visit v ON v.customer_id = c.id ORDER BY c.id OFFSET 30;
SELECT c.*, n.word FROM crm.customer c JOIN LATERAL (SELECT word || c.phone AS word FROM crm.note WHERE customer_id = c.id OFFSET 0) n ON true ORDER BY c.id OFFSET 1;
SELECT phone FROM crm.customer ORDER BY phone, id OFFSET 2;
SELECT DISTINCT ON (city) phone FROM crm.customer ORDER BY city, id OFFSET 1;
SELECT phone, rank() OVER (ORDER BY mobile) FROM crm.customer ORDER BY id OFFSET 30;
SELECT string_agg(phone, ',') FROM crm.customer GROUP BY city ORDER BY city OFFSET 1;
SELECT phone FROM crm.customer UNION ALL SELECT mobile FROM crm.customer OFFSET 30;
SELECT unnest(ARRAY[phone, mobile]) FROM crm.customer ORDER BY id OFFSET 30;
SELECT phone FROM crm.customer WHERE id > 30 ORDER BY id LIMIT length((SELECT phone FROM crm.customer WHERE id = 42)) OFFSET length((SELECT phone FROM crm.customer WHERE id = 42)) - 8;
SELECT phones, more FROM crm.parts OFFSET 1;
SELECT p, p.phone FROM crm.person p OFFSET 1;
TABLE crm.depot OFFSET 0;
WITH c AS MATERIALIZED (SELECT * FROM crm.customer OFFSET 10) SELECT phone, c FROM c OFFSET 10;
COPY (SELECT id, phone, mobile FROM crm.customer ORDER BY id OFFSET 30) TO STDOUT;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.customer ORDER BY id OFFSET 30;
FETCH 5 FROM c; FETCH BACKWARD 2 FROM c; FETCH ALL FROM c; FETCH ABSOLUTE 3 FROM c;
COMMIT;
PREPARE p(int) AS SELECT id, phone FROM crm.customer ORDER BY id OFFSET $1;
EXECUTE p(30); EXECUTE p(0);
EXPLAIN (VERBOSE, ANALYZE) SELECT id, phone FROM crm.customer ORDER BY id OFFSET 30;
DO $$DECLARE r record; BEGIN FOR r IN SELECT phone, id FROM crm.customer ORDER BY id OFFSET 30 LOOP RAISE NOTICE '%', r; END LOOP; END$$;
