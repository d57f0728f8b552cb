-- What an actor sees in place of a withheld value: each mask on each kind of type.
CREATE SCHEMA regress_masks;
SET search_path = regress_masks, public;
SET client_min_messages = warning;
CREATE EXTENSION citext SCHEMA regress_masks;
RESET client_min_messages;
CREATE ROLE regress_masks_anna;
CREATE ROLE regress_masks_bob;
GRANT USAGE ON SCHEMA regress_masks TO regress_masks_anna, regress_masks_bob;
CREATE DOMAIN phone AS varchar(12) CHECK (value ~ '^[0-9+]*$');
CREATE DOMAIN mail AS citext CHECK (value LIKE '%@%');
CREATE FUNCTION stars(value text) RETURNS text LANGUAGE sql RETURN '[' || value || ']';
ALTER DEFAULT PRIVILEGES IN SCHEMA regress_masks GRANT SELECT ON TABLES TO PUBLIC;

-- partial: prefix and suffix remain, the length too; what is not longer than both is starred out whole
CREATE TABLE partial (id int PRIMARY KEY, t text, v varchar(8), c char(10), ci citext, d phone);
INSERT INTO partial VALUES
	(1, '0612345678', '06123456', '0612345678', '0612345678', '+33612345678'),
	(2, '061234', '061234', '061234', '061234', '061234'),
	(3, '0612', '0612', '0612', '0612', '0612'),
	(4, '', '', '', '', ''),
	(5, 'éàüßñøçœ', 'éàüßñøçœ', 'éàüßñøçœ', 'éàüßñøçœ', NULL),
	(6, '電話番号は秘密', '電話番号は秘密', '電話番号は秘密', '電話番号は秘密', NULL),
	(7, NULL, NULL, NULL, NULL, NULL);
SELECT contact_guard.protect('partial', 'id', '{t,v,c,ci,d}', mask => 'partial(4,2)');
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT id, stars(t) AS t, stars(v) AS v, stars(c) AS c, stars(ci) AS ci, stars(d) AS d FROM partial ORDER BY id;
-- types stay what they were
SELECT pg_typeof(t) AS t, pg_typeof(v) AS v, pg_typeof(c) AS c, pg_typeof(ci) AS ci, pg_typeof(d) AS d
  FROM partial WHERE id = 1;
SELECT octet_length(c), c || '|' AS c FROM partial WHERE id = 1;
RESET SESSION AUTHORIZATION;
SELECT contact_guard.protect('partial', 'id', '{t}', mask => 'partial(0,2)');
SELECT contact_guard.protect('partial', 'id', '{v}', mask => 'partial(2,0)');
SELECT contact_guard.protect('partial', 'id', '{c}', mask => 'partial(0,0)');
SELECT contact_guard.protect('partial', 'id', '{d}', mask => 'partial( 99999 , 99999 )');
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT id, stars(t) AS t, stars(v) AS v, stars(c) AS c, stars(d) AS d FROM partial WHERE id < 5 ORDER BY id;
RESET SESSION AUTHORIZATION;

-- email: the first character and the top-level domain
CREATE TABLE email (id int PRIMARY KEY, t text, v varchar(20), c char(20), d mail);
INSERT INTO email SELECT row_number() OVER (), a, a, a, CASE WHEN a LIKE '%@%' THEN a END
  FROM (VALUES ('anna@example.fr'), ('a@b.co.uk'), ('é@ex.fr'), ('x@localhost'), ('@ex.fr'), ('nobody'), (''),
               ('a@b@c.fr'), ('a@'), ('a.b@x'), ('ask @ 1.0612345678'), (NULL), ('n: 4711 @ h.Geheim'), ('n:4711@h.Geheim'), (' anna@ex.fr '), ('<anna@ex.fr>'), ('o''neil+x@ex.fr')) AS v (a);
SELECT contact_guard.protect('email', 'id', '{t,v,c,d}', mask => 'email');
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT id, stars(t) AS t, stars(v) AS v, stars(c) AS c, stars(d) AS d FROM email ORDER BY id;
-- what follows the last dot is no top-level domain: nothing of a number shows
SELECT count(*) FROM email WHERE t LIKE '%678%';
RESET SESSION AUTHORIZATION;

-- null and constant suit every type
CREATE TABLE any_type (id int PRIMARY KEY, i int, b bigint, n numeric(8,2), d date, ts timestamptz, bo boolean,
                       j jsonb, a text[], p point, t text, v varchar(4), dom phone);
INSERT INTO any_type VALUES (1, 5, 5, 5.5, '2020-02-02', '2020-02-02', true, '{"a": 1}', '{x,y}', '(1,2)', 't', 'v', '06');
SELECT contact_guard.protect('any_type', 'id', '{i,b,n,d,ts,bo,j,a,p,t,v,dom}');
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT * FROM any_type;
SELECT count(*) FROM any_type WHERE num_nonnulls(i, b, n, d, ts, bo, j, a, p, t, v, dom) = 0;
RESET SESSION AUTHORIZATION;
SELECT contact_guard.protect('any_type', 'id', '{i,b}', mask => 'constant(-1)');
SELECT contact_guard.protect('any_type', 'id', '{n}', mask => 'constant(0.005)');
SELECT contact_guard.protect('any_type', 'id', '{d}', mask => 'constant(1900-01-01)');
SELECT contact_guard.protect('any_type', 'id', '{ts}', mask => 'constant(-infinity)');
SELECT contact_guard.protect('any_type', 'id', '{bo}', mask => 'constant(f)');
SELECT contact_guard.protect('any_type', 'id', '{j}', mask => 'constant({"hidden": "(yes)"})');
SELECT contact_guard.protect('any_type', 'id', '{a}', mask => 'constant({})');
SELECT contact_guard.protect('any_type', 'id', '{p}', mask => 'constant((0,0))');
SELECT contact_guard.protect('any_type', 'id', '{t,v}', mask => 'constant()');
SELECT contact_guard.protect('any_type', 'id', '{dom}', mask => 'constant(000)');
SET SESSION AUTHORIZATION regress_masks_anna;
\x on
SELECT * FROM any_type;
\x off
RESET SESSION AUTHORIZATION;

-- pseudonym: 16 hexadecimal digits, the same for one actor on one day
CREATE TABLE pseudonym (id int PRIMARY KEY, t text, v varchar(6), c char(20), ci citext);
INSERT INTO pseudonym VALUES (1, 'one', 'one', 'one', 'one'), (2, 'two', 'two', 'two', 'two'), (3, 'one', 'one', 'one', 'one');
SELECT contact_guard.protect('pseudonym', 'id', '{t,v,c,ci}', mask => 'pseudonym');
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT id, t ~ '^[0-9a-f]{16}$' AS t, v ~ '^[0-9a-f]{6}$' AS v, rtrim(c) ~ '^[0-9a-f]{16}$' AS c,
       ci ~ '^[0-9a-f]{16}$' AS ci, t = rtrim(c) AS as_char
  FROM pseudonym ORDER BY id;
SELECT a.id, b.id FROM pseudonym a JOIN pseudonym b ON a.t = b.t AND a.id < b.id;
SELECT t AS anna FROM pseudonym WHERE id = 1 \gset
SELECT t = :'anna' AS stable FROM pseudonym WHERE id = 3;
SET SESSION AUTHORIZATION regress_masks_bob;
SELECT t = :'anna' AS the_same_for_bob FROM pseudonym WHERE id = 1;
RESET SESSION AUTHORIZATION;

-- a shown value is the value
SELECT contact_guard.open_intervention(1::bigint, 'regress_masks_anna', clock_timestamp() - interval '1 h',
                                       clock_timestamp() + interval '1 h') > 0 AS opened;
\c -
SET search_path = regress_masks, public;
SET SESSION AUTHORIZATION regress_masks_anna;
SELECT stars(t) AS t, stars(v) AS v, stars(c) AS c, stars(ci) AS ci, stars(d) AS d FROM partial WHERE id = 1;
SELECT t, v FROM email WHERE id = 1;
RESET SESSION AUTHORIZATION;

-- a column that has become another type than its mask suits is withheld whole
ALTER TABLE pseudonym ALTER t TYPE int USING length(t);
SET SESSION AUTHORIZATION regress_masks_bob;
SELECT id, t FROM pseudonym WHERE id = 1;
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
SELECT contact_guard.close_intervention(id) FROM contact_guard.intervention WHERE technician = 'regress_masks_anna';
SELECT contact_guard.unprotect(r) FROM unnest('{partial,email,any_type,pseudonym}'::regclass[]) r;
DROP SCHEMA regress_masks CASCADE;
DROP ROLE regress_masks_anna, regress_masks_bob;
