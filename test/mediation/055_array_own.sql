-- what: elements of what may be shown
-- outcome: shown
SELECT phones[2], more ->> 'tel' FROM crm.parts WHERE id = 7;
