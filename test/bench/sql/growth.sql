-- Technicians with 10 to 10,000 open windows, a small and a large table, one with 20
-- guarded columns, and a large one in mode hide.
SET client_min_messages = warning;
CREATE TABLE crm.big (id int PRIMARY KEY, phone text);
INSERT INTO crm.big SELECT i, '+336' || lpad(i::text, 8, '0') FROM generate_series(1, greatest(:big, :base + 10000)) i;
CREATE TABLE crm.small (id int PRIMARY KEY, phone text);
INSERT INTO crm.small SELECT * FROM crm.big WHERE id <= 10000;
SET client_min_messages = error;
CREATE TABLE crm.hidden (id int PRIMARY KEY, phone text);
INSERT INTO crm.hidden SELECT * FROM crm.big;
CREATE TABLE crm.columns1 (id int PRIMARY KEY, c1 text);
INSERT INTO crm.columns1 SELECT * FROM crm.small;
SELECT format('CREATE TABLE crm.columns20 (id int PRIMARY KEY, %s)', string_agg('c' || i || ' text', ', ')) FROM generate_series(1, 20) i \gexec
SELECT format('INSERT INTO crm.columns20 SELECT id, %s FROM crm.small', string_agg('phone', ', ')) FROM generate_series(1, 20) i \gexec

SELECT contact_guard.protect('crm.big', 'id', '{phone}', 'partial(4,2)');
SELECT contact_guard.protect('crm.small', 'id', '{phone}', 'partial(4,2)');
SELECT contact_guard.protect('crm.hidden', 'id', '{phone}', mode => 'hide');
SELECT contact_guard.protect('crm.columns1', 'id', '{c1}', 'partial(4,2)');
SELECT contact_guard.protect('crm.columns20', 'id', (SELECT array_agg('c' || i) FROM generate_series(1, 20) i)::name[], 'partial(4,2)');

SELECT format('CREATE ROLE many%s LOGIN', n) FROM unnest('{10,100,1000,10000}'::int[]) n \gexec
INSERT INTO crm.intervention
	SELECT n * 100000 + i, :base + i, 'many' || n, now() - interval '1 hour', now() + interval '1 day'
	  FROM unnest('{10,100,1000,10000}'::int[]) n, generate_series(1, n) i;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO PUBLIC;
VACUUM ANALYZE;
CHECKPOINT;
