/*
 * What a compiled chunk names: the globals that it reads and sets, the fields that it writes, the modules
 * that it requires, each with its line. Found in the code that Lua makes of it, so that nothing has to be run.
 */
#ifndef DAEMON_BEHAVE_CHUNK_H
#define DAEMON_BEHAVE_CHUNK_H
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/macros.h"

#include <lua.h>

enum mention_kind {
	MENTION_READ,     /* of a global */
	MENTION_SET,      /* of a global */
	MENTION_FIELD,    /* of a table, set under a constant name */
	MENTION_REQUIRED, /* a module, under a constant name */
	MENTION_ALL,      /* the table of all globals; the name is "_G" */
};

struct mention {
	char name[48];
	enum mention_kind kind;
	bool top; /* at the file's top level, in no function */
	int line;
};

/* Mentions in the order of their lines; zeroed to begin with. */
struct mentions {
	struct mention *list;
	size_t n, cap;
};

/*
 * Add what the Lua function at the top of @L names; it is read only. Names longer than 40 bytes are left
 * out. Returns 0, -ENOMEM, or -EPROTO for code of another version of Lua than 5.4: then nothing is added.
 */
int chunk_mentions(lua_State *L, struct mentions *ret) MUST_CHECK;
void mentions_fini(struct mentions *m);

#endif
