/*
 * number.h
 *		Telephone numbers: what is dialled, what is compared, and the hash of a party.
 */
#ifndef CG_NUMBER_H
#define CG_NUMBER_H

#define CG_PARTY_HASH 32

/*
 * A number as people write it, as digits behind an optional plus sign, palloc'd.  NULL if it
 * is no number, or not that of a person, or may be several.
 */
extern char *cg_number_dial(const char *text);

/*
 * The same in international form, by which numbers are compared, palloc'd: "+33639984711".
 * Without contact_guard.relay_country_code a national number stays as it is.
 */
extern char *cg_number_international(const char *text);

/* Does a gateway name a caller by his number, and not by his name? */
extern bool cg_number_is_caller(const char *caller);

/* May it be a number, in whatever form?  Then no record has it as a name. */
extern bool cg_number_may_be(const char *text);

/*
 * The keyed hash of a party: of a number in international form, or of the name of an actor.
 * The key is the journal's, so the caller must have called cg_journal_require().
 */
extern void cg_number_hash_party(bool is_number, const char *text, uint8 hash[CG_PARTY_HASH]);

#endif							/* CG_NUMBER_H */
