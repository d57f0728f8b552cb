/*
 * capture.h
 *		Names that a trusted function finds on its search_path.
 */
#ifndef CG_CAPTURE_H
#define CG_CAPTURE_H

#include "command/accessrules.h"

/*
 * After an object was made or changed, which only its command sees so far: ERROR
 * insufficient_privilege if a trusted function could find it in the place of
 * another, or if it is a trusted function, and a member of contact_guard_admin has
 * not given the command.
 */
extern void cg_capture_decide(Oid classId, const CgAccess *event);

/*
 * Likewise before one is dropped, whose name a temporary object could take.  The
 * drop of a trusted function is a record.
 */
extern void cg_capture_decide_drop(Oid classId, Oid object, int column);

/*
 * Does the text of a trusted function name it, on the function's path or in a schema that
 * the text names, or may the function make up its name?  A function, operator, type or relation, as it was before the command.
 */
extern bool cg_capture_is_named(Oid classId, Oid object);

#endif							/* CG_CAPTURE_H */
