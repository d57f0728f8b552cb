/*
 * progress.c
 *		Shows a progress bar on stderr, if stderr is a terminal.
 */
#include "client.h"

#include <time.h>
#include <unistd.h>

#define WIDTH 40

static bool shown;

void
progress_show(int64_t done, int64_t total)
{
	static int64_t last;
	struct timespec now;
	int64_t		milliseconds;
	int			filled = total > 0 ? (int) ((double) done / (double) total * WIDTH) : WIDTH;

	if (!isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	milliseconds = (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (shown && milliseconds - last < 100)
		return;
	last = milliseconds;
	shown = true;
	fprintf(stderr, "\r[%.*s%*s] %lld of %lld", filled, "########################################",
			WIDTH - filled, "", (long long) done, (long long) total);
}

void
progress_clear(void)
{
	if (shown)
		fprintf(stderr, "\r\033[K");
	shown = false;
}
