-- what: WITH HOLD by a standing permission: all is on record when the rows can be fetched
-- outcome: shown
-- as: dispatcher
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM crm.customer WHERE id < 10;
COMMIT;
FETCH ALL FROM c;
DECLARE d CURSOR WITH HOLD FOR SELECT s.door, d.note, d.code FROM crm.site s, crm.depot d WHERE d.id = s.id AND s.id = 7 ORDER BY s.door;
FETCH ALL FROM d;
DECLARE e CURSOR WITH HOLD FOR SELECT phone FROM crm.customer WHERE phone = mediation.mark(7, 'PHONE');
FETCH ALL FROM e;
