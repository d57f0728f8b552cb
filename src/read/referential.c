/*
 * referential.c
 *		Customer keys that the action of a foreign key sets.
 *
 * The action is a rule of the table itself: whoever may delete a customer may leave rows
 * without one.  Such rows are shown to standing permissions only, so SET NULL gives nothing
 * away.
 *
 * ON UPDATE CASCADE gives rows to another customer, and SET DEFAULT may do so.  Somebody
 * with an open intervention at customer 7 could rename customer 7, and then 42 to 7, and read
 * the rows that were those of 42.  So they need a standing permission on the relation whose
 * rows they give.  One on the relation that is referred to does not suffice: whoever gave it
 * did not think of the other relation.
 */
#include "postgres.h"

#include "read/around.h"
#include "read/referential.h"

bool
cg_referential_is_action(void)
{
	return cg_around_is_foreign_key_check(true);
}
