/*
 * mask.h
 *		What an actor sees in place of a withheld value.
 */
#ifndef CG_MASK_H
#define CG_MASK_H

#include "postgres.h"

typedef enum CgMaskKind
{
	CG_MASK_NULL,
	CG_MASK_PARTIAL,			/* the first and last characters stay */
	CG_MASK_EMAIL,				/* first character and top-level domain stay */
	CG_MASK_CONSTANT,
	CG_MASK_PSEUDONYM			/* keyed by actor and day */
} CgMaskKind;

typedef struct CgMask
{
	CgMaskKind	kind;
	int			prefix;			/* CG_MASK_PARTIAL: characters */
	int			suffix;
	char	   *constant;		/* CG_MASK_CONSTANT: its text */
} CgMask;

/*
 * Parses null, partial(prefix,suffix), email, constant(text), pseudonym.
 * ERROR invalid_parameter_value if it is none of them.
 */
extern void cg_mask_parse(const char *spec, CgMask *mask);

/*
 * ERROR unless the mask can stand in a column of this type.  relation and
 * column are for the message.
 */
extern void cg_mask_check(const CgMask *mask, Oid type, int32 typmod,
						  const char *relation, const char *column);

/*
 * The mask of a value of this type, palloc'd; *isnull for CG_MASK_NULL.  actor
 * and key (CG_KEY_LENGTH bytes) serve CG_MASK_PSEUDONYM.
 */
extern Datum cg_mask_apply(const CgMask *mask, Datum value, Oid type, int32 typmod,
						   const char *actor, const uint8 *key, bool *isnull);

/*
 * Has the value, of this type, the form of such a mask, which honest values do not
 * have?  Three stars and more, where the mask puts them.  Never for CG_MASK_NULL,
 * CG_MASK_CONSTANT and CG_MASK_PSEUDONYM.
 */
extern bool cg_mask_has_form(const CgMask *mask, Datum value, Oid type);

/* Is it the constant of CG_MASK_CONSTANT?  An empty one nobody takes for a value. */
extern bool cg_mask_is_constant(const CgMask *mask, Datum value, Oid type, int32 typmod);

#endif							/* CG_MASK_H */
