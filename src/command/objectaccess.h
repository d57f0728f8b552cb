/*
 * objectaccess.h
 *		The object-access hook: which rule decides on which class of objects.
 */
#ifndef CG_OBJECTACCESS_H
#define CG_OBJECTACCESS_H

/* Installs the hook.  It also records the drop of a relation or column that has a label. */
extern void cg_objectaccess_init(void);

#endif							/* CG_OBJECTACCESS_H */
