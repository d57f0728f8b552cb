/*
 * inserts.h
 *		Rows that the actor has inserted in this transaction: what he has written into them
 *		is known to him.
 */
#ifndef CG_INSERTS_H
#define CG_INSERTS_H

#include "storage/itemptr.h"

#include "base/actor.h"

/*
 * Notes a row of the relation, with the set of columns (bits by attribute number) whose
 * values the statement names.  Does nothing unless the client itself has sent the
 * statement, nor for an actor with a standing permission.
 */
extern void cg_inserts_note(Oid relid, const ItemPointerData *tid, uint64 columns);

/* Has this session ever noted a row of the relation?  Plans must then ask for the next one. */
extern bool cg_inserts_were_in(Oid relid);

/* Has this actor written this column of the row that has this TID now? */
extern bool cg_inserts_is_own(const CgActor *actor, Oid relid, const ItemPointerData *tid, AttrNumber attnum);

/*
 * Forgets all rows.  Call it before a command that may give a TID to another row, and
 * before each that is not known.
 */
extern void cg_inserts_forget(void);

#endif							/* CG_INSERTS_H */
