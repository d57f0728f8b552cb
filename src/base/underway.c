/*
 * underway.c
 *		The running utility statement, for the wings below the one that runs it.
 */
#include "postgres.h"

#include "base/underway.h"

static Node *statement_underway = NULL;

Node *
cg_underway_statement(void)
{
	return statement_underway;
}

Node *
cg_underway_swap(Node *statement)
{
	Node	   *was = statement_underway;

	statement_underway = statement;
	return was;
}
