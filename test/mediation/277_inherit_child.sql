-- what: inheritance, the child
-- outcome: masked
SELECT v::crm.person, v, (v::crm.person).phone FROM crm.vip v;
