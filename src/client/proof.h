/*
 * proof.h
 *		Parts of a proof file (proof.c).
 */
#ifndef CG_PROOF_H
#define CG_PROOF_H

#include "client.h"
#include "tlogpolicy.h"

/* Appends the opening of a group: its number, its salt and its fields. */
extern void proof_put_opening(CgBytes *out, const CgLeaf *leaf, int group);

/* Ends the program if anything in the file is wrong.  show: prints what it proves. */
extern void proof_check(const char *path, const char *data, size_t length, const Keys *keys,
						const Policy *policy, bool show);

#endif							/* CG_PROOF_H */
