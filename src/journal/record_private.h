/*
 * record_private.h
 *		How the parts of items are written and read, for record.c, recordread.c and
 *		recordset.c alone.
 */
#ifndef CG_RECORD_PRIVATE_H
#define CG_RECORD_PRIVATE_H

#include "port/pg_bswap.h"

#include "journal/record.h"

#define NULL_LENGTH 0xFFFFFFFFU

/* What a record has behind its reason, since version 4 */
#define PART_WINDOW 0x01
#define PART_PREVIOUS 0x02
#define PART_TECHNICIAN 0x04
#define PART_TRANSACTION 0x08
#define PARTS (PART_WINDOW | PART_PREVIOUS | PART_TECHNICIAN | PART_TRANSACTION)

/* A string of a record, with the length that is written of it. */
typedef struct Piece
{
	const char *data;			/* NULL: no string */
	size_t		length;
} Piece;

/* Writes the lowest bytes of a value, the highest of them first; eight bytes must have room. */
static inline char *
write_int(char *at, uint64 value, int bytes)
{
	uint64		big_endian = pg_hton64(value << (64 - 8 * bytes));

	memcpy(at, &big_endian, sizeof(big_endian));
	return at + bytes;
}

static inline char *
write_piece(char *at, Piece piece)
{
	if (piece.data == NULL)
		return write_int(at, NULL_LENGTH, 4);
	at = write_int(at, piece.length, 4);
	memcpy(at, piece.data, piece.length);
	return at + piece.length;
}

/* These need room in out: see cg_record_string_room. */
extern void cg_record_put_int(StringInfo out, uint64 value, int bytes);
extern void cg_record_put_string(StringInfo out, const char *string, size_t limit);
extern size_t cg_record_string_room(const char *string, size_t limit);

/* These set reader->bad if there is not as much. */
extern uint64 cg_recordread_int(CgReader *in, int bytes);
extern const char *cg_recordread_string(CgReader *in);
extern void cg_recordread_skip_bytes(CgReader *in, uint64 bytes);
extern void cg_recordread_skip_strings(CgReader *in, int count);

/* The columns of a record, with their number in front. */
extern void cg_recordread_columns(CgReader *in, CgRecord *record);

/* Item 'S', behind its first byte. */
extern void cg_recordset_begin(CgReader *in);
extern void cg_recordset_next(CgReader *in, CgRecord *record);
extern void cg_recordset_skip(CgReader *in);

#endif							/* CG_RECORD_PRIVATE_H */
