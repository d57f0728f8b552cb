/*
 * image.h
 *		What the question for windows means, to be compared.
 */
#ifndef CG_IMAGE_H
#define CG_IMAGE_H

#include "policy/asked.h"

/* What one interventions relation is asked by. */
typedef struct CgImage
{
	Oid			relid;
	Oid			owner;
	char	   *broken;			/* or NULL */
	List	   *queries;		/* analysed and rewritten, without names */
	List	   *meanings;		/* of the functions and types that they rest on: texts */
	CgAsked    *asked;			/* NULL if broken */
} CgImage;

/* As it is now, palloc'd.  Locks what the question reads, as asking it would. */
extern CgImage *cg_image_take(Oid relid);

/* A broken one opens no window, for whatever reason: two of them are the same. */
extern bool cg_image_is_same(const CgImage *before, const CgImage *after);

#endif							/* CG_IMAGE_H */
