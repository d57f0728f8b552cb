/*
 * record_private.h
 *		How the parts of items are written and read, for record.c and recordset.c alone.
 */
#ifndef CG_RECORD_PRIVATE_H
#define CG_RECORD_PRIVATE_H

#include "journal/record.h"

/* These need room in out: see cg_record_string_room. */
extern void cg_record_put_int(StringInfo out, uint64 value, int bytes);
extern void cg_record_put_string(StringInfo out, const char *string, size_t limit);
extern size_t cg_record_string_room(const char *string, size_t limit);

/* These set reader->bad if there is not as much. */
extern uint64 cg_record_get_int(CgReader *in, int bytes);
extern const char *cg_record_get_string(CgReader *in);
extern void cg_record_skip_bytes(CgReader *in, uint64 bytes);
extern void cg_record_skip_strings(CgReader *in, int count);

/* The columns of a record, with their number in front. */
extern void cg_record_get_columns(CgReader *in, CgRecord *record);

/* Item 'S', behind its first byte. */
extern void cg_recordset_begin(CgReader *in);
extern void cg_recordset_next(CgReader *in, CgRecord *record);
extern void cg_recordset_skip(CgReader *in);

#endif							/* CG_RECORD_PRIVATE_H */
