-- what: a technician looks up in a view of dispatcher
-- outcome: masked
\c - dispatcher
CREATE VIEW scratch.v AS SELECT id FROM crm.customer WHERE phone = 'GUARDED-0042-PHONE';
CREATE VIEW scratch.w AS SELECT * FROM crm.customer;
GRANT SELECT ON scratch.v, scratch.w TO anna;
\c - anna
SELECT mediation.mark(id) FROM scratch.v;
SELECT mediation.mark(id) FROM scratch.w WHERE phone = 'GUARDED-0042-PHONE';
