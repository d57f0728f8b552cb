/*
 * errordetail.h
 *		DETAIL lines that print stored values.
 */
#ifndef CG_ERRORDETAIL_H
#define CG_ERRORDETAIL_H

#include "postgres.h"

/*
 * In a PG_CATCH: replaces the DETAIL of the error on its way, if it has one and is
 * of a class that prints rows.  Looks into no catalog.
 */
extern void cg_errordetail_hide(void);

#endif							/* CG_ERRORDETAIL_H */
