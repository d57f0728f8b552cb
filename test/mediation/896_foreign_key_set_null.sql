-- what: ON DELETE SET NULL of a customer key, ordinary and hidden, and rows without a customer
-- outcome: masked
\c - postgres
CREATE TABLE scratch.party (id bigint PRIMARY KEY, name text);
INSERT INTO scratch.party VALUES (7, 'seven'), (42, 'fortytwo'), (7000, 'none');
CREATE TABLE scratch.contact (id int PRIMARY KEY, customer_id bigint REFERENCES scratch.party ON DELETE SET NULL, phone text);
CREATE TABLE scratch.key (id int PRIMARY KEY, customer_id bigint REFERENCES scratch.party ON DELETE SET DEFAULT, code text);
INSERT INTO scratch.contact VALUES (1, 42, mediation.mark(42));
INSERT INTO scratch.key VALUES (1, 42, mediation.mark(42));
GRANT ALL ON scratch.party, scratch.contact, scratch.key TO anna;
SELECT mediation.guard('scratch.contact', 'customer_id', '{phone}');
SELECT mediation.guard('scratch.key', 'customer_id', '{code}');
\c - anna
BEGIN;
DELETE FROM scratch.party WHERE id = 42;
SELECT * FROM scratch.contact, scratch.key;
DO $$BEGIN IF EXISTS (SELECT FROM scratch.contact WHERE customer_id IS NOT NULL) OR EXISTS (SELECT FROM scratch.key WHERE customer_id IS NOT NULL) THEN RAISE 'not set'; END IF; END$$;
COMMIT;
