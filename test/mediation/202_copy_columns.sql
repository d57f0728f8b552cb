-- what: COPY with a column list, csv, quotes
-- outcome: masked
COPY crm.customer (mobile, id, phone) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
