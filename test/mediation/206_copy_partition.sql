-- what: COPY of a partition
-- outcome: masked
COPY crm.site_n TO STDOUT;
