/*
 * trustprint.h
 *		What of a function's definition an admin has looked at, as a hash.
 */
#ifndef CG_TRUSTPRINT_H
#define CG_TRUSTPRINT_H

/* The hash in hexadecimal digits, palloc'd; NULL if the function is gone. */
extern char *cg_trustprint_make(Oid function);

/* Was this label made for the function as it is now? */
extern bool cg_trustprint_fits(Oid function, const char *label);

#endif							/* CG_TRUSTPRINT_H */
