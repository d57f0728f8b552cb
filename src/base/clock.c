/*
 * clock.c
 *		The greatest time that the server's clock has shown: see clock.h.
 */
#include "postgres.h"

#include <time.h>

#include "port/atomics.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/shared.h"

/*
 * The time in shared memory is moved by at least so much: all readers look at it, and a
 * write takes it out of the caches of the other processors.
 */
#define NOTE_USECS (10 * 1000)

/* Smaller steps are what daemons do that keep the time. */
#define STEP_USECS USECS_PER_SEC

TimestampTz
cg_clock_latest(TimestampTz now)
{
	uint64		seen;

	if (cg_shared == NULL)
		return now;
	seen = pg_atomic_read_u64(&cg_shared->latest);
	while ((TimestampTz) seen < now - NOTE_USECS)
		if (pg_atomic_compare_exchange_u64(&cg_shared->latest, &seen, (uint64) now))
			return now;
	return Max((TimestampTz) seen, now);
}

bool
cg_clock_is_back(TimestampTz *latest)
{
	TimestampTz now = GetCurrentTimestamp();

	*latest = cg_clock_latest(now);
	return *latest - now > STEP_USECS;
}

void
cg_clock_accept(void)
{
	pg_atomic_write_u64(&cg_shared->latest, (uint64) GetCurrentTimestamp());
}

TimestampTz
cg_clock_coarse(void)
{
#ifdef CLOCK_REALTIME_COARSE
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0)
		return ((TimestampTz) now.tv_sec - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) * USECS_PER_SEC +
			now.tv_nsec / 1000;
#endif
	return GetCurrentTimestamp();
}

TimestampTz
cg_clock_coarse_since(TimestampTz since)
{
	TimestampTz now = cg_clock_coarse();

	return now < since && since - now <= CG_CLOCK_TICK_USECS ? since : now;
}
