-- The customers once more, guarded by us.
SET client_min_messages = warning;
CREATE EXTENSION contact_guard;
CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor;
CREATE TABLE crm.customer AS TABLE crm.plain;
ALTER TABLE crm.customer ADD PRIMARY KEY (id);
GRANT SELECT ON crm.customer TO anna, dispatcher;
SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id',
	technician => 'technician', opens_at => 'opens_at', closes_at => 'closes_at');
SELECT contact_guard.protect('crm.customer', 'id', '{phone,email}', 'partial(4,2)');
SELECT contact_guard.allow('dispatcher', 'planning');
