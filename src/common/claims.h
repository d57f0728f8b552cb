/*
 * claims.h
 *		What a verified token claims (RFC 7519).
 */
#ifndef CG_CLAIMS_H
#define CG_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/jws.h"

#define CG_CLAIMS_SUBJECT 256	/* bytes */
#define CG_CLAIMS_PURPOSE 200
#define CG_CLAIMS_NO_TIME (-1)

/* Texts of an array, each with a zero byte behind it. */
typedef struct CgClaimList
{
	bool		given;			/* otherwise the token does not have the claim */
	int			count;
	size_t		first;			/* where the texts begin: claims can be copied */
} CgClaimList;

/* In UTF-8.  Times are seconds since 1970, or CG_CLAIMS_NO_TIME. */
typedef struct CgClaims
{
	char		subject[CG_CLAIMS_SUBJECT + 1];
	char		issuer[CG_CLAIMS_SUBJECT + 1];	/* "": none */
	char		id[CG_CLAIMS_SUBJECT + 1];	/* jti; "": none */
	char		purpose[CG_CLAIMS_PURPOSE + 1]; /* "": none */
	int64_t		expires;
	int64_t		not_before;
	int64_t		issued;
	CgClaimList roles;
	CgClaimList interventions;
	CgClaimList columns;
	size_t		used;			/* bytes of texts */
	char		texts[CG_JWS_LENGTH + CG_JWS_LENGTH / 2];
} CgClaims;

/* What a server asks of the claims. */
typedef struct CgClaimsAsked
{
	const char *audience;
	const char *issuer;			/* "": any */
	int64_t		leeway;			/* seconds, for clocks that differ */
	int64_t		max_age;		/* seconds between iat and exp */
} CgClaimsAsked;

/* Each returns NULL, or why the token is refused, as a sentence. */
extern const char *cg_claims_parse(const char *payload, size_t length, const CgClaimsAsked *asked, CgClaims *claims);
extern const char *cg_claims_check(const CgClaims *claims, const CgClaimsAsked *asked, int64_t now);

/* The first text of a list of the claims, and the one behind it; NULL: none. */
extern const char *cg_claims_first(const CgClaims *claims, const CgClaimList *list);
extern const char *cg_claims_next(const CgClaims *claims, const CgClaimList *list, const char *text);

#endif							/* CG_CLAIMS_H */
