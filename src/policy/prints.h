/*
 * prints.h
 *		What may be replaced beneath a definition, as text that can be compared.
 *
 * "f" or "t", the OID of a function or type, and what it is made of.
 */
#ifndef CG_PRINTS_H
#define CG_PRINTS_H

#include "access/htup.h"
#include "nodes/pg_list.h"

#include "policy/callees.h"

extern bool cg_prints_have(const List *prints, const char *print);

/* Unless it is among them. */
extern List *cg_prints_append(List *prints, char *print);

/* Adds that of a row of pg_proc, unless the function is in C. */
extern void cg_prints_function(HeapTuple tuple, CgCallees *callees);

/* What a print is of: "function crm.f(text)"; palloc'd. */
extern char *cg_prints_name(const char *print);

#endif							/* CG_PRINTS_H */
