-- what: pages of views, whose values are revealed above LIMIT
-- outcome: masked
CREATE VIEW scratch.v AS SELECT id, city, phone, upper(email) AS mail FROM crm.customer;
CREATE VIEW scratch.w AS SELECT v.*, s.door, v.phone || v.mail AS pair FROM scratch.v JOIN crm.site s ON s.customer_id = v.id;
SELECT * FROM scratch.v ORDER BY id LIMIT 20 OFFSET 30;
SELECT * FROM scratch.w ORDER BY id OFFSET 1;
SELECT pair, phone, lower(pair) FROM scratch.w WHERE phone LIKE '%' ORDER BY city, id OFFSET 1;
SELECT v, v.phone FROM scratch.v ORDER BY id OFFSET 30;
SELECT to_jsonb(w), w.pair FROM scratch.w ORDER BY id OFFSET 1;
SELECT s.phone, (SELECT s) FROM (SELECT * FROM scratch.v) s ORDER BY id OFFSET 30;
SELECT v.mail, n.word FROM scratch.v LEFT JOIN crm.note n ON n.customer_id = v.id ORDER BY v.id OFFSET 1;
SELECT v.mail, n.word FROM crm.note n LEFT JOIN scratch.v ON n.customer_id = v.id ORDER BY n.id OFFSET 1;
SELECT * FROM (SELECT id, phone FROM scratch.v ORDER BY phone) s ORDER BY id OFFSET 30;
SELECT * FROM scratch.v JOIN scratch.w USING (id, phone) ORDER BY id OFFSET 1;
