-- what: masks that validators accept, of values with other words in them
-- outcome: masked
\c - postgres
CREATE TABLE scratch.contact (id bigint, phone text, mail text, address text);
INSERT INTO scratch.contact SELECT i, '+33 6 12 34 56 78 ' || mediation.mark(i, 'PHONE'), mediation.mark(i, 'EMAIL') || '@example.com',
	format(E'12 rue %s, 7500%s Paris', mediation.mark(i, 'DOOR'), i % 10) FROM generate_series(8, 20) i;
INSERT INTO scratch.contact SELECT i, '06' || mediation.mark(i, 'PHONE'), '', format('12 rue, 75002 Paris %s', lower(mediation.mark(i, 'DOOR'))) FROM generate_series(21, 30) i;
INSERT INTO scratch.contact SELECT i, mediation.mark(i, 'PHONE'), '', format('Paris, 75002 %s', mediation.mark(i, 'DOOR')) FROM generate_series(31, 40) i;
SELECT mediation.guard('scratch.contact', 'id', '{phone}', 'phone(FR)'), mediation.guard('scratch.contact', 'id', '{mail}', 'email(invalid)'),
	mediation.guard('scratch.contact', 'id', '{address}', 'address');
GRANT SELECT ON scratch.contact TO anna;
\c - anna
SELECT * FROM scratch.contact;
SELECT DISTINCT address FROM scratch.contact ORDER BY 1;
SELECT count(*) FROM scratch.contact WHERE phone LIKE '%GUARDED%' OR address ~* 'guarded' OR mail LIKE 'GUARDED%';
-- Words behind the town, with blanks, digits and letters that ASCII does not have; ASCII digits would not show
\c - postgres
CREATE TABLE scratch.town (id bigint, address text);
INSERT INTO scratch.town SELECT 7 + i, '12 rue, 75002 Paris' || t || translate(mediation.mark(7 + i, 'DOOR'), '0123456789', 'abcdefghij')
	FROM unnest(ARRAY[U&'\00A0', U&'\3000', U&'\2028', U&'\200B', U&'\202F', U&' \FF14\FF17', U&' \0664', U&'\FF0C', ' étage', ' квартира', U&'\0085']) WITH ORDINALITY u(t, i);
SELECT mediation.guard('scratch.town', 'id', '{address}', 'address');
GRANT SELECT ON scratch.town TO anna;
\c - anna
SELECT translate(address, 'abcdefghij', '0123456789') FROM scratch.town;
-- A mask that a program has reformatted is not stored over the value of customer 7, whose window is open.
\c - postgres
INSERT INTO scratch.contact VALUES (7, '0612345607', 'anna@example.com', '12 rue, 75002 Paris');
GRANT UPDATE ON scratch.contact TO anna;
\c - anna
CREATE FUNCTION pg_temp.store(attribute text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE scratch.contact SET %I = %L WHERE id = 7', attribute, value);
	RETURN CASE WHEN value ~ '06 12|new' THEN 'stored' ELSE 'GUARDED-0008 is overwritten' END;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN CASE WHEN value ~ '06 12|new' THEN 'GUARDED-0008 is refused' ELSE SQLERRM END;
END $$;
SELECT pg_temp.store('phone', v), v FROM unnest(ARRAY['tel:+33-6-39-98-00-00', '33639980000', U&'06\00A039\00A098\00A000\00A000', '0199000000', '06 12 34 56 08']) v;
SELECT pg_temp.store('mail', v), v FROM unnest(ARRAY['WITHHELD@mask.invalid', ' withheld@mask.invalid', 'new@example.com']) v;
SELECT pg_temp.store('address', v), v FROM unnest(ARRAY['***,Paris', '1 new street']) v;
