-- what: cursor_to_xml
-- outcome: masked
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM crm.customer;
SELECT cursor_to_xml('c', 50, true, true, '');
COMMIT;
