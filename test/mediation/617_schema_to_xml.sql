-- what: schema_to_xml, database_to_xml
-- outcome: masked
SELECT schema_to_xml('crm', true, false, '');
