-- what: hidden rows: COPY
-- outcome: masked
COPY crm.depot TO STDOUT;
COPY crm.area_s (note) TO STDOUT;
COPY crm.area_n TO STDOUT;
COPY (TABLE crm.area) TO STDOUT;
