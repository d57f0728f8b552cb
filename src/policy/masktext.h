/*
 * masktext.h
 *		The texts of masks, for the list of kinds in mask.c.
 */
#ifndef CG_MASKTEXT_H
#define CG_MASKTEXT_H

#include "postgres.h"

#include "policy/mask.h"

#define CG_MASKTEXT_NOTHING "***"	/* where no such mask can be made */

/*
 * The mask of a value, palloc'd.  actor and key (CG_KEY_LENGTH bytes) serve the pseudonym.
 * The value may be NULL for email(invalid), phone and address: then it is one that they could
 * have.
 */
extern char *cg_masktext_partial(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
extern char *cg_masktext_email(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
extern char *cg_masktext_pseudonym(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
extern char *cg_masktext_phone(const CgMask *mask, const char *value, const char *actor, const uint8 *key);
extern char *cg_masktext_address(const CgMask *mask, const char *value, const char *actor, const uint8 *key);

/* Has the text, which no zero byte ends, the form that these write? */
extern bool cg_masktext_is_partial(const CgMask *mask, const char *value, int bytes);
extern bool cg_masktext_is_email(const CgMask *mask, const char *value, int bytes);
extern bool cg_masktext_is_phone(const CgMask *mask, const char *value, int bytes);
extern bool cg_masktext_is_address(const CgMask *mask, const char *value, int bytes);

#endif							/* CG_MASKTEXT_H */
