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
