-- what: INSERT … SELECT … GROUP BY a guarded column
-- outcome: refused 42501
CREATE TABLE scratch.t (p text);
INSERT INTO scratch.t SELECT phone FROM crm.customer GROUP BY phone;
