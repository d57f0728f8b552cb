-- right: refused, or "up" is masked
-- never: SECRET-KID
\c crm owner
CREATE TABLE own2.kid (up text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.customer);
\c crm postgres
INSERT INTO own2.kid (id, name, phone) VALUES (142, 'k', 'SECRET-KID-42');
\c crm owner
SELECT up FROM own2.kid;
