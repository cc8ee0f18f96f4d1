/*
 * The Lua host: one sandboxed Lua 5.4 state per behaviour, whose functions run as ordinary tasks.
 *
 * A Lua task runs its lua_State thread directly on its task's stack, and what a script calls blocks by
 * switching stacks; so pcall, metamethods, iterators and sort comparators may all wait. Everything that
 * calls into Lua must run on a stack of STACK_LUA bytes, under lua_pcall(): at the heap limit any call
 * of Lua's API that allocates raises.
 *
 * Cancellation is raised in Lua as a sentinel that pcall, xpcall and coroutine.resume pass on, and so
 * is the end of a script that overran its budget (budget.h).
 */
#ifndef DAEMON_BEHAVE_LUA_HOST_H
#define DAEMON_BEHAVE_LUA_HOST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/macros.h"
#include "daemon/behave/budget.h"
#include "daemon/behave/caps.h"
#include "daemon/rt/stack.h"
#include "daemon/rt/task.h"
#include "daemon/state/account.h"
#include "daemon/state/world.h"

#include <lauxlib.h>
#include <lua.h>

#define LUA_HOST_HEAP ((size_t)4 * 1024 * 1024)
#define LUA_HOST_FILE_MAX 262144 /* bytes of a script */

struct lua_host_conf {
	const char *name;    /* of the behaviour or script; borrowed */
	size_t heap_max;     /* bytes, with its data; 0: LUA_HOST_HEAP */
	struct world *world; /* what `value "name"` finds; NULL: nothing */
	/* Whose lib/ folders `require "name"` looks in; the first wins, NULL ends. NULL: none. */
	const char *const *folders;
	bool program; /* what it prints is its output, not lines in a log */
	/* A line that the script printed, without newline. NULL: the log. */
	void (*print)(void *arg, const char *line, size_t len);
	void *arg;
};

struct evaluator;
struct thread_pool;

/* Types of userdata that are looked for at every wait: known by their metatables' addresses. */
enum lua_known_type {
	LUA_KNOWN_NONE,
	LUA_KNOWN_VALUE,
	LUA_KNOWN_PRED,
	LUA_KNOWN_HOLDING_PRED,
	LUA_KNOWN_COUNT,
};

struct lua_host {
	lua_State *L; /* the main thread: for short protected calls, never suspended */
	struct lua_host_conf conf;
	struct account
		*memory; /* of Lua's heap, and of the data that it made or queues */
	struct caps caps;
	struct lua_task *running; /* whose code runs, or ran last */
	struct lua_task *paused; /* is over its slice: no other task of this state runs */
	struct list gate;        /* tasks that wait for it */
	struct evaluator *evaluator;
	struct thread_pool *workers; /* NULL: none was needed yet */
	bool tight;                  /* more than half of its memory is used */
	bool counts;                 /* the instructions of its tasks, see budget.h */
	bool killed; /* a task of this state overran its budget in this run */
	/* Where that was, and where memory was last refused: there the errors may not know it. */
	char killed_at[96], full_at[96];
	bool loading;                /* the file's top level runs: it may not wait */
	struct load_check *check;    /* of the file that is loaded, or NULL */
	struct behaviour *behaviour; /* what the script is part of, or NULL */
	const void *known_types[LUA_KNOWN_COUNT];
};

/*
 * A task while it runs Lua; lies on the C stack of the task.
 * Invariant: host->running is this while Lua code of this task runs.
 */
struct lua_task {
	struct lua_host *host;
	struct task *self;
	lua_State *L; /* the innermost thread that runs: its own or a coroutine's */
	struct budget budget;
	const char *c_floor; /* C frames below this address are too deep */
	bool unwinding;      /* a cancellation or a kill is on its way up */
	const char *no_wait; /* "predicate", "batch": where it must not wait; else NULL */
};

/* A new state with the sandboxed libraries and the script API. 0 or -ENOMEM. */
int lua_host_new(const struct lua_host_conf *conf, struct lua_host **ret) MUST_CHECK;

/* All its tasks must have ended. NULL is fine. Suspends if it had workers. */
void lua_host_free(struct lua_host *h);

/*
 * Collect all garbage, at the cost of the running task; not in the middle of a transaction, which could not bear
 * that finalizers free values. What Lua's buffers for texts need is refused without a collection.
 */
void lua_host_collect(struct lua_host *h, lua_State *L);

/* The host of a Lua thread. */
static inline struct lua_host *lua_host_of(lua_State *L)
{
	return *(struct lua_host **)lua_getextraspace(L);
}

#define LUA_HOST_WHY 2048 /* an error with its traceback is cut there */

/*
 * Compile the file @path; its chunk becomes the reference *@ret (in the registry). Text only, never
 * bytecode. Returns 0, or a negative errno with the reason in @why (LUA_HOST_WHY bytes). On a Lua
 * stack. Blocks on the disk.
 */
int lua_host_load(struct lua_host *h, const char *path, int *ret, char *why) MUST_CHECK;

/*
 * Call the function of the reference @fn with the string @arg (NULL: no argument) in this task.
 * Returns 0, -ECANCELED, or another negative errno with the error and its traceback in *@ret_why, which is
 * to be freed (NULL when memory is short); else that is NULL. On a Lua stack. Suspends.
 */
int lua_host_call(struct lua_host *h, int fn, const char *arg, char **ret_why) MUST_CHECK;

void lua_host_unref(struct lua_host *h, int ref);

/* What the files of the host share. */

/* To look at a byte of the heap whether it is garbage costs so much more than to copy one. */
#define COLLECT_COST 2

/* Lua's allocator with the limit of the host @arg, and its account. */
void *lua_host_allocate(void *arg, void *ptr, size_t old_size, size_t new_size);

/*
 * Run the function and its @nargs arguments on top of @L, a thread that belongs to this task. What it
 * returned, or the error, is left on @L's stack. Returns 0, -ECANCELED or -EIO (an error). Suspends.
 */
int lua_task_call(struct lua_host *h, lua_State *L, int nargs) MUST_CHECK;

/*
 * Around every C call that suspends:
 *
 *	struct lua_task *t = lua_wait_begin(L);
 *
 *	lua_wait_end(L, t, task_sleep(ns));
 *
 * _begin raises where waiting is not allowed; _end lets a paused task of the same state go first,
 * begins a fresh budget and raises the cancellation if @r is -ECANCELED; else returns @r.
 */
struct lua_task *lua_wait_begin(lua_State *L);
int lua_wait_end(lua_State *L, struct lua_task *t, int r);
/* Raise unless this is a place where a script may wait, or do what only makes sense there. */
void lua_check_may_wait(lua_State *L);

/* Raise the cancellation of the running task. */
int lua_raise_cancel(lua_State *L) __attribute__((noreturn));

/* Raise "C stack overflow" when little is left of this task's C stack. */
void lua_check_headroom(lua_State *L);

/* The time in argument @arg, seconds not negative, in ns; raises for others. */
int64_t lua_check_seconds(lua_State *L, int arg);

/* A positive limit or default from field @key of the table at @idx; @def when it is nil. In seconds. */
int64_t lua_opt_seconds(lua_State *L, int idx, const char *key, int64_t def);

/* What each file of the API adds to the globals. */
void lua_open_base(lua_State *L);
void lua_open_error(lua_State *L);
void lua_open_task(lua_State *L);
void lua_open_scope(lua_State *L);
void lua_open_channel(lua_State *L);
void lua_open_event(lua_State *L);
void lua_open_choose(lua_State *L);
void lua_open_value(lua_State *L);
void lua_open_compare(lua_State *L);
void lua_open_wait(lua_State *L);
void lua_open_iterate(lua_State *L);
void lua_open_derive(lua_State *L);
void lua_open_follow(lua_State *L);
void lua_open_robot(lua_State *L);
void lua_open_require(lua_State *L);
void lua_open_worker(lua_State *L);

/* Of the library at the top: what a call does is bounded, and charged to the budget. */
void lua_bound_table(lua_State *L);
void lua_charge_string(lua_State *L);
void lua_charge_utf8(lua_State *L);

/* Replace the function @name of the table at the top by @fn, which has the old one as upvalue 1. */
void lua_wrap_function(lua_State *L, const char *name, lua_CFunction fn);

/* Push the library of coroutines, new. */
void lua_new_coroutine(lua_State *L);

/* What Lua calls the source of the prelude. */
#define LUA_PRELUDE "=instinct"

/*
 * The script calls that are written in Lua become globals when one of them is first read. Their names, then
 * NULL; and: push the one called @name, or return false.
 */
extern const char *const lua_prelude_names[];
bool lua_prelude_find(lua_State *L, const char *name);

/* Has the script, or do we have, a global of this name? */
bool lua_knows_global(lua_State *L, const char *name);
/* Push what is wrong with reading, or setting, one that nobody has declared. */
void lua_push_undeclared(lua_State *L, const char *name, bool set);

/* From here on reading a name that is not declared is an error. */
void lua_seal_globals(lua_State *L);

/*
 * A type of userdata. Of @methods those whose names begin with "__" go into its metatable, which is
 * hidden from scripts, the others into a table of their own: upvalue 1 of its __index @index, or (NULL)
 * __index itself; then a method that there is not is an error with the nearest name.
 */
struct lua_type {
	const char *name;
	const luaL_Reg *methods;
	lua_CFunction index;
};

/* The userdata at the top is of @type, which is made when first used: most scripts use few of them. */
void lua_set_type(lua_State *L, const struct lua_type *type);

/* Make it now. */
void lua_make_type(lua_State *L, const struct lua_type *type);

/* Push the table of methods of a type that has an index function. */
void lua_push_methods(lua_State *L, const char *type);

/* From now on lua_test_known() finds userdata of the type @type. */
void lua_know_type(lua_State *L, const char *type, enum lua_known_type known);

/* The userdata at @idx if it is of that type, else NULL; cheaper than luaL_testudata(). */
void *lua_test_known(lua_State *L, int idx, enum lua_known_type known);

#endif
