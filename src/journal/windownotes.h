/*
 * windownotes.h
 *		What the current transaction has done to windows, until it ends.
 */
#ifndef CG_WINDOWNOTES_H
#define CG_WINDOWNOTES_H

#include "postgres.h"

/* The texts of a note, in this order, each with its length in front. */
typedef enum CgMovedText
{
	CG_MOVED_RELATION,
	CG_MOVED_ID,
	CG_MOVED_CUSTOMER,
	CG_MOVED_TECHNICIAN,
	CG_MOVED_REASON,
	CG_MOVED_ACTOR,
	CG_MOVED_IDENTITY,
	CG_MOVED_TEXTS
} CgMovedText;

/* A note: one window, before and after one row was written. */
typedef struct CgMoved
{
	int64		at;
	int64		was_opens_at;	/* may be -infinity, which is CG_NO_TIME */
	int64		was_closes_at;	/* CG_NO_TIME: not open; likewise below */
	int64		opens_at;
	int64		closes_at;
	Size		length;			/* bytes of the texts */
	char		texts[FLEXIBLE_ARRAY_MEMBER];
} CgMoved;

extern void cg_windownotes_init(void);

/* texts: CG_MOVED_TEXTS of them; NULL is possible.  The head's length and texts are set here. */
extern void cg_windownotes_add(const CgMoved *head, const char *const *texts);
extern const char *cg_windownotes_text(const CgMoved *moved, CgMovedText which);

extern bool cg_windownotes_are_there(void);

/*
 * The next note that no aborted subtransaction has made, palloc'd; NULL at the end.  Begins with
 * the first.
 */
extern CgMoved *cg_windownotes_next(void);

/* The transaction ends.  free: it goes on to its commit, so memory and file must be given back. */
extern void cg_windownotes_forget(bool free);

#endif							/* CG_WINDOWNOTES_H */
