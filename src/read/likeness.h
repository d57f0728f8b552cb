/*
 * likeness.h
 *		When two values count as the same, for same_value().
 */
#ifndef CG_LIKENESS_H
#define CG_LIKENESS_H

#include "postgres.h"

typedef enum CgLikeness
{
	CG_LIKE_VALUE,				/* the same text */
	CG_LIKE_LETTERS,			/* the same letters: "12 Rue X" and "8, rue x" */
	CG_LIKE_LAST_WORD,			/* the same letters of the last word: a surname */
	CG_LIKE_DIGITS				/* the same last nine digits: a telephone number */
} CgLikeness;

/* ERROR invalid_parameter_value if there is none of this name. */
extern CgLikeness cg_likeness_parse(const char *name);
extern const char *cg_likeness_name(CgLikeness likeness);

/*
 * What is compared byte by byte, palloc'd.  It depends on no setting and no locale.  Empty:
 * there is nothing to compare.
 */
extern char *cg_likeness_fold(CgLikeness likeness, const char *value);

#endif							/* CG_LIKENESS_H */
