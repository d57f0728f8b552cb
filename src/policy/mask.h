/*
 * mask.h
 *		Masks, which an actor sees in place of withheld values.
 */
#ifndef CG_MASK_H
#define CG_MASK_H

#include "postgres.h"

/*
 * To add a kind, add it here, in the same place of the list in mask.c, and in
 * docs/reference.md.  The list has the functions of each kind.
 */
typedef enum CgMaskKind
{
	CG_MASK_NULL,
	CG_MASK_PARTIAL,			/* the first and last characters stay */
	CG_MASK_EMAIL,				/* first character and top-level domain stay */
	CG_MASK_CONSTANT,
	CG_MASK_PSEUDONYM,			/* keyed by actor and day */
	CG_MASK_PHONE,				/* a number for fiction in the form of the value */
	CG_MASK_ADDRESS				/* the town stays */
} CgMaskKind;

typedef struct CgMask
{
	CgMaskKind	kind;
	int			prefix;			/* CG_MASK_PARTIAL: characters */
	int			suffix;
	char	   *constant;		/* CG_MASK_CONSTANT: its text */
	bool		invalid;		/* CG_MASK_EMAIL: an address that reaches nobody */
	int			country;		/* CG_MASK_PHONE: of numbers without a code; -1: not known */
	bool		landline;		/* CG_MASK_PHONE: a number of a fixed line */
} CgMask;

/* ERROR invalid_parameter_value if the text is not a mask. */
extern void cg_mask_parse(const char *spec, CgMask *mask);

/*
 * ERROR unless an open window of a column of this type may show this mask, and give a way to
 * call instead of the value (protect(reveal => 'relay')).
 */
extern void cg_mask_check_relay(const CgMask *mask, Oid type, const char *relation, const char *column);

/* Does the mask tell something about the value: a part of it, or which values are equal? */
extern bool cg_mask_tells(const CgMask *mask);

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
 * Has the value, of this type, the form of such a mask, which real values do not have:
 * three or more stars where the mask puts them, or a number for fiction?  False for other masks.
 */
extern bool cg_mask_has_form(const CgMask *mask, Datum value, Oid type);

/* Is it the constant of CG_MASK_CONSTANT?  False for an empty constant. */
extern bool cg_mask_is_constant(const CgMask *mask, Datum value, Oid type, int32 typmod);

#endif							/* CG_MASK_H */
