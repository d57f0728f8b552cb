-- Masks that validators accept and that reach nobody: phone, email(invalid), address.
CREATE SCHEMA regress_fiction;
SET search_path = regress_fiction, public;
SET client_min_messages = warning;
CREATE EXTENSION citext SCHEMA regress_fiction;
RESET client_min_messages;
CREATE ROLE regress_fiction_anna;
GRANT USAGE ON SCHEMA regress_fiction TO regress_fiction_anna;
ALTER DEFAULT PRIVILEGES IN SCHEMA regress_fiction GRANT SELECT, INSERT, UPDATE ON TABLES TO PUBLIC;

-- phone: a number of the country's range for fiction, in the form of the value
CREATE TABLE phone (id int PRIMARY KEY, value text, fr text, line text, us text, "none" text);
INSERT INTO phone SELECT row_number() OVER (), a, a, a, a, a FROM unnest(ARRAY[
	'0612345678', '06 12 34 56 78', '06.12.34.56.78', '01-23-45-67-89', '612345678',
	'+33612345678', '+33 6 12 34 56 78', '+33 (0)6 12 34 56 78', '0033612345678', '+33 6 12 34 56 7',
	'+44 7911 123456', '+4915112345678', '+49 30 901820', '+49 (0)30 1234567', '030 1234567', '+49 (0)171 1234567', '+353 87 123 4567', '+46 70 123 45 67', '+61 412 345 678',
	'+1 416 555 1234', '+14165551234', '(212) 555-1234', '1-212-555-1234',
	'+999 12345678', '+', '', ' ', '12', '06123456780612345678061234567806123456780612345678',
	'0612345678 code 4711B', '+33612345678 (Dupont)', 'ask Dupont', E'06\t12345678', '06 12 34 56 78 ', '０６１２３４５６７８']) a;
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(FR)');
SELECT contact_guard.protect('phone', 'id', '{line}', mask => 'phone( FR , landline )');
SELECT contact_guard.protect('phone', 'id', '{us}', mask => 'phone(US)');
SELECT contact_guard.protect('phone', 'id', '{none}', mask => 'phone');
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT value, fr, line, us, "none" FROM phone ORDER BY id;
-- Nothing of a number shows, but for its country's code, and no mask tells two values apart.
SELECT count(*) FROM phone WHERE concat(fr, line, us, "none") ~ '1234|5678|4711|Dupont';
RESET SESSION AUTHORIZATION;
CREATE TABLE many (id int PRIMARY KEY, value text);
INSERT INTO many SELECT i, '06' || lpad((i * 12345)::text, 8, '0') FROM generate_series(1, 1000) i;
SELECT contact_guard.protect('many', 'id', '{value}', mask => 'phone(FR)');
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT DISTINCT value FROM many;
RESET SESSION AUTHORIZATION;
-- each country, and its fixed lines
CREATE TABLE country (id int PRIMARY KEY, a text, b text);
INSERT INTO country VALUES (1, 'x', 'x');
DO $$
DECLARE c text; r record;
BEGIN
	SET LOCAL client_min_messages = warning;
	FOREACH c IN ARRAY '{AU,CA,DE,FR,GB,IE,SE,US}'::text[] LOOP
		PERFORM contact_guard.protect('country', 'id', '{a}', mask => format('phone(%s,mobile)', c));
		PERFORM contact_guard.protect('country', 'id', '{b}', mask => format('phone(%s,landline)', c));
		SET LOCAL SESSION AUTHORIZATION regress_fiction_anna;
		SELECT a, b INTO r FROM country;
		RESET SESSION AUTHORIZATION;
		RAISE INFO '% % %', c, r.a, r.b;
	END LOOP;
END $$;
-- what is not a mask
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone()');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(fr)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(XX)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(FR,)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(FR,fax)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phone(FR,mobile,x)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'phones');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'email(valid)');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'email()');
SELECT contact_guard.protect('phone', 'id', '{fr}', mask => 'address(FR)');

-- address: the town, where it is certain what that is
CREATE TABLE address (id int PRIMARY KEY, value text, masked text);
INSERT INTO address SELECT row_number() OVER (), a, a FROM unnest(ARRAY[
	'12 rue de la Paix, 75002 Paris', E'12 rue de la Paix\n75002 Paris', '3 bis, place Bellecour, 69002 Lyon', '1200 avenue de Lodève, 34000 Montpellier',
	'4 rue X, 13100 Aix-en-Provence', '4 rue X, 97400 Saint-Denis', '4 rue X, 60300 Senlis sur Mer', 'Hauptstr. 5, 60311 Frankfurt am Main', '7 rue Y, 91000 Évry', 'Via Roma 5, 00184 Roma', '5 rue Z, 62215 L''Oye',
	-- without a house number the words behind may be a street's; and all that is not a town alone
	'Paris, 12345 rue de la Paix', 'rue de la Paix, 75002 Paris', '12 rue de la Paix 75002 Paris', '75002 Paris, 12 rue de la Paix', '12 rue de la Paix', '12 rue, 75002 Paris, digicode 4711',
	'12 rue, 75002 Paris digicode A', '12 rue, 75002 Paris chez Dupont', '12 rue, 75002 Paris (chez Dupont)', '12 rue, 75002 Paris B', '12 rue, 75002 Paris CEDEX 09', '12 rue, 75002 paris', '12 rue, code 47110 Paris',
	'12 rue, 75002, 75003 Paris', '12 rue, 7500 Paris', '12 rue, 750023 Paris', '12 rue, 75002', '12 rue, 75002 ', '12 rue, 75002  Paris', '12 rue, 75002 Paris ', '12 rue, 75002 A B C D E F', '', 'Dupont']) a;
SELECT contact_guard.protect('address', 'id', '{masked}', mask => 'address');
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT value, masked FROM address ORDER BY id;
RESET SESSION AUTHORIZATION;

-- Only Latin letters show, only the blank parts words, and a word begins with a capital letter.
CREATE TABLE letters (id int PRIMARY KEY, town text, masked text);
INSERT INTO letters SELECT row_number() OVER (), a, '12 rue X, 75002 ' || a FROM unnest(ARRAY[
	'Épinal', 'Århus', 'Łódź', 'Žilina', 'Ĺubica', 'İzmir', 'Ÿ', 'Ÿver', 'Œuilly', 'Weißenburg', 'Þórshöfn',
	'évry', 'łódź', 'žilina', 'ĺubica', 'ĸangeq', 'ŉab', 'ſaal', 'ßen', '×aris', 'Par÷is',
	U&'Paris\00A0digicode\00A0quatre', U&'Paris\3000code', U&'Paris\200Bcode', U&'Paris\0085chez\2028dupont', U&'Paris\202Fcode', E'Paris\tcode', E'Paris\ncode',
	U&'\FF10\FF16\FF11', U&'Paris \FF14\FF17\FF11\FF11', U&'Paris \0664\0667\0661', 'Paris étage ③', 'Paris étage', 'Paris ―№④⑦', U&'Paris\FF0Cchez', 'Київ кв.', 'Київ квартира', 'Київ', '東京', 'Ελλάδα', U&'E\0301vry']) a;
SELECT contact_guard.protect('letters', 'id', '{masked}', mask => 'address');
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT id, masked, masked = '***, ' || town AS shows FROM letters ORDER BY id;
RESET SESSION AUTHORIZATION;

-- types: what does not fit is not cut, and a domain gets what it takes
CREATE DOMAIN tel AS varchar(13) CHECK (value ~ '^[+0-9]+$');
CREATE DOMAIN mail AS citext NOT NULL CHECK (value LIKE '%_@_%.invalid' OR value LIKE '%@x.fr');
CREATE DOMAIN short AS varchar(8);
CREATE DOMAIN any_text AS text;
CREATE TABLE typed (id int PRIMARY KEY, v varchar(14), v9 varchar(9), c char(20), c2 char(2), ci citext, d tel, s short, a any_text,
                    e varchar(30), e9 varchar(9), ec char(25), em mail, t9 varchar(9), t varchar(20));
INSERT INTO typed VALUES (1, '06 12 34 56 78', '061234567', '+33 6 12 34 56 78', '06', '06 12 34 56 78', '+33612345678', '061234', '06 12 34 56 78',
	'anna@x.fr', 'a@x.fr', 'anna@x.fr', 'anna@x.fr', 'rue', '1 rue, 75002 Paris');
SELECT contact_guard.protect('typed', 'id', '{v,v9,c,c2,ci,d,s,a}', mask => 'phone(FR)');
SELECT contact_guard.protect('typed', 'id', '{e,e9,ec,em}', mask => 'email(invalid)');
SELECT contact_guard.protect('typed', 'id', '{t9,t}', mask => 'address');
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT v, v9, c || '|' AS c, c2, ci, d, s, a FROM typed;
SELECT e, e9, ec || '|' AS ec, em, t9, t FROM typed;
SELECT pg_typeof(v) AS v, pg_typeof(c) AS c, pg_typeof(ci) AS ci, pg_typeof(d) AS d, pg_typeof(em) AS em, octet_length(c), d::text::tel = d AS d_is_valid, em::text::mail = em AS em_is_valid FROM typed;
RESET SESSION AUTHORIZATION;
-- a domain that takes none of them
SELECT contact_guard.protect('typed', 'id', '{d}', mask => 'phone');
SELECT contact_guard.protect('typed', 'id', '{d}', mask => 'email(invalid)');
SELECT contact_guard.protect('typed', 'id', '{em}', mask => 'address');
SELECT contact_guard.protect('typed', 'id', '{id}', mask => 'phone(FR)');
ALTER TABLE typed ADD n int;
SELECT contact_guard.protect('typed', 'id', '{n}', mask => 'phone(FR)');

-- what is written back stays what it was; a mask is not a value
SELECT contact_guard.protect('phone', 'id', '{value}', mask => 'phone(FR)');
SET SESSION AUTHORIZATION regress_fiction_anna;
UPDATE phone SET value = '06 39 98 00 00', fr = '06 39 98 00 00' WHERE id = 2;
UPDATE phone SET fr = '0639980000' WHERE id = 2;
INSERT INTO phone (id, value) VALUES (100, '06.39.98.00.00');
INSERT INTO phone (id, value) VALUES (100, '+33 (0)6 39980000');
INSERT INTO phone (id, value) VALUES (100, '***');
INSERT INTO phone (id, value) VALUES (100, '0639980001');
INSERT INTO address (id, masked) VALUES (100, '***, Paris');
INSERT INTO typed (id, e, em) VALUES (100, 'withheld@mask.invalid', 'anna@x.fr');
RESET SESSION AUTHORIZATION;
SELECT id, value FROM phone WHERE id IN (2, 100) ORDER BY id;
-- Programs write a mask in forms of their own, and copy it: it is a mask still.
CREATE TABLE reformatted (id int PRIMARY KEY, fr text, line text, "none" text, mail text, stars text, address text);
SELECT contact_guard.protect('reformatted', 'id', '{fr}', mask => 'phone(FR)'), contact_guard.protect('reformatted', 'id', '{line}', mask => 'phone(FR,landline)'),
	contact_guard.protect('reformatted', 'id', '{none}', mask => 'phone'), contact_guard.protect('reformatted', 'id', '{mail}', mask => 'email(invalid)'),
	contact_guard.protect('reformatted', 'id', '{stars}', mask => 'email'), contact_guard.protect('reformatted', 'id', '{address}', mask => 'address');
CREATE TABLE abroad (id int PRIMARY KEY, au text, de text, gb text, ie text, se text);
SET client_min_messages = warning;
SELECT count(contact_guard.protect('abroad', 'id', ARRAY[lower(c)::name], mask => 'phone(' || c || ')')) FROM unnest('{AU,DE,GB,IE,SE}'::text[]) c;
RESET client_min_messages;
CREATE FUNCTION store(attribute text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO reformatted (id, %I) VALUES ((random() * 1e9)::int, %L)', attribute, value);
	RETURN 'stored';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT store('fr', v) AS fr, store('line', v) AS line, store('none', v) AS "none", v FROM unnest(ARRAY[
	'0639980000', 'tel:+33-6-39-98-00-00', '33639980000', '639980000', U&'06\00A039\00A098\00A000\00A000', '00 33 (0)6 39 98 00 00', '+330639980000', '0199000000', '+33 1 99 00 00 00',
	'0491570006', '+1 613 555 0100', '202-555-0100', '12025550100', '0171/3920000', '+49 30 23125000', '07700900000', '4402079460000', '020 910 0000', '+46 (0)70-174 06 05', '08-465 004 00', ' *** ',
	'0639980001', '0612345678', '+34639980000', '10639980000', '06399800000', '639980000639980000639980000', '0033', 'Dupont', '']) v;
-- what is dialled for a call abroad, extensions, a second number
SELECT store('fr', v) AS fr, v FROM unnest(ARRAY[
	'011 44 7700 900000', '0011 61 491 570 006', '010 46 70 174 06 05', '810 49 30 23125000', '+33639980000 ext. 5', '+33 6 39 98 00 00 x5', '0639980000;ext=5', 'home 0639980000, work 0612345678',
	'+33 1 20 25 55 01 00', '+34 639 980 000 ext. 5', '0112 0639980000', '+33612345678 ext. 0639980001']) v;
RESET SESSION AUTHORIZATION;
-- of a country that no mask names, a number without the country's code is somebody's
SET client_min_messages = warning;
SELECT contact_guard.unprotect('abroad');
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_fiction_anna;
SELECT store('fr', v) AS fr, store('none', v) AS "none", v FROM unnest(ARRAY[
	'0701 740 605', '0491 570 006', '07700 900000', '0171/3920000', '06 39 98 00 00', '202 555 0100', '+46 701 740 605', '+44 (0)7700 900000']) v;
SELECT store('mail', v) AS invalid, store('stars', v) AS stars, v FROM unnest(ARRAY[
	'withheld@mask.invalid', 'WITHHELD@mask.invalid', ' withheld@Mask.Invalid', E'withheld@mask.invalid\n', 'mailto:withheld@mask.invalid', 'anna@mask.invalid', '***', ' ***',
	'@mask.invalid', 'anna@x.fr', 'withheld@mask.invalid.fr', 'mask.invalid', '']) v;
SELECT store('stars', v) AS stars, v FROM unnest(ARRAY['a***@***.fr', ' A***@***.FR ', 'a***@***', 'a**@***.fr']) v;
SELECT store('address', v), v FROM unnest(ARRAY[
	'***, Paris', '***,Paris', '***,  Paris', ' *** , PARIS', E'***,\nParis', '***, paris', '***', '*** Hotel, Paris', '**, Paris', '1 rue X, 75002 Paris']) v;
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
SELECT contact_guard.unprotect(r) FROM unnest('{phone,many,country,address,letters,reformatted,typed}'::regclass[]) r;
DROP SCHEMA regress_fiction CASCADE;
DROP ROLE regress_fiction_anna;
