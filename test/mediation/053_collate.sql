-- what: COLLATE and casts of a guarded column
-- outcome: masked
SELECT phone COLLATE "C", phone::varchar(30), phone::name, phone::bytea::text, CAST(mobile AS char(40)) FROM crm.customer ORDER BY phone COLLATE "POSIX" DESC;
