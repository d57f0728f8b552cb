-- what: the clock's settings
-- outcome: masked
SET timezone = 'X+119:30';
SET datestyle = 'SQL, DMY';
SET intervalstyle = sql_standard;
SET standard_conforming_strings = off;
SET transform_null_equals = on;
SELECT phone FROM crm.customer;
