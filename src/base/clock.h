/*
 * clock.h
 *		The greatest time that the server's clock has shown.
 *
 * A clock that is set back must not open windows again that had closed.  So a window is
 * closed when the greatest time that anybody has seen is behind its end, whatever the clock
 * says now.  It opens by the clock of now.
 *
 * The time is in shared memory.  After a start the recorder puts the times of its log there.
 */
#ifndef CG_CLOCK_H
#define CG_CLOCK_H

#include "datatype/timestamp.h"

/* Notes a time, to a hundredth of a second, and returns the greatest one. */
extern TimestampTz cg_clock_latest(TimestampTz now);

/* Has the clock gone back by more than a second, and not caught up?  Sets *latest then. */
extern bool cg_clock_is_back(TimestampTz *latest);

/* Takes the present time for the greatest one. */
extern void cg_clock_accept(void);

/* The longest time between two ticks of a kernel's clock */
#define CG_CLOCK_TICK_USECS (10 * 1000)

/*
 * The time of the kernel's last tick: a fifth of the cost of the exact time, which a bulk read
 * asks for with each row.  What ends at an instant, a window or a token, needs the exact one.
 */
extern TimestampTz cg_clock_coarse(void);

/* The same for what happens behind an exact time: the last tick may have been before that. */
extern TimestampTz cg_clock_coarse_since(TimestampTz since);

#endif							/* CG_CLOCK_H */
