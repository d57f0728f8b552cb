/*
 * subject.h
 *		What subject_report() and name_readers() share.
 */
#ifndef CG_SUBJECT_H
#define CG_SUBJECT_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

/* The reference of a report, from argument n; ERROR invalid_parameter_value if it is none. */
extern char *cg_subject_reference(FunctionCallInfo fcinfo, int n);

/* Makes the record that was written durable; ERROR if a standby did not acknowledge it. */
extern void cg_subject_flush(void);

/* OIDs of the roles whose members a report calls by a category. */
extern List *cg_subject_categories(void);

#endif							/* CG_SUBJECT_H */
