/* Caps: how much one script may have of what costs all. Each is an error for the call that exceeds it. */
#ifndef DAEMON_BEHAVE_CAPS_H
#define DAEMON_BEHAVE_CAPS_H
#include <stdint.h>

#include <lua.h>

enum {
	CAP_TASKS = 256,
	CAP_VALUES = 1024,  /* its own ones, with those derived from others */
	CAP_LOOPS = 256,    /* over transitions and eventual values */
	CAP_WAITERS = 1024, /* of waits for values, and cases of choose */
	/* Deadlines and shields, and what is behind held_for and ramp. Sleeps come with tasks. */
	CAP_TIMERS = 512,
	CAP_WORKERS = 4,
	CAP_SLOTS = 65536, /* of all channels together: their capacities */
	CAP_LINES = 100,   /* in the log, in a second */
};

/* What a script has. Part of struct lua_host, all zero to begin with. */
struct caps {
	unsigned tasks, values, loops, waiters, timers, workers, slots;
	unsigned lines; /* since @lines_ns, for a second */
	int64_t lines_ns;
};

/*
 * Raise an error when *@n is @max; @what is the plural. Garbage does not count: it is collected first. The
 * caller counts, once the thing has been made.
 */
void caps_check(lua_State *L, const unsigned *n, unsigned max, const char *what);

/* The same for @more at once. */
void caps_check_more(lua_State *L, const unsigned *n, unsigned more, unsigned max,
		     const char *what);

/* One more line in the log, or an error. */
void caps_take_line(lua_State *L);

#endif
