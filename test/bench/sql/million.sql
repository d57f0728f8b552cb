-- A million customers, plain and guarded.
SET client_min_messages = warning;
CREATE TABLE crm.plainm (id int PRIMARY KEY, name text, phone text, email text);
INSERT INTO crm.plainm
	SELECT i, 'Customer ' || i, '+336' || lpad(i::text, 8, '0'), 'c' || i || '@example.com' FROM generate_series(1, 1000000) i;
CREATE TABLE crm.customerm AS TABLE crm.plainm;
ALTER TABLE crm.customerm ADD PRIMARY KEY (id);
GRANT SELECT ON crm.plainm, crm.customerm TO anna, dispatcher;
SELECT contact_guard.protect('crm.customerm', 'id', '{phone,email}', 'partial(4,2)');
VACUUM ANALYZE crm.plainm, crm.customerm;
