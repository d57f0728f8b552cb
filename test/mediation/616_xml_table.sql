-- what: XMLTABLE, xmlforest
-- outcome: masked
SELECT x.* FROM crm.customer c, XMLTABLE('/a' PASSING xmlelement(name a, c.phone) COLUMNS p text PATH '.') x;
SELECT xmlforest(phone, mobile) FROM crm.customer;
