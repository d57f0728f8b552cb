/*
 * claims.c
 *		What a verified token claims (RFC 7519).
 *
 * A claim of ours that is there and is not understood makes the token refused: most of them
 * narrow what the token may do.
 */
#include "common/claims.h"

#include <string.h>

#include "common/json.h"

static bool take_list(const char *payload, const char *name, CgClaims *claims, CgClaimList *list);
static bool is_meant_for(const char *payload, const char *audience);

static bool
take_time(const char *payload, const char *name, int64_t *seconds)
{
	const char *place = cg_json_member(payload, name);

	if (place == NULL)
	{
		*seconds = CG_CLAIMS_NO_TIME;
		return true;
	}
	return cg_json_seconds(place, seconds);
}

static bool
take_text(const char *payload, const char *name, char *text, size_t room)
{
	const char *place = cg_json_member(payload, name);

	text[0] = '\0';
	return place == NULL || (cg_json_text(place, text, room) && text[0] != '\0');
}

/* An array of texts and whole numbers.  That no room is left does not happen: see texts. */
static bool
take_list(const char *payload, const char *name, CgClaims *claims, CgClaimList *list)
{
	const char *array = cg_json_member(payload, name);

	list->given = array != NULL;
	list->first = claims->used;
	if (array == NULL)
		return true;
	if (!cg_json_is_array(array))
		return false;
	for (const char *at = cg_json_first(array); at; at = cg_json_next(at))
	{
		char	   *text = claims->texts + claims->used;

		if (!cg_json_text_or_number(at, text, sizeof(claims->texts) - claims->used))
			return false;
		claims->used += strlen(text) + 1;
		list->count++;
	}
	return true;
}

/* aud: one text, or several of which any may be ours. */
static bool
is_meant_for(const char *payload, const char *audience)
{
	const char *place = cg_json_member(payload, "aud");
	char		text[CG_CLAIMS_SUBJECT + 1];

	if (!cg_json_is_array(place))
		return cg_json_text(place, text, sizeof(text)) && strcmp(text, audience) == 0;
	for (const char *at = cg_json_first(place); at; at = cg_json_next(at))
		if (cg_json_text(at, text, sizeof(text)) && strcmp(text, audience) == 0)
			return true;
	return false;
}

const char *
cg_claims_parse(const char *payload, size_t length, const CgClaimsAsked *asked, CgClaims *claims)
{
	const char *object;

	memset(claims, 0, offsetof(CgClaims, texts));
	if (!cg_json_check(payload, length, &object))
		return "What it claims is not a JSON object, or a member stands in it twice.";
	if (!cg_json_text(cg_json_member(object, "sub"), claims->subject, sizeof(claims->subject)) ||
		claims->subject[0] == '\0')
		return "It names nobody (sub), or with more than 256 bytes.";
	if (!is_meant_for(object, asked->audience))
		return "It is meant for another audience (aud) than contact_guard.identity_audience.";
	if (cg_json_member(object, "exp") == NULL)
		return "It does not expire (exp).";
	if (!take_time(object, "exp", &claims->expires) || !take_time(object, "nbf", &claims->not_before) ||
		!take_time(object, "iat", &claims->issued))
		return "One of its times (exp, nbf, iat) is not a number of seconds since 1970.";
	if (!take_text(object, "iss", claims->issuer, sizeof(claims->issuer)) ||
		!take_text(object, "jti", claims->id, sizeof(claims->id)))
		return "Its issuer (iss) or number (jti) is not a text of at most 256 bytes.";
	if (!take_text(object, "purpose", claims->purpose, sizeof(claims->purpose)))
		return "Its purpose is not a text of at most 200 bytes.";
	if (!take_list(object, "contact_guard_roles", claims, &claims->roles) ||
		!take_list(object, "interventions", claims, &claims->interventions) ||
		!take_list(object, "columns", claims, &claims->columns))
		return "One of its claims contact_guard_roles, interventions and columns is not an array of texts.";
	return NULL;
}

const char *
cg_claims_check(const CgClaims *claims, const CgClaimsAsked *asked, int64_t now)
{
	int64_t		begins = claims->issued == CG_CLAIMS_NO_TIME ? now : claims->issued;

	if (asked->issuer[0] != '\0' && strcmp(claims->issuer, asked->issuer) != 0)
		return "It is of another issuer (iss) than contact_guard.identity_issuer.";
	if (now >= claims->expires + asked->leeway)
		return "It has expired (exp).";
	if (claims->not_before > now + asked->leeway)
		return "It does not count yet (nbf).";
	if (claims->issued > now + asked->leeway)
		return "It was issued in the future (iat): the clocks of the issuer and of the database differ.";
	if (claims->expires - begins > asked->max_age)
		return "It lives longer (exp - iat) than contact_guard.identity_max_age.";
	return NULL;
}

const char *
cg_claims_first(const CgClaims *claims, const CgClaimList *list)
{
	return list->count > 0 ? claims->texts + list->first : NULL;
}

const char *
cg_claims_next(const CgClaims *claims, const CgClaimList *list, const char *text)
{
	int			place = 1;

	for (const char *at = claims->texts + list->first; at != text; at += strlen(at) + 1)
		place++;
	return place < list->count ? text + strlen(text) + 1 : NULL;
}
