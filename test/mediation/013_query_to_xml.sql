-- what: query_to_xml, table_to_xml
-- outcome: masked
SELECT query_to_xml('SELECT * FROM crm.customer WHERE id = 42', true, true, '');
SELECT table_to_xml('crm.customer', true, false, '');
