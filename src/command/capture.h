/*
 * capture.h
 *		Names that a trusted function finds on its search_path.
 */
#ifndef CG_CAPTURE_H
#define CG_CAPTURE_H

#include "command/accessrules.h"

/*
 * Call this when an object was created or changed, while only its command sees the change.
 * ERROR insufficient_privilege, unless the command is an admin's, if a trusted function
 * could find the object in place of another one, or if the object is a trusted function.
 */
extern void cg_capture_decide(Oid classId, const CgAccess *event);

/*
 * The same before an object is dropped, because a temporary object could take its name.
 * The drop of a trusted function is recorded.
 */
extern void cg_capture_decide_drop(Oid classId, Oid object, int column);

/*
 * May a trusted function use this object by a name?  Its text names the object (on its path
 * or in a schema that the text names), or the function may construct names.  The object is
 * a function, operator, type or relation; its state before the command counts.
 */
extern bool cg_capture_is_named(Oid classId, Oid object);

#endif							/* CG_CAPTURE_H */
