-- what: a look-up in a partition, and in hidden rows
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(customer_id) FROM crm.site_n WHERE door = 'GUARDED-0007-DOOR';
SELECT mediation.mark(customer_id), note FROM crm.area WHERE code = 'GUARDED-0042-CODE';
