/*
 * prints.h
 *		Prints: the functions and types beneath a definition, as texts to compare.
 *
 * A print is "f" or "t", the OID of a function or type, and its definition.  It changes
 * when the object is replaced.
 */
#ifndef CG_PRINTS_H
#define CG_PRINTS_H

#include "access/htup.h"
#include "nodes/pg_list.h"

#include "policy/callees.h"

extern bool cg_prints_have(const List *prints, const char *print);

/* Appends the print unless the list has it. */
extern List *cg_prints_append(List *prints, char *print);

/* Adds the print of a row of pg_proc, unless the function is built in or in C. */
extern void cg_prints_function(HeapTuple tuple, CgCallees *callees);

/* The object of a print, such as "function crm.f(text)"; palloc'd. */
extern char *cg_prints_name(const char *print);

#endif							/* CG_PRINTS_H */
