/*
 * Lua's patterns with a bound: matching counts its steps, so that no subject and pattern, however
 * contrived, keep the loop. The semantics are those of the Lua 5.4 manual, section 6.4.1, and the
 * structure is that of lstrlib.c (Copyright 1994-2022 Lua.org, PUC-Rio; MIT licence).
 */
#ifndef DAEMON_BEHAVE_PATTERN_H
#define DAEMON_BEHAVE_PATTERN_H
#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

#define PATTERN_CAPTURES 32
#define PATTERN_STEPS 500000 /* of one call, about 5 ms */
#define PATTERN_DEPTH 200    /* nested calls of the matcher */

#define PATTERN_POSITION ((ptrdiff_t)-2) /* a capture () of a position */
#define PATTERN_OPEN ((ptrdiff_t)-1)     /* a capture that has not ended */

/* A subject and a pattern while they are matched; both are borrowed. */
struct pattern {
	lua_State *L;
	const char *subject, *subject_end;
	const char *text_end; /* of the pattern */
	int steps, depth;     /* what is left */
	int n_captures;
	struct {
		const char *at;
		ptrdiff_t len; /* or PATTERN_POSITION, PATTERN_OPEN */
	} captures[PATTERN_CAPTURES];
};

/* Match in @subject (@len bytes), for the call of @L; both texts are borrowed. @text is the pattern, to know its end. */
void pattern_init(struct pattern *m, lua_State *L, const char *subject, size_t len,
		  const char *text, size_t text_len);

/*
 * Match the pattern @p at @s. Returns the end of the match, or NULL. Raises for a malformed pattern, and
 * when the steps of this call are used up. Resets the captures, not the steps.
 */
const char *pattern_match(struct pattern *m, const char *s, const char *p);

/* What matching took counts as computation of the task; to be called once, at the end. */
void pattern_spend(const struct pattern *m);

/* Push capture @i, or the whole match from @s to @e when there are none and @i is 0. */
void pattern_push_capture(struct pattern *m, int i, const char *s, const char *e);

/* Push all captures (or the whole match, unless @s is NULL). Returns how many. */
int pattern_push_captures(struct pattern *m, const char *s, const char *e);

/* Replace find, match, gmatch and gsub in the table at the top. */
void lua_open_pattern(lua_State *L);

#endif
