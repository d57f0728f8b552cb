-- what: reveal and keep by hand
-- outcome: masked
\set ON_ERROR_STOP off
SELECT contact_guard.reveal('x'::text, 42::bigint, NULL);
SELECT contact_guard.reveal(phone, 7::bigint, NULL) FROM crm.customer;
SELECT contact_guard.reveal(phone, 7::bigint, '1') FROM crm.customer;
SELECT contact_guard.keep(phone, 'x'::text, 42::bigint, NULL) FROM crm.customer;
SELECT contact_guard.site_in('1'), contact_guard.site_recv(NULL);
\set ON_ERROR_STOP on
SELECT contact_guard.reveal(phone, id, NULL), phone FROM crm.customer;
