/*
 * trustprint.h
 *		A hash of the function's definition that an admin has trusted.
 */
#ifndef CG_TRUSTPRINT_H
#define CG_TRUSTPRINT_H

/* The hash in hexadecimal digits, palloc'd; NULL if the function does not exist. */
extern char *cg_trustprint_make(Oid function);

/* Was this label made for the function's present definition? */
extern bool cg_trustprint_fits(Oid function, const char *label);

#endif							/* CG_TRUSTPRINT_H */
