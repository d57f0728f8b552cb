-- what: WITH HOLD by a role that is permitted on one of two tables
-- outcome: refused 0A000
\c - postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
INSERT INTO scratch.lead VALUES (1, 42, mediation.mark(42));
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.allow('anna', 'leads', relation => 'scratch.lead'); END IF; END$$;
\c - anna
DECLARE c CURSOR WITH HOLD FOR SELECT l.phone, c.phone FROM scratch.lead l JOIN crm.customer c ON c.id = 7;
FETCH ALL FROM c;
