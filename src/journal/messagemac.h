/*
 * messagemac.h
 *		HMAC-SHA-256 with a key that rarely changes, for messages of the journal and for
 *		texts of statements.
 */
#ifndef CG_MESSAGEMAC_H
#define CG_MESSAGEMAC_H

#define CG_MESSAGEMAC_KEY 32	/* bytes of a key */
#define CG_MESSAGEMAC_LENGTH 32

/* The authenticated bytes are the concatenation of such parts. */
typedef struct CgMacPart
{
	const void *data;
	size_t		length;
} CgMacPart;

/* False if the MAC cannot be computed.  Throws nothing and allocates nothing. */
extern bool cg_messagemac_compute(const uint8 *key, const CgMacPart *parts, int nparts,
								  unsigned char *mac);

#endif							/* CG_MESSAGEMAC_H */
