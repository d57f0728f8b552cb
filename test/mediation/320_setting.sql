-- what: a setting as a variable
-- outcome: masked
SELECT set_config('my.value', string_agg(phone, ','), false) IS NULL FROM crm.customer WHERE id <> 7;
SHOW my.value;
