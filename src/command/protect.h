/*
 * protect.h
 *		protect(), unprotect(), retire().
 */
#ifndef CG_PROTECT_H
#define CG_PROTECT_H

/* Before DROP EXTENSION: ERROR dependent_objects_still_exist while something is protected. */
extern void cg_protect_require_retired(void);

#endif							/* CG_PROTECT_H */
