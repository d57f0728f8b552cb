/*
 * verified.h
 *		Open windows that this session has seen, for as long as no transaction has ended.
 */
#ifndef CG_VERIFIED_H
#define CG_VERIFIED_H

#include "policy/interventions.h"
#include "policy/windows.h"

/*
 * Was this technician's window at this customer seen open, and would the same question have
 * the same answer now?  Then fills *window with palloc'd strings.  Needs a transaction.
 */
extern bool cg_verified_find(const char *technician, const char *customer, CgWindow *window);

/* Keeps the answer to the last question.  May leave it out. */
extern void cg_verified_keep(const CgInterventions *from, const char *technician, const CgWindow *window);

#endif							/* CG_VERIFIED_H */
