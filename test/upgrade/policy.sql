SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone,email}', mask => 'partial(2,1)');
SELECT contact_guard.protect('crm.site', customer => 'customer_id', columns => '{door_code}', mode => 'hide');
SELECT contact_guard.protect('crm.note', customer => 'customer_id', columns => '{text}', fallback => 'rls');
SELECT contact_guard.allow('dispatcher', purpose => 'planning');
SELECT contact_guard.allow('backup', purpose => 'nightly dump', level => 'bulk');
SELECT contact_guard.allow('eve', purpose => 'sites', relation => 'crm.site');
