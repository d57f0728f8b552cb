-- :tables more protected tables
SET client_min_messages = warning;
SELECT format('CREATE TABLE crm.t%s (id int PRIMARY KEY, phone text, email text)', i) FROM generate_series(1, :tables) i \gexec
SELECT format('SELECT contact_guard.protect(%L, %L, %L, %L)', 'crm.t' || i, 'id', '{phone,email}', 'partial(4,2)') FROM generate_series(1, :tables) i \gexec
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO PUBLIC;
