-- what: hidden rows: the one with a window
-- outcome: shown
SELECT code FROM crm.depot WHERE note = 'note';
