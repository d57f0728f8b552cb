/*
 * labelparse.h
 *		Parsing the text of a label, whose form is in labels.h.
 */
#ifndef CG_LABELPARSE_H
#define CG_LABELPARSE_H

#include "policy/labels.h"

/*
 * Parse a label; NULL gives an empty one.  ERROR invalid_parameter_value if the text has
 * not that form.
 */
extern void cg_labelparse_table(const char *label, CgTableLabel *result);
extern void cg_labelparse_column(const char *label, CgColumnLabel *result);
extern void cg_labelparse_function(const char *label, CgFunctionLabel *result);

#endif							/* CG_LABELPARSE_H */
