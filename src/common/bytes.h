/*
 * bytes.h
 *		A buffer of bytes, which grows or belongs to the caller.
 *
 * This wing does not use PostgreSQL: merkle, note and leaf are compiled for the server and
 * for the client from the same sources.
 *
 * A caller need not check each step.  If bytes do not fit, or there is no memory, "failed"
 * is set, and nothing is written from then on.  Check "failed" at the end.
 */
#ifndef CG_BYTES_H
#define CG_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct CgBytes
{
	uint8_t    *data;			/* no zero byte ends it */
	size_t		length;
	size_t		room;
	bool		fixed;			/* data belongs to the caller and cannot grow */
	bool		failed;
} CgBytes;

/* Makes an empty buffer on malloc; free it by cg_bytes_free.  Zero bytes do the same. */
extern void cg_bytes_init(CgBytes *bytes);

/* Makes an empty buffer in "room" bytes of the caller. */
extern void cg_bytes_init_fixed(CgBytes *bytes, void *data, size_t room);

/* Empties the buffer and clears "failed"; keeps the memory. */
extern void cg_bytes_reset(CgBytes *bytes);
extern void cg_bytes_free(CgBytes *bytes);

extern void cg_bytes_put(CgBytes *bytes, const void *data, size_t length);
extern void cg_bytes_put_text(CgBytes *bytes, const char *text);
extern void cg_bytes_put_uint8(CgBytes *bytes, uint8_t value);
/* Numbers are big-endian. */
extern void cg_bytes_put_uint16(CgBytes *bytes, uint16_t value);
extern void cg_bytes_put_uint32(CgBytes *bytes, uint32_t value);
extern void cg_bytes_put_uint64(CgBytes *bytes, uint64_t value);

/* In decimal, without leading zeros. */
extern void cg_bytes_put_decimal(CgBytes *bytes, uint64_t value);

/* In base64 (RFC 4648, section 4: padded). */
extern void cg_bytes_put_base64(CgBytes *bytes, const void *data, size_t length);

/* Appends length bytes, and returns where the caller must write them; NULL if it failed. */
extern uint8_t *cg_bytes_grow(CgBytes *bytes, size_t length);

static inline uint8_t *
cg_bytes_reserve(CgBytes *bytes, size_t length)
{
	if (!bytes->failed && bytes->data != NULL && length <= bytes->room - bytes->length)
		return bytes->data + bytes->length;
	return cg_bytes_grow(bytes, length);
}

/*
 * Decodes a base64 text and appends the bytes.  False if the text is not exactly the
 * encoding of these bytes, or if out failed.
 */
extern bool cg_bytes_decode_base64(const char *text, size_t length, CgBytes *out);

/* The same in base64url without padding (RFC 4648, section 5), as tokens have it. */
extern void cg_bytes_put_base64url(CgBytes *bytes, const void *data, size_t length);
extern bool cg_bytes_decode_base64url(const char *text, size_t length, CgBytes *out);

/* Parses a decimal number without leading zeros.  False if the text has anything else. */
extern bool cg_bytes_parse_decimal(const char *text, size_t length, uint64_t *value);

/* Big-endian numbers at any address.  Inline, since leaves consist mostly of them. */

static inline uint16_t
cg_bytes_get_uint16(const uint8_t *data)
{
	return (uint16_t) (data[0] << 8 | data[1]);
}

static inline uint32_t
cg_bytes_get_uint32(const uint8_t *data)
{
	return (uint32_t) data[0] << 24 | (uint32_t) data[1] << 16 | (uint32_t) data[2] << 8 | data[3];
}

static inline uint64_t
cg_bytes_get_uint64(const uint8_t *data)
{
	return (uint64_t) cg_bytes_get_uint32(data) << 32 | cg_bytes_get_uint32(data + 4);
}

static inline void
cg_bytes_set_uint16(uint8_t *data, uint16_t value)
{
	data[0] = (uint8_t) (value >> 8);
	data[1] = (uint8_t) value;
}

static inline void
cg_bytes_set_uint32(uint8_t *data, uint32_t value)
{
	cg_bytes_set_uint16(data, (uint16_t) (value >> 16));
	cg_bytes_set_uint16(data + 2, (uint16_t) value);
}

#endif							/* CG_BYTES_H */
