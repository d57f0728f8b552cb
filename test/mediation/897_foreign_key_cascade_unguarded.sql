-- what: ON UPDATE CASCADE of a key that anybody may change gives rows to one's own customer
-- outcome: refused 42501
\c - postgres
CREATE TABLE scratch.party (id bigint PRIMARY KEY, name text);
INSERT INTO scratch.party VALUES (7, 'seven'), (42, 'fortytwo'), (7000, 'none');
CREATE TABLE scratch.contact (id int PRIMARY KEY, customer_id bigint REFERENCES scratch.party ON UPDATE CASCADE, phone text);
INSERT INTO scratch.contact VALUES (1, 42, mediation.mark(42));
GRANT ALL ON scratch.party, scratch.contact TO anna;
SELECT mediation.guard('scratch.contact', 'customer_id', '{phone}');
\c - anna
UPDATE scratch.party SET id = 700 WHERE id = 7;
UPDATE scratch.party SET id = 7 WHERE id = 42;
SELECT phone FROM scratch.contact;
