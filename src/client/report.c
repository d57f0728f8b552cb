/*
 * report.c
 *		contact-guard verify: what it says at its end.
 *
 * Besides findings, the report has what no finding says: which rows are not signed yet, how
 * old the newest signed row is, how long the log was silent, and when the server ran without
 * the library.  Whether that is right is for the reader to judge.
 */
#include "verify.h"

#include <time.h>

static int	check_age(const Verify *verify, const Options *options);
static void print_time(int64_t microseconds);
static void print_times(const Verify *verify);
static void print_offs(const Verify *verify);

/*
 * A log that is alive has a record, a heartbeat if nothing else, in every few minutes.  A
 * server whose recorder stands still would otherwise be good for ever.
 */
static int
check_age(const Verify *verify, const Options *options)
{
	int64_t		seconds = verify->last_at / 1000000;
	int64_t		age = (int64_t) time(NULL) - seconds;

	if (verify->last_seq < 0 || verify->last_seq + 1 < (int64_t) verify->checkpoint.size)
	{
		printf("the newest signed row is not there, so its age is not known\n");
		return EXIT_UNCHECKED;
	}
	if (age <= options->max_age && age >= -options->max_age)
		return EXIT_GOOD;
	printf("the newest signed row, seq %lld, is of ", (long long) verify->last_seq);
	text_print_time(seconds);
	printf(", %lld s %s: not within %lld s\n", (long long) (age < 0 ? -age : age), age < 0 ? "ahead" : "ago",
		   (long long) options->max_age);
	return EXIT_UNCHECKED;
}

/* In whole seconds, and never a later one. */
static void
print_time(int64_t microseconds)
{
	int64_t		seconds = microseconds / 1000000;

	text_print_time(seconds - (microseconds % 1000000 < 0));
}

/* How old the newest signed row is, what follows it, and how long nothing was logged. */
static void
print_times(const Verify *verify)
{
	int64_t		age = (int64_t) time(NULL) - verify->last_at / 1000000;

	if (verify->last_seq >= 0 && verify->last_seq + 1 == (int64_t) verify->checkpoint.size)
	{
		printf("the newest signed row is of ");
		print_time(verify->last_at);
		printf(", %lld s %s\n", (long long) (age < 0 ? -age : age), age < 0 ? "ahead" : "ago");
	}
	if (verify->unsigned_rows > 0)
	{
		printf("%lld later row%s not signed yet, and %s not proved; the oldest is of ", (long long) verify->unsigned_rows,
			   verify->unsigned_rows == 1 ? " is" : "s are", verify->unsigned_rows == 1 ? "is" : "are");
		print_time(verify->unsigned_at);
		printf("\n");
	}
	if (verify->silence_seq >= 0)
	{
		printf("the longest silence: %llu s, until ", (unsigned long long) (verify->silence / 1000000));
		print_time(verify->silence_end);
		printf(", seq %lld\n", (long long) verify->silence_seq);
	}
	if (verify->back >= 1000000)
		printf("the longest step back in time: %llu s, at seq %lld: a read that took so long, or a clock that was wrong\n",
			   (unsigned long long) (verify->back / 1000000), (long long) verify->back_seq);
}

/* The records of starts that say that the server had run without the library. */
static void
print_offs(const Verify *verify)
{
	printf("the server ran %lld time%s without contact_guard, and recorded nothing then: see the records of event start, the last of them seq %lld\n",
		   (long long) verify->offs, verify->offs == 1 ? "" : "s", (long long) verify->last_off);
	for (int i = 0; i < verify->noff && i < SHOWN_OFFS; i++)
	{
		const Off  *off = &verify->off[i];

		printf("  seq %lld: %lld time%s, ", (long long) off->seq, (long long) off->count, off->count == 1 ? "" : "s");
		if (off->known)
		{
			printf("between ");
			print_time(off->from);
			printf(" and ");
		}
		else
			printf("before ");
		print_time(off->to);
		printf("\n");
	}
	if (verify->noff > SHOWN_OFFS)
		printf("  and %lld more such records\n", (long long) verify->noff - SHOWN_OFFS);
}

int
conclude(const Verify *verify, const Options *options, int64_t to)
{
	int64_t		missing = 0;
	CgBytes		root;

	for (int i = 0; i < verify->losses[LOSS_ROW].lost.count; i++)
		missing += verify->losses[LOSS_ROW].lost.ranges[i].last - verify->losses[LOSS_ROW].lost.ranges[i].first + 1;
	cg_bytes_init(&root);
	cg_bytes_put_base64(&root, verify->checkpoint.root, CG_HASH_LENGTH);
	printf("%s: %lld rows checked, seq %lld to %lld", verify->checkpoint.origin,
		   (long long) verify->rows, (long long) options->from, (long long) to);
	if (missing > 0)
		printf(", %lld not there", (long long) missing);
	if (verify->erased > 0)
		printf(", %lld with personal values erased", (long long) verify->erased);
	printf("; signed size %llu, root %.*s\n", (unsigned long long) verify->checkpoint.size,
		   (int) root.length, (char *) root.data);
	cg_bytes_free(&root);
	print_times(verify);
	if (verify->noff > 0)
		print_offs(verify);
	report_positions(verify);
	report_losses(verify);
	report_purges(verify);
	if (verify->later > 0)
		printf("%lld rows, the first of them seq %lld, are of an event that this contact-guard (version %s) does not know: "
			   "they are as they were signed, but a newer one must say what they are\n",
			   (long long) verify->later, (long long) verify->first_later, CG_VERSION);
	if (verify->later_versions > 0)
		printf("%lld rows, the first of them seq %lld, have leaves of a later version (up to %d) than this contact-guard (version %s) knows (up to %d): "
			   "they were not checked, a newer one must do that\n",
			   (long long) verify->later_versions, (long long) verify->first_later_version, verify->newest_version,
			   CG_VERSION, cg_leaf_newest_version());
	if (options->policy.given && options->policy.quorum >= 0)
		printf("a checkpoint of %llu rows meets the policy; %llu later ones rest on the log's signature alone\n",
			   (unsigned long long) verify->witnessed, (unsigned long long) (verify->checkpoint.size - verify->witnessed));
	if (verify->restored_left > 0)
		printf("%lld restored records that would count are left out: it is not proved that they are those that came\n",
			   (long long) verify->restored_left);
	if (verify->not_compared != NULL)
		printf("the views and functions that auditors read were not compared with those of contact_guard " CG_VERSION ": %s\n", verify->not_compared);
	if (verify->uncompared)
		printf("what the server's own function answers is not known\n");
	if (verify->findings == 0 && (verify->restored_left > 0 || verify->uncompared))
		return EXIT_UNCHECKED;
	if (verify->findings == 0 && (verify->later > 0 || verify->later_versions > 0))
		return EXIT_UNCHECKED;
	if (verify->findings == 0 && options->max_age > 0 && check_age(verify, options) != EXIT_GOOD)
		return EXIT_UNCHECKED;
	if (verify->findings == 0)
	{
		printf("good\n");
		return EXIT_GOOD;
	}
	if (verify->first_bad >= 0)
		printf("first bad row: seq %lld: %s\n", (long long) verify->first_bad, verify->first_what);
	printf("EVIDENCE OF TAMPERING: %lld finding%s\n", (long long) verify->findings, verify->findings == 1 ? "" : "s");
	return EXIT_TAMPERED;
}
