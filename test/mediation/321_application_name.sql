-- what: pg_stat_activity
-- outcome: masked
SELECT set_config('application_name', phone, false) IS NULL FROM crm.customer WHERE id = 42;
SELECT application_name, query FROM pg_stat_activity WHERE pid = pg_backend_pid();
