/*
 * special.c
 *		Has this session anything that a statement must be checked against?
 */
#include "postgres.h"

#include "base/special.h"

int			cg_special_bits = 0;
