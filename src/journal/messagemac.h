/*
 * messagemac.h
 *		HMAC-SHA-256 with a key that stays the same for long: of messages of the journal,
 *		and of the texts of statements.
 */
#ifndef CG_MESSAGEMAC_H
#define CG_MESSAGEMAC_H

#define CG_MESSAGEMAC_KEY 32	/* bytes of a key */
#define CG_MESSAGEMAC_LENGTH 32

/* A part of what is authenticated; the parts stand one behind the other. */
typedef struct CgMacPart
{
	const void *data;
	size_t		length;
} CgMacPart;

/* False if it cannot be computed; throws nothing and allocates nothing. */
extern bool cg_messagemac_compute(const uint8 *key, const CgMacPart *parts, int nparts,
								  unsigned char *mac);

#endif							/* CG_MESSAGEMAC_H */
