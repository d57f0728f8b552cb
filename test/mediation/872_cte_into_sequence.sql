-- what: what a sub-select returns becomes the value of a sequence
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
CREATE SEQUENCE scratch.s;
SELECT setval('scratch.s', q.n) FROM (SELECT length(phone) AS n FROM crm.customer WHERE id = 42 OFFSET 0) q;
