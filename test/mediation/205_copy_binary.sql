-- what: COPY in binary to a program of the client
-- outcome: masked
\copy crm.customer TO PROGRAM 'tr -d "\000\001" | strings' (FORMAT binary)
