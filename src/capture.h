/*
 * capture.h
 *		Names that a trusted function finds on its search_path.
 */
#ifndef CG_CAPTURE_H
#define CG_CAPTURE_H

#include "accessrules.h"

/*
 * After an object was made or changed, which only its command sees so far: ERROR
 * insufficient_privilege if a trusted function could find it in the place of
 * another, or if it is a trusted function, and a member of contact_guard_admin has
 * not given the command.
 */
extern void cg_capture_decide(Oid classId, const CgAccess *event);

/* A function is being dropped; a record if it was trusted. */
extern void cg_capture_drop_function(Oid function);

#endif							/* CG_CAPTURE_H */
