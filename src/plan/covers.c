/*
 * covers.c
 *		Does the policy of an ancestor guard everything that a child's policy guards?
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "base/refused.h"
#include "plan/covers.h"
#include "policy/policy.h"
#include "read/around.h"

static const char *gap(Oid parent, Oid child);

/* The guard that the child has and the parent lacks, as a sentence, palloc'd; or NULL. */
static const char *
gap(Oid parent, Oid child)
{
	const CgPolicy *inner = cg_policy_get(child);
	const CgPolicy *outer;
	int			n = inner->nguarded;

	for (int i = 0; i < n; i++)
	{
		const CgGuarded *guarded;
		char	   *column;
		char	   *spec;
		AttrNumber	attnum;

		inner = cg_policy_get(child);
		column = get_attname(child, inner->guarded[i].attnum, false);
		spec = pstrdup(inner->guarded[i].spec);
		attnum = get_attnum(parent, column);
		/* A parent without the column cannot read it. */
		if (attnum == InvalidAttrNumber)
			continue;
		outer = cg_policy_get(parent);
		guarded = outer ? cg_policy_column(outer, attnum) : NULL;
		if (guarded == NULL)
			return psprintf("Its guarded column \"%s\" is reached without contact_guard's rewrite.", column);
		if (cg_mask_tells(&guarded->mask) && strcmp(guarded->spec, spec) != 0)
			return psprintf("Its guarded column \"%s\" has another mask there.", column);
	}
	inner = cg_policy_get(child);
	outer = cg_policy_get(parent);
	if (inner->hide && (outer == NULL || !outer->hide) && !cg_around_is_foreign_key_check(false))
		return pstrdup("Its rows are hidden, and those of the parent are not.");
	if (outer && !outer->broken && !inner->broken &&
		strcmp(get_attname(parent, outer->customer, false), get_attname(child, inner->customer, false)) != 0)
		return pstrdup("Its customer key is another column.");
	return NULL;
}

bool
cg_covers_is_covered(Oid parent, Oid child)
{
	return gap(parent, child) == NULL;
}

void
cg_covers_require(Oid parent, Oid child)
{
	const char *detail = gap(parent, child);

	if (detail)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("guarded relation \"%s\" cannot be read in this way", get_rel_name(child)),
				 cg_refused_relation(child, InvalidAttrNumber),
				 errdetail("%s", detail),
				 errhint("If it is read through a parent table, protect the parent too, in the same way.")));
}
