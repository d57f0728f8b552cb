-- what: an element of a guarded array
-- outcome: refused 42501
UPDATE crm.parts SET phones[1] = 'new' WHERE id = 42;
