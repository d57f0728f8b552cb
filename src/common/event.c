/*
 * event.c
 *		The events of the access log: see event.h.
 */
#include "common/event.h"

#include <string.h>

#define CG_EVENT_NAME(number, symbol, name) [number] = name,
static const char *const names[CG_EVENT_NEXT] = {
	CG_EVENTS(CG_EVENT_NAME)
};
#undef CG_EVENT_NAME

const char *
cg_event_name(int number)
{
	return number > 0 && number < CG_EVENT_NEXT ? names[number] : NULL;
}

int
cg_event_number(const char *name, size_t length)
{
	for (int number = 1; number < CG_EVENT_NEXT; number++)
	{
		if (names[number] != NULL && strlen(names[number]) == length &&
			memcmp(names[number], name, length) == 0)
			return number;
	}
	return 0;
}
