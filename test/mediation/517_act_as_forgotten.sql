-- what: a pool that forgets act_as, though a member of dispatcher
-- outcome: masked
-- as: pool
SELECT phone FROM crm.customer;
