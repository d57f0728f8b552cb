-- what: COPY query TO a file on the server
-- outcome: masked
-- as: filer
\set file :tmp '/copy_file'
COPY (SELECT phone FROM crm.customer) TO :'file';
\setenv FILE :file
\! cat "$FILE"; rm -f "$FILE"
