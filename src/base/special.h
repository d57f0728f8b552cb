/*
 * special.h
 *		Has this session anything that a statement must be checked against?
 *
 * A session that has touched nothing guarded pays one comparison for the question, and
 * leaves all checks out.  So a module that begins to keep something, which a later
 * statement, planning or end of a transaction must look at, notes that here first.
 */
#ifndef CG_SPECIAL_H
#define CG_SPECIAL_H

#include "access/parallel.h"

/* For a variable in a header: only the library itself uses it, so it needs no look-up by name. */
#define CG_HIDDEN __attribute__((visibility("hidden")))

#define CG_SPECIAL_SESSION	0x01	/* it has touched something of ours; stays for the session */
#define CG_SPECIAL_FOLDING	0x02	/* functions are under way whose results are kept: folding.c */

/* Only for the functions here. */
extern CG_HIDDEN int cg_special_bits;

/* Must every check be made? */
static inline bool
cg_special_is(void)
{
	return unlikely(cg_special_bits != 0);
}

/* Notes it for the rest of the session. */
static inline void
cg_special_note(void)
{
	cg_special_bits |= CG_SPECIAL_SESSION;
}

/* Call it before a plan runs: that of a parallel worker has the marks of its leader. */
static inline void
cg_special_note_worker(void)
{
	if (unlikely(IsParallelWorker()))
		cg_special_note();
}

/* Is there a function under way whose result is kept? */
static inline void
cg_special_set_folding(bool folding)
{
	if (folding)
		cg_special_bits |= CG_SPECIAL_FOLDING;
	else
		cg_special_bits &= ~CG_SPECIAL_FOLDING;
}

#endif							/* CG_SPECIAL_H */
