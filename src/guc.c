/*
 * guc.c
 *		The settings contact_guard.*.
 *
 * All of them are the superuser's: a reader who could set one would choose how
 * well his reads are remembered.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "guc.h"

int			cg_copies = CG_COPIES_REFUSE;
int			cg_durability = CG_DURABILITY_STRICT;
int			cg_withheld_detail = 100;
int			cg_max_backlog = 1024 * 1024;
int			cg_min_retention = 180 * 24 * 60;

static const struct config_enum_entry durability_options[] = {
	{"strict", CG_DURABILITY_STRICT, false},
	{"relaxed", CG_DURABILITY_RELAXED, false},
	{NULL, 0, false}
};

static const struct config_enum_entry copies_options[] = {
	{"refuse", CG_COPIES_REFUSE, false},
	{"record", CG_COPIES_RECORD, false},
	{NULL, 0, false}
};

void
cg_guc_init(void)
{
	DefineCustomEnumVariable("contact_guard.copies",
							 "Whether values that an open window shows may be stored elsewhere.",
							 "Roles with a standing permission may store what they are shown in any case.",
							 &cg_copies, CG_COPIES_REFUSE, copies_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("contact_guard.durability",
							 "How durable a read's record is before the value leaves the server.",
							 "strict also waits for synchronous standbys, whatever the reader's synchronous_commit.",
							 &cg_durability, CG_DURABILITY_STRICT, durability_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.max_backlog",
							"Size of the unrecorded journal of a database at which guarded values are refused.",
							NULL, &cg_max_backlog, 1024 * 1024, 64, MAX_KILOBYTES,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	/* Not SUSET: whoever purges must not choose in the same breath what may go. */
	DefineCustomIntVariable("contact_guard.min_retention",
							"Age below which records of the access log cannot be purged.",
							NULL, &cg_min_retention, 180 * 24 * 60, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("contact_guard.withheld_detail",
							"Number of customers that the withheld records of one execution name.",
							"Further customers are one record with their count.",
							&cg_withheld_detail, 100, 0, 65536,
							PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("contact_guard");
}

const char *
cg_guc_durability_name(void)
{
	return durability_options[cg_durability].name;
}
