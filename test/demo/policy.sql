-- All that the CRM's owner types to guard it: who is where and when, what is guarded, who may look without a visit.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;

CREATE EXTENSION contact_guard;

SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id',
         technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at',
         open_when => $$status IN ('en_route', 'on_site')$$, early => '15 min', late => '30 min', longest => '12 hours',
         watch => 'trigger');
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone,mobile}', mask => 'partial(4,2)');
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}', mask => 'email');
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{street,floor,door_code}');
SELECT contact_guard.allow('dispatcher', purpose => 'planning');
SELECT contact_guard.allow('call_centre', purpose => 'calls');
SELECT contact_guard.allow('backup', purpose => 'nightly dump', level => 'bulk');

GRANT contact_guard_auditor TO auditor;
GRANT USAGE ON SCHEMA crm TO auditor;       -- names and keys are not guarded here
GRANT SELECT (id, name) ON crm.customer TO auditor;
GRANT contact_guard_proxy TO crm_app;
