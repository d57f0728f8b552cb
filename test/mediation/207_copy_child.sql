-- what: COPY of an inheritance child
-- outcome: masked
COPY crm.vip TO STDOUT;
