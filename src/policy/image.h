/*
 * image.h
 *		Images of the question for windows, which tell whether its meaning has changed.
 */
#ifndef CG_IMAGE_H
#define CG_IMAGE_H

#include "policy/asked.h"

/* The image of the question for one interventions relation. */
typedef struct CgImage
{
	Oid			relid;
	Oid			owner;
	char	   *broken;			/* why the question is broken, or NULL */
	List	   *queries;		/* analysed and rewritten, without names */
	List	   *meanings;		/* texts of the functions and types that they use */
	CgAsked    *asked;			/* NULL if broken */
} CgImage;

/* The present image, palloc'd.  Locks the relations that the question reads. */
extern CgImage *cg_image_take(Oid relid);

/* Two broken images are the same, since both open no window. */
extern bool cg_image_is_same(const CgImage *before, const CgImage *after);

#endif							/* CG_IMAGE_H */
