/*
 * labelparse.h
 *		From the text of a label to its struct: see labels.h for the form.
 */
#ifndef CG_LABELPARSE_H
#define CG_LABELPARSE_H

#include "policy/labels.h"

/*
 * Parse a label; NULL gives an empty one.  ERROR invalid_parameter_value for
 * what is not of the form above.
 */
extern void cg_labelparse_table(const char *label, CgTableLabel *result);
extern void cg_labelparse_column(const char *label, CgColumnLabel *result);
extern void cg_labelparse_function(const char *label, CgFunctionLabel *result);

#endif							/* CG_LABELPARSE_H */
