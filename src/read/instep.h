/*
 * instep.h
 *		Trusted triggers that keep a second guarded table in step with the first.
 *
 * Such a trigger sets a guarded column of the second table to NEW.phone with each UPDATE of
 * the first one, also where no number has changed.  Its actor may not write the column, but
 * nothing is written: the value is there already.
 */
#ifndef CG_INSTEP_H
#define CG_INSTEP_H

/*
 * Does the innermost execution belong to a trusted row trigger that an UPDATE of a guarded
 * relation has fired, for a row of this customer (the text of the key)?  Not if the trigger
 * is deferred.
 */
extern bool cg_instep_is_update(const char *customer);

#endif							/* CG_INSTEP_H */
