-- right: no permission without a role
-- shows: orphaned: 0
-- a standing permission must not outlive its role: in the dump it would belong to whoever has that number
\c crm postgres
CREATE ROLE former_boss;
SELECT contact_guard.allow('former_boss', purpose => 'management');
DROP ROLE former_boss;
SELECT 'orphaned: ' || count(*) FROM contact_guard.permission p WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = p.role);
